"""Payments for credits, and the events that a provider has sent about them."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from billing.payments.provider import FactKind
from era_platform.common import clock


class Payment(models.Model):
    """`credits` micro-credits for `money` of the currency's smallest unit.

    `refunded` and `disputed` are money, as the events say; `credited` and `taken` are what the ledger has moved for it
    into the wallet and back, and `owed` is what should have been taken back but was not there.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="payments")
    credits = models.BigIntegerField(_("micro-credits"))
    money = models.BigIntegerField(_("money (smallest unit)"))
    currency = models.CharField(_("currency"), max_length=3)
    provider = models.CharField(_("provider"), max_length=20)
    session_id = models.CharField(_("session"), max_length=255, blank=True)
    intent_id = models.CharField(_("payment intent"), max_length=255, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    refunded = models.BigIntegerField(_("refunded (smallest unit)"), default=0)
    disputed = models.BigIntegerField(_("disputed (smallest unit)"), default=0)
    credited = models.BigIntegerField(_("micro-credits added"), default=0)
    taken = models.BigIntegerField(_("micro-credits taken back"), default=0)
    owed = models.BigIntegerField(_("micro-credits still owed"), default=0)
    version = models.PositiveIntegerField(_("movements"), default=0)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("begun"), default=clock.now, editable=False)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)

    objects = ScopedManager(organization="organization")

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["organization"], condition=models.Q(owed__gt=0), name="payment_owing")]
        constraints = [
            models.CheckConstraint(condition=models.Q(credits__gt=0, money__gt=0), name="payment_of_something"),
            models.UniqueConstraint(
                fields=["provider", "session_id"], condition=~models.Q(session_id=""), name="payment_session_once"
            ),
            models.UniqueConstraint(
                fields=["provider", "intent_id"], condition=~models.Q(intent_id=""), name="payment_intent_once"
            ),
            models.CheckConstraint(
                condition=models.Q(credited=0) | models.Q(credited=models.F("credits"), state="paid"),
                name="payment_credited_once",
            ),
            models.CheckConstraint(
                condition=models.Q(taken__gte=0, owed__gte=0, credited__gte=models.F("taken") + models.F("owed")),
                name="payment_taken_of_credited",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    refunded__gte=0, disputed__gte=0, money__gte=models.F("refunded") + models.F("disputed")
                ),
                name="payment_back_of_paid",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)[:8]


class PaymentEvent(models.Model):
    """What a provider has sent, once for each of its ids. `handled_at` is None while no payment took it in; `problem`
    says why."""

    provider = models.CharField(_("provider"), max_length=20)
    event_id = models.CharField(_("event"), max_length=255)
    type = models.CharField(_("type"), max_length=80)
    created = models.DateTimeField(_("created there"))
    payload = models.JSONField(_("payload"))
    kind = models.CharField(_("says"), max_length=10, choices=[(kind.value, kind.value) for kind in FactKind])
    amount = models.BigIntegerField(_("amount (smallest unit)"))
    whole = models.BigIntegerField(_("of (smallest unit)"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    session_id = models.CharField(_("session"), max_length=255, blank=True)
    intent_id = models.CharField(_("payment intent"), max_length=255, blank=True)
    subject = models.CharField(_("charge or dispute"), max_length=255, blank=True)
    holds = models.BooleanField(_("the dispute has the money"), default=True)
    is_final = models.BooleanField(_("the dispute is over"), default=False)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True, related_name="events")
    problem = models.CharField(_("problem"), max_length=200, blank=True)
    received_at = models.DateTimeField(_("came"), default=clock.now, editable=False)
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)

    class Meta:
        verbose_name = _("event of a payment")
        verbose_name_plural = _("events of payments")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["intent_id"], condition=models.Q(handled_at=None), name="payment_event_waiting")
        ]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="payment_event_once"),
            models.CheckConstraint(
                condition=models.Q(handled_at=None) | models.Q(payment__isnull=False),
                name="payment_event_handled_by_one",
            ),
        ]

    def __str__(self) -> str:
        return self.event_id
