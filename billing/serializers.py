"""How projects, spending and statements look in the API: amounts as decimal strings of credits."""

from typing import Any

from rest_framework import serializers

from accounts.models import Transfer
from billing.selectors.spending import By
from era_platform.common.fields import CreditsField, MomentField


class ProjectSerializer(serializers.Serializer[Any]):
    """`spent` is of this calendar month (UTC), by the month in which jobs start."""

    slug = serializers.CharField(source="of.slug", help_text="What `project` says when a job is submitted.")
    name = serializers.CharField(source="of.name")
    monthly_limit = CreditsField(source="limit", allow_null=True, help_text="null where there is none.")
    spent = CreditsField(help_text="Held or paid, less what came back.")
    archived = serializers.SerializerMethodField(help_text="It takes no more jobs.")

    def get_archived(self, spending: Any) -> bool:
        return spending.of.archived_at is not None


class ProjectsSerializer(serializers.Serializer[Any]):
    results = ProjectSerializer(many=True)


class SpendingQuerySerializer(serializers.Serializer[Any]):
    """For the schema alone: billing.forms.SpendingForm looks at what is given."""

    since = serializers.DateField(required=False, help_text="First day, in UTC; else the first of this month.")
    until = serializers.DateField(required=False, help_text="Last day, included; else the last of this month.")
    by = serializers.ChoiceField([by.value for by in By], required=False, help_text="`project` where it is not said.")


class SpendingRowSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(
        source="label", help_text="Name of the project or pool, address of the member, or week: 2026-W48."
    )
    jobs = serializers.IntegerField()
    unit_seconds = serializers.IntegerField(help_text="Units bought, times seconds.")
    paid = CreditsField()
    credit = CreditsField(help_text="Given on top by the platform.")


class OutlookSerializer(serializers.Serializer[Any]):
    """Of this month."""

    paid = CreditsField(help_text="By jobs that were settled in it.")
    reserved = CreditsField(help_text="Held for jobs that run, or start in it.")
    at_most = CreditsField(help_text="Both together: what it comes to if nothing more is bought.")


class SpendingSerializer(serializers.Serializer[Any]):
    """Jobs by the day they were settled: weeks in their order, all others the dearest first."""

    since = serializers.DateField()
    until = serializers.DateField()
    by = serializers.ChoiceField([by.value for by in By])
    results = SpendingRowSerializer(many=True)
    this_month = OutlookSerializer()


class FundsSerializer(serializers.Serializer[Any]):
    wallet = CreditsField(help_text="Not held for anything.")
    held = CreditsField()
    balance = CreditsField(help_text="Both together.")


class SumSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=Transfer.Kind.choices)
    transfers = serializers.IntegerField()
    amount = CreditsField()
    to_wallet = CreditsField(help_text="What they did to the wallet: positive, negative or 0.")


class MonthSerializer(serializers.Serializer[Any]):
    month = serializers.CharField(help_text="2026-11")
    is_open = serializers.BooleanField(help_text="It lasts: more may come.")


class MonthsSerializer(serializers.Serializer[Any]):
    results = MonthSerializer(many=True)


class StatementSerializer(MonthSerializer):
    """`opening`, with all of `sums`, comes to `closing`."""

    begins = MomentField(source="month.begins")
    ends = MomentField(source="month.ends", help_text="The first moment after it.")
    opening = FundsSerializer()
    closing = FundsSerializer()
    sums = SumSerializer(many=True)
