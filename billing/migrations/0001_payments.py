"""Payments and what was told of them: what was bought, and what was said, is never changed."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import era_platform.common.clock
from era_platform.common.append_only import fixed_columns, no_truncate


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0011_top_up_requests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("credits", models.BigIntegerField(verbose_name="micro-credits")),
                ("money", models.BigIntegerField(verbose_name="money (smallest unit)")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("provider", models.CharField(max_length=20, verbose_name="provider")),
                ("session_id", models.CharField(blank=True, max_length=255, verbose_name="session")),
                ("intent_id", models.CharField(blank=True, max_length=255, verbose_name="payment intent")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("paid", "Paid"), ("failed", "Failed"), ("expired", "Expired")],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("refunded", models.BigIntegerField(default=0, verbose_name="refunded (smallest unit)")),
                ("disputed", models.BigIntegerField(default=0, verbose_name="disputed (smallest unit)")),
                ("credited", models.BigIntegerField(default=0, verbose_name="micro-credits added")),
                ("taken", models.BigIntegerField(default=0, verbose_name="micro-credits taken back")),
                ("owed", models.BigIntegerField(default=0, verbose_name="micro-credits still owed")),
                ("version", models.PositiveIntegerField(default=0, verbose_name="movements")),
                (
                    "created_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="begun"),
                ),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="PaymentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=20, verbose_name="provider")),
                ("event_id", models.CharField(max_length=255, verbose_name="event")),
                ("type", models.CharField(max_length=80, verbose_name="type")),
                ("created", models.DateTimeField(verbose_name="created there")),
                ("payload", models.JSONField(verbose_name="payload")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("paid", "paid"),
                            ("pending", "pending"),
                            ("failed", "failed"),
                            ("expired", "expired"),
                            ("refunded", "refunded"),
                            ("disputed", "disputed"),
                        ],
                        max_length=10,
                        verbose_name="says",
                    ),
                ),
                ("amount", models.BigIntegerField(verbose_name="amount (smallest unit)")),
                ("whole", models.BigIntegerField(blank=True, null=True, verbose_name="of (smallest unit)")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("session_id", models.CharField(blank=True, max_length=255, verbose_name="session")),
                ("intent_id", models.CharField(blank=True, max_length=255, verbose_name="payment intent")),
                ("subject", models.CharField(blank=True, max_length=255, verbose_name="charge or dispute")),
                ("holds", models.BooleanField(default=True, verbose_name="the dispute has the money")),
                ("is_final", models.BooleanField(default=False, verbose_name="the dispute is over")),
                ("problem", models.CharField(blank=True, max_length=200, verbose_name="problem")),
                (
                    "received_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="came"),
                ),
                ("handled_at", models.DateTimeField(blank=True, null=True, verbose_name="handled")),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="billing.payment",
                    ),
                ),
            ],
            options={
                "verbose_name": "event of a payment",
                "verbose_name_plural": "events of payments",
                "ordering": ["-id"],
            },
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(condition=models.Q(("owed__gt", 0)), fields=["organization"], name="payment_owing"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("credits__gt", 0), ("money__gt", 0)), name="payment_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("session_id", ""), _negated=True),
                fields=("provider", "session_id"),
                name="payment_session_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("intent_id", ""), _negated=True),
                fields=("provider", "intent_id"),
                name="payment_intent_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("credited", 0), models.Q(("credited", models.F("credits")), ("state", "paid")), _connector="OR"
                ),
                name="payment_credited_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "credited__gte",
                        django.db.models.expressions.CombinedExpression(models.F("taken"), "+", models.F("owed")),
                    ),
                    ("owed__gte", 0),
                    ("taken__gte", 0),
                ),
                name="payment_taken_of_credited",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("disputed__gte", 0),
                    (
                        "money__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("refunded"), "+", models.F("disputed")
                        ),
                    ),
                    ("refunded__gte", 0),
                ),
                name="payment_back_of_paid",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentevent",
            index=models.Index(
                condition=models.Q(("handled_at", None)), fields=["intent_id"], name="payment_event_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentevent",
            constraint=models.UniqueConstraint(fields=("provider", "event_id"), name="payment_event_once"),
        ),
        migrations.AddConstraint(
            model_name="paymentevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("handled_at", None), ("payment__isnull", False), _connector="OR"),
                name="payment_event_handled_by_one",
            ),
        ),
        fixed_columns(
            "billing_payment",
            ["organization_id", "credits", "money", "currency", "provider", "created_by_id", "created_at"],
            name="billing_payment_fixed",
        ),
        fixed_columns(
            "billing_paymentevent",
            [
                "provider",
                "event_id",
                "type",
                "created",
                "payload",
                "kind",
                "amount",
                "whole",
                "currency",
                "session_id",
                "intent_id",
                "subject",
                "holds",
                "is_final",
                "received_at",
            ],
            name="billing_paymentevent_fixed",
        ),
        fixed_columns(
            "billing_paymentevent",
            ["payment_id", "handled_at", "problem"],
            only_if="OLD.handled_at IS NOT NULL",
            name="billing_paymentevent_handled",
        ),
        no_truncate("billing_payment", "billing_paymentevent"),
    ]
