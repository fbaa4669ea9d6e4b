"""GET jobs/{id}/cancellation-quote: what would come back if the job were cancelled now."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView
from era_platform.common import clock
from era_platform.common.errors import Conflict
from era_platform.common.fields import CreditsField, MomentField
from jobs.api.views import find_job
from jobs.selectors.settlements import if_cancelled


class CancellationSerializer(serializers.Serializer[Any]):
    """By the refund policy that the job was sold under. `paid` and `back` add up to `price`."""

    price = CreditsField()
    paid = CreditsField(help_text="What would be taken.")
    back = CreditsField(help_text="What would come back to the wallet.")
    credit = CreditsField(help_text="What would be given on top, for a late start.")
    at = MomentField(help_text="The moment this is said for.")


class CancellationQuoteView(TenantAPIView):
    @extend_schema(operation_id="cancellation_quote", responses={200: CancellationSerializer, 409: None})
    def get(self, request: Request, job_id: UUID) -> Response:
        """What would come back if the job were cancelled now, and ended at once. Binds nobody; 409 when it is over."""
        job, now = find_job(self.organization, job_id), clock.now()
        if job.is_final:
            raise Conflict(
                _("The job can't be cancelled any more: its state is “{state}”.").format(state=job.get_state_display()),
                state=str(job.state),
            )
        came = if_cancelled(job, now)
        shown = {"price": job.price, "paid": came.paid, "back": came.back, "credit": came.credit, "at": now}
        return Response(CancellationSerializer(shown).data)
