"""Projects, members' limits, and a counter of what is spent in a month that PostgreSQL keeps within them."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import era_platform.common.clock

# Only what adds is held to the limit: what comes back must always find its way, also where a limit was lowered since.
KEEP = """
CREATE FUNCTION era_keep_budget() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    most bigint;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.amount <= OLD.amount THEN
        RETURN NEW;
    END IF;
    IF NEW.project_id IS NOT NULL THEN
        SELECT monthly_limit INTO most FROM accounts_project WHERE id = NEW.project_id;
    ELSE
        SELECT monthly_limit INTO most FROM accounts_membership
            WHERE organization_id = NEW.organization_id AND user_id = NEW.user_id;
    END IF;
    IF most IS NULL OR NEW.amount = 0 THEN
        RETURN NEW;
    END IF;
    IF NEW.amount > most THEN
        RAISE EXCEPTION 'a month''s limit of % does not allow %', most, NEW.amount
            USING ERRCODE = 'check_violation', CONSTRAINT = 'monthly_spend_within_limit';
    END IF;
    NEW.warned = greatest(NEW.warned, CASE
        WHEN NEW.amount >= most THEN 100 WHEN NEW.amount * 5::numeric >= most * 4::numeric THEN 80
        WHEN NEW.amount * 2::numeric >= most THEN 50 ELSE 0 END);
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_monthlyspend_keep BEFORE INSERT OR UPDATE OF amount ON accounts_monthlyspend
    FOR EACH ROW EXECUTE FUNCTION era_keep_budget();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_transfer_by_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="MonthlySpend",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "month",
                    models.PositiveIntegerField(help_text="202611 is November 2026, in UTC.", verbose_name="month"),
                ),
                ("amount", models.BigIntegerField(default=0, verbose_name="amount (micro-credits)")),
                (
                    "warned",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, editable=False, verbose_name="warned (percent)"
                    ),
                ),
                (
                    "told",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, editable=False, verbose_name="told (percent)"
                    ),
                ),
            ],
            options={
                "verbose_name": "spending of a month",
                "verbose_name_plural": "spending by month",
            },
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "slug",
                    models.SlugField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$",
                                "Use small letters, digits and single hyphens between them.",
                            )
                        ],
                        verbose_name="short name",
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "monthly_limit",
                    models.BigIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="monthly limit (micro-credits)",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=era_platform.common.clock.now, editable=False, verbose_name="created"),
                ),
                ("archived_at", models.DateTimeField(blank=True, null=True, verbose_name="archived")),
            ],
            options={
                "verbose_name": "project",
                "verbose_name_plural": "projects",
            },
        ),
        migrations.AddField(
            model_name="membership",
            name="monthly_limit",
            field=models.BigIntegerField(
                blank=True, help_text="Empty: no limit.", null=True, verbose_name="monthly limit (micro-credits)"
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("monthly_limit", None), ("monthly_limit__gte", 0), _connector="OR"),
                name="membership_limit_not_negative",
            ),
        ),
        migrations.AddField(
            model_name="monthlyspend",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="monthlyspend",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="projects", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="monthlyspend",
            name="project",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="spending",
                to="accounts.project",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.UniqueConstraint(fields=("organization", "slug"), name="project_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("monthly_limit", None), ("monthly_limit__gte", 0), _connector="OR"),
                name="project_limit_not_negative",
            ),
        ),
        migrations.AddIndex(
            model_name="monthlyspend",
            index=models.Index(
                condition=models.Q(("warned__gt", models.F("told"))), fields=["id"], name="spend_to_tell"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthlyspend",
            constraint=models.UniqueConstraint(
                fields=("organization", "month", "project", "user"), name="monthly_spend_unique", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="monthlyspend",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("project", None), ("user__isnull", False)),
                    models.Q(("project__isnull", False), ("user", None)),
                    _connector="OR",
                ),
                name="monthly_spend_of_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="monthlyspend",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="monthly_spend_not_negative"
            ),
        ),
        migrations.RunSQL(KEEP, "DROP FUNCTION era_keep_budget CASCADE"),
    ]
