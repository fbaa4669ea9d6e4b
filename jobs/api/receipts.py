"""GET jobs/{id}/receipt: what was kept of the decision, and what comes out when it is recomputed on the spot."""

from functools import cached_property
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView
from era_platform.common import clock
from era_platform.common.fields import CreditsField, MomentField
from era_platform.common.moments import format_moment
from era_platform.common.money import format_credits
from jobs.api.serializers import ReceiptRequestSerializer
from jobs.api.views import find_job
from jobs.models import Job
from jobs.services import receipts
from jobs.states import State
from pricing.api.serializers import AlternativeSerializer, RefundPolicySerializer
from pricing.services.explanations import Explanation, explain
from pricing.services.receipts import Recomputed, Verdict


class TermsSerializer(serializers.Serializer[Any]):
    """What of the pool entered the decision beside its book and its forecast."""

    slot_seconds = serializers.IntegerField()
    horizon_slots = serializers.IntegerField()


class StretchSerializer(serializers.Serializer[Any]):
    """Neighbouring slots of the window that were alike, just before the decision."""

    start = MomentField(help_text="Where the first of them begins.")
    slots = serializers.IntegerField(help_text="How many they are.")
    capacity = serializers.IntegerField(help_text="Units that were there.")
    promised = serializers.IntegerField(help_text="Units of them that were promised to all buyers together.")
    curve = serializers.IntegerField(help_text="Which of `curves` was expected in each of them.")


class DemandSerializer(serializers.Serializer[Any]):
    """A step of a demand curve."""

    price = CreditsField(help_text="Of one unit in one slot.")
    units = serializers.IntegerField(help_text="Expected to be wanted at that price or more.")


class BasisSerializer(serializers.Serializer[Any]):
    """What the decision was made from: enough to recompute it by hand."""

    floor_price = CreditsField(help_text="The least that one unit costs in one slot.")
    window = StretchSerializer(many=True)
    curves = serializers.ListField(child=DemandSerializer(many=True))


class DifferenceSerializer(serializers.Serializer[Any]):
    """What is recorded, and what comes out."""

    field = serializers.CharField()
    recorded = serializers.CharField()
    recomputed = serializers.CharField()


class VerificationSerializer(serializers.Serializer[Any]):
    """What came out of recomputing the decision just now."""

    equal = serializers.BooleanField()
    fault = serializers.CharField(help_text="Why it can't be recomputed; else empty.")
    differences = DifferenceSerializer(many=True)
    recomputed_at = MomentField()


class ReceiptSerializer(serializers.Serializer[Job]):
    """What is kept to recompute the decision, and what comes out.

    The book is the sum of its entries up to `book_number`; neither they nor a version of a forecast ever change.
    """

    job = serializers.UUIDField(source="id")
    pool = serializers.CharField(source="pool.slug")
    request = ReceiptRequestSerializer(source="*")
    decided_at = MomentField()
    book_number = serializers.IntegerField()
    forecast_version = serializers.IntegerField(source="forecast.version")
    kernel_version = serializers.CharField()
    offers_version = serializers.CharField(help_text="Of what made the alternatives; empty where they were not made.")
    terms = TermsSerializer()
    accepted = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField(help_text="Why it was refused; else empty.")
    price = CreditsField(allow_null=True)
    start = MomentField(source="promised_start", allow_null=True)
    end = MomentField(source="promised_end", allow_null=True)
    alternatives = AlternativeSerializer(many=True)
    refund_policy = RefundPolicySerializer(
        allow_null=True, help_text="What it was sold under; null where that was before there were any."
    )
    basis = serializers.SerializerMethodField(help_text="Null where it can't be recomputed.")
    verification = serializers.SerializerMethodField()

    def get_accepted(self, job: Job) -> bool:
        return job.state != State.REJECTED

    def get_reason(self, job: Job) -> str:
        return job.reason if job.state == State.REJECTED else ""

    @extend_schema_field(BasisSerializer(allow_null=True))
    def get_basis(self, job: Job) -> dict[str, Any] | None:
        again = self._verdict.again
        return _basis(again, explain(again)) if again else None

    @extend_schema_field(VerificationSerializer)
    def get_verification(self, job: Job) -> dict[str, Any]:
        verdict = self._verdict
        return {
            "equal": verdict.equal,
            "fault": verdict.fault,
            "differences": [each._asdict() for each in verdict.differences],
            "recomputed_at": format_moment(clock.now()),
        }

    @cached_property
    def _verdict(self) -> Verdict:
        assert self.instance is not None
        return receipts.verify(self.instance)


def _basis(again: Recomputed, explanation: Explanation) -> dict[str, Any]:
    """As BasisSerializer describes it. By hand: thousands of rows through REST framework take seconds."""
    moment = again.quote.moment
    return {
        "floor_price": format_credits(explanation.forecast.floor_price),
        "window": [
            {
                "start": format_moment(moment(each.start_slot)),
                "slots": each.end_slot - each.start_slot,
                "capacity": each.capacity,
                "promised": each.promised,
                "curve": each.curve,
            }
            for each in explanation.stretches
        ],
        "curves": [
            [{"price": format_credits(price), "units": units} for price, units in curve]
            for curve in explanation.season.curves
        ],
    }


class ReceiptView(TenantAPIView):
    @extend_schema(operation_id="job_receipt", responses=ReceiptSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        """What is needed to recompute the decision, and what comes out when it is recomputed now."""
        return Response(ReceiptSerializer(find_job(self.organization, job_id)).data)
