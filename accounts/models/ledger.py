"""The double-entry ledger. PostgreSQL itself keeps the balances and refuses what must never be.

A transfer moves a positive amount from one account to another, so each one balances by its form.
Balances are written by a trigger on the insert of a transfer and by nothing else; a wallet can't
fall below its credit limit; no more leaves a hold than was put into it. See migrations.
"""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from era_platform.common import clock


class LedgerAccount(models.Model):
    """One account; `balance` in micro-credits. A tenant has a wallet and an account of what is held."""

    class Kind(models.TextChoices):
        WALLET = "wallet", _("Wallet")
        HELD = "held", _("Held")
        REVENUE = "revenue", _("Revenue")
        FUNDING = "funding", _("Funding")

    organization = models.ForeignKey(
        "accounts.Organization", models.PROTECT, null=True, blank=True, related_name="ledger_accounts"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    balance = models.BigIntegerField(_("balance (micro-credits)"), default=0, editable=False)
    credit_limit = models.BigIntegerField(_("credit limit (micro-credits)"), default=0)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind"], nulls_distinct=False, name="ledger_account_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["wallet", "held"], organization__isnull=False)
                | models.Q(kind__in=["revenue", "funding"], organization__isnull=True),
                name="ledger_account_tenant_matches_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="funding") | models.Q(balance__gte=-models.F("credit_limit")),
                name="ledger_account_within_credit_limit",
            ),
            models.CheckConstraint(condition=models.Q(credit_limit__gte=0), name="ledger_credit_limit_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.organization}" if self.organization_id else str(self.kind)


class Hold(models.Model):
    """Money set aside for one reservation; what is captured and released never exceeds `amount`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="holds")
    amount = models.BigIntegerField(_("amount (micro-credits)"))
    captured = models.BigIntegerField(_("captured"), default=0, editable=False)
    released = models.BigIntegerField(_("released"), default=0, editable=False)
    reference = models.UUIDField(_("job"), unique=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        indexes = [
            models.Index(
                fields=["organization"],
                condition=models.Q(amount__gt=models.F("captured") + models.F("released")),
                name="hold_open",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="hold_amount_not_negative"),
            models.CheckConstraint(
                condition=models.Q(
                    captured__gte=0, released__gte=0, amount__gte=models.F("captured") + models.F("released")
                ),
                name="hold_not_exceeded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} · {self.reference}"

    @property
    def remaining(self) -> int:
        return self.amount - self.captured - self.released


class Transfer(models.Model):
    """`amount` micro-credits out of `source` and into `target`; never changed, never removed.

    Each index makes each submission dearer: there are those that something is found by, and no others.
    """

    class Kind(models.TextChoices):
        TOP_UP = "top_up", _("Top-up")
        HOLD = "hold", _("Held")
        CAPTURE = "capture", _("Captured")
        RELEASE = "release", _("Released")
        REFUND = "refund", _("Refund")
        CREDIT = "credit", _("Credit")
        WITHDRAWAL = "withdrawal", _("Paid back")

    id = models.BigAutoField(primary_key=True)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="transfers", db_index=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    source = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="outgoing", db_index=False)
    target = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="incoming", db_index=False)
    amount = models.BigIntegerField(_("amount (micro-credits)"))
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, blank=True, related_name="transfers")
    reference = models.UUIDField(_("job"), null=True, blank=True)
    memo = models.CharField(_("memo"), max_length=200, blank=True)
    actor = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(_("at"), default=clock.now, editable=False)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        indexes = [
            models.Index(fields=["organization", "-id"], name="transfer_by_organization"),
            models.Index(fields=["organization", "created_at"], name="transfer_by_time"),
            models.Index(fields=["reference"], name="transfer_by_reference"),
            # Not of those that a job makes: submission has nothing to do with these.
            models.Index(fields=["created_at"], condition=models.Q(kind="credit"), name="transfer_credits"),
            models.Index(
                fields=["kind", "-id"],
                condition=models.Q(kind__in=["top_up", "refund", "credit", "withdrawal"]),
                name="transfer_by_hand",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(
                condition=~models.Q(source=models.F("target")), name="transfer_between_two_accounts"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["hold", "capture", "release"], hold__isnull=False)
                | models.Q(kind__in=["top_up", "refund", "credit", "withdrawal"], hold__isnull=True),
                name="transfer_hold_matches_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
