"""A job: what was asked, what was answered, and how far it has come."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock
from jobs.states import FINAL, State
from pricing.refunds import BEFORE_POLICIES, Policy


class Job(models.Model):
    """`state` is written by jobs/services/transition.py and by nothing else.

    Amounts are micro-credits. `book_number`, `forecast`, `kernel_version`, `decided_at` and `terms`, with
    the request itself, are what is needed to recompute the decision: the book is the sum of the entries
    up to `book_number`. `terms` are a `pricing.decisions.Terms`. All of these are never changed, which
    the database enforces (migration `receipts`). Where it runs is `start_at` to `end_at`, from slot `run_start` to
    `run_end`: that is what was decided, or, where capacity was lost, what it was moved to since (`moved_to`).

    A flexible request is kept whole in `configurations`; `units`, `duration` and `value` are those of the one
    that was chosen, on refusal of the one that was nearest.
    """

    class States(models.TextChoices):
        REJECTED = State.REJECTED.value, _("Rejected")
        RESERVED = State.RESERVED.value, _("Reserved")
        STARTING = State.STARTING.value, _("Starting")
        RUNNING = State.RUNNING.value, _("Running")
        SUCCEEDED = State.SUCCEEDED.value, _("Succeeded")
        FAILED = State.FAILED.value, _("Failed")
        TIMED_OUT = State.TIMED_OUT.value, _("Timed out")
        CANCELLED = State.CANCELLED.value, _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="jobs")
    submitted_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="jobs", db_index=False)
    pool = models.ForeignKey("pricing.Pool", models.PROTECT, related_name="jobs")
    project = models.ForeignKey(
        "accounts.Project", models.PROTECT, null=True, blank=True, related_name="jobs", db_index=False
    )
    submitted_at = models.DateTimeField(_("submitted"), default=clock.now, editable=False)

    batch = models.ForeignKey("jobs.Batch", models.PROTECT, null=True, blank=True, related_name="jobs", db_index=False)
    batch_index = models.PositiveIntegerField(_("place in the batch"), null=True, blank=True)

    name = models.CharField(_("name"), max_length=120)
    image = models.CharField(_("image"), max_length=400)
    command = models.JSONField(_("command"))
    env = models.JSONField(_("environment"), default=dict, blank=True)
    datasets = models.JSONField(_("datasets"), default=list, blank=True)
    code = models.ForeignKey("jobs.CodeArchive", models.PROTECT, null=True, blank=True, related_name="jobs")

    nodes = models.PositiveSmallIntegerField(_("nodes"), default=1, db_default=1)
    network = models.BooleanField(_("network"), default=False, db_default=False)

    units = models.PositiveIntegerField(_("units"))
    duration = models.PositiveIntegerField(_("duration (seconds)"))
    earliest = models.DateTimeField(_("not before"), null=True, blank=True)
    deadline = models.DateTimeField(_("done by"))
    value = models.BigIntegerField(_("value (micro-credits)"))
    configurations = models.JSONField(_("configurations"), default=list, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=States.choices)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    price = models.BigIntegerField(_("price (micro-credits)"), null=True, blank=True)
    alternatives = models.JSONField(_("alternatives"), default=list, blank=True)
    start_slot = models.BigIntegerField(_("first slot"), null=True, blank=True)
    end_slot = models.BigIntegerField(_("end slot (exclusive)"), null=True, blank=True)
    start_at = models.DateTimeField(_("starts"), null=True, blank=True)
    end_at = models.DateTimeField(_("ends"), null=True, blank=True)

    decided_at = models.DateTimeField(_("decided"))
    book_number = models.BigIntegerField(_("book number at the decision"))
    forecast = models.ForeignKey("pricing.Forecast", models.PROTECT, related_name="+")
    kernel_version = models.CharField(_("kernel version"), max_length=20)
    offers_version = models.CharField(
        _("version of the counter-offers"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty where `alternatives` were not asked for, or came before this was kept."),
    )
    terms = models.JSONField(_("terms of the pool at the decision"))
    refund_policy = models.ForeignKey(
        "pricing.RefundPolicy", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    moved_to = models.BigIntegerField(_("moved to slot"), null=True, blank=True)
    staged_at = models.DateTimeField(_("staged"), null=True, blank=True)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    exit_code = models.IntegerField(_("exit code"), null=True, blank=True)
    paid = models.BigIntegerField(_("paid (micro-credits)"), null=True, blank=True)
    credit = models.BigIntegerField(
        _("credit (micro-credits)"),
        default=0,
        db_default=0,
        help_text=_("What is given on top of what comes back, where its slot was lost or it was started late."),
    )
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-submitted_at", "-id"]
        indexes = [
            models.Index(fields=["organization", "-submitted_at", "-id"], name="job_by_organization"),
            models.Index(fields=["submitted_by", "-submitted_at"], name="job_by_person"),
            models.Index(
                fields=["project", "-submitted_at"], name="job_by_project", condition=models.Q(project__isnull=False)
            ),
            models.Index(fields=["pool", "-submitted_at"], name="job_by_pool"),
            models.Index(fields=["state", "start_at"], name="job_due", condition=models.Q(state="reserved")),
            models.Index(fields=["state"], name="job_active", condition=models.Q(state__in=["starting", "running"])),
            models.Index(
                fields=["finished_at"],
                name="job_unsettled",
                condition=models.Q(settled_at=None) & ~models.Q(state__in=["rejected", "reserved"]),
            ),
            models.Index(fields=["pool", "start_at"], name="job_by_pool_start"),
            models.Index(
                fields=["organization", "settled_at"],
                name="job_by_settlement",
                condition=models.Q(settled_at__isnull=False),
            ),
            models.Index(
                fields=["organization", "start_at"],
                name="job_open_by_organization",
                condition=models.Q(settled_at__isnull=True) & ~models.Q(state="rejected"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "batch_index"], condition=models.Q(batch__isnull=False), name="job_place_in_batch"
            ),
            models.CheckConstraint(condition=models.Q(state__in=[s.value for s in State]), name="job_state_known"),
            models.CheckConstraint(
                condition=models.Q(credit__gte=0) & (models.Q(moved_to=None) | models.Q(start_slot__isnull=False)),
                name="job_moved_and_credited_only_if_reserved",
            ),
            models.CheckConstraint(
                condition=models.Q(moved_to=None)
                | (
                    models.Q(end_at__lte=models.F("deadline"))
                    & (models.Q(earliest=None) | models.Q(start_at__gte=models.F("earliest")))
                ),
                name="job_moved_within_its_window",
            ),
            models.CheckConstraint(
                condition=models.Q(state="rejected", start_slot=None)
                | (
                    ~models.Q(state="rejected")
                    & models.Q(start_slot__isnull=False, end_slot__isnull=False, price__isnull=False)
                ),
                name="job_reserved_has_slot_and_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    @property
    def is_final(self) -> bool:
        return State(self.state) in FINAL

    @property
    def refunds(self) -> Policy:
        """The policy that it was sold under."""
        return self.refund_policy.policy if self.refund_policy else BEFORE_POLICIES

    @property
    def run_start(self) -> int | None:
        """The first slot in which it runs, wherever it was moved; None for a rejected one."""
        return self.start_slot if self.moved_to is None else self.moved_to

    @property
    def run_end(self) -> int | None:
        """Where its last slot ends."""
        if self.start_slot is None or self.end_slot is None or self.moved_to is None:
            return self.end_slot
        return self.moved_to + self.end_slot - self.start_slot

    @property
    def promised_start(self) -> datetime | None:
        """When it was to start by the decision; `start_at` is when it does."""
        return None if self.start_slot is None else clock.slot_start(self.start_slot, self.pool.slot_seconds)

    @property
    def promised_end(self) -> datetime | None:
        return None if self.end_slot is None else clock.slot_start(self.end_slot, self.pool.slot_seconds)

    def is_over_at(self, moment: datetime) -> bool:
        """Whether its slot has passed."""
        return self.end_at is not None and moment >= self.end_at


class JobEvent(models.Model):
    """One thing that happened to a job. Append-only."""

    STAGING_FAILED = "staging_failed"

    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, models.PROTECT, related_name="events")
    kind = models.CharField(_("kind"), max_length=40)
    state = models.CharField(_("state"), max_length=10, blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    at = models.DateTimeField(_("at"), default=clock.now, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("job event")
        verbose_name_plural = _("job events")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["job", "id"], name="job_event_by_job"),
            models.Index(fields=["organization", "-id"], name="job_event_by_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}".strip()
