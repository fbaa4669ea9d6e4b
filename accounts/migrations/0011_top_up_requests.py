"""What operators put into wallets, and what waits for a second one; who asked for what is never changed, nor a decision."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import era_platform.common.clock
from era_platform.common.append_only import fixed_columns, no_truncate


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_ledger_checkpoints"),
    ]

    operations = [
        migrations.CreateModel(
            name="TopUpRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("amount", models.BigIntegerField(verbose_name="amount (micro-credits)")),
                ("memo", models.CharField(max_length=200, verbose_name="memo")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("given", "Given"), ("declined", "Declined")],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "requested_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="asked"),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="top_up_requests",
                        to="accounts.organization",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "transfer",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.transfer",
                    ),
                ),
            ],
            options={
                "verbose_name": "top-up",
                "verbose_name_plural": "top-ups",
                "ordering": ["-requested_at"],
                "indexes": [
                    models.Index(fields=["requested_by", "requested_at"], name="top_up_by_asker"),
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["requested_at"], name="top_up_waiting"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="top_up_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="top_up_decided_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at", None), ("decided_by", None), ("state", "waiting"), ("transfer", None)
                            ),
                            models.Q(("decided_at__isnull", False), ("state", "given"), ("transfer__isnull", False)),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state", "declined"),
                                ("transfer", None),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="top_up_state_matches",
                    ),
                ],
            },
        ),
        fixed_columns(
            "accounts_topuprequest",
            ["organization_id", "amount", "memo", "requested_by_id", "requested_at"],
            name="accounts_topuprequest_fixed",
        ),
        fixed_columns(
            "accounts_topuprequest",
            ["state", "decided_by_id", "decided_at", "reason", "transfer_id"],
            only_if="OLD.state <> 'waiting'",
            name="accounts_topuprequest_decided",
        ),
        no_truncate("accounts_topuprequest"),
    ]
