"""The calls for what a job leaves behind: events, samples, log, outputs."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView, TenantMixin
from era_platform.common.downloads import RangeNotSatisfiable, send_file
from era_platform.common.fields import StrictSerializer
from jobs import logs, outputs
from jobs.api.serializers import JobEventSerializer, OutputSerializer, SampleSerializer
from jobs.api.views import find_job
from jobs.models import Attempt, JobEvent, Sample

MOST_LOG = 1024 * 1024
MAX_OFFSET = 2**53 - 1  # what every JSON reader can hold


@extend_schema_view(get=extend_schema(operation_id="job_events"))
class EventList(TenantMixin, ListAPIView[JobEvent]):
    """What happened to a job, in order."""

    serializer_class = JobEventSerializer
    queryset = JobEvent.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[JobEvent]:
        return find_job(self.organization, self.kwargs["job_id"]).events.order_by("id")


@extend_schema_view(get=extend_schema(operation_id="job_samples"))
class SampleList(TenantMixin, ListAPIView[Sample]):
    """What a job's instances used, in order of time."""

    serializer_class = SampleSerializer
    queryset = Sample.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Sample]:
        return find_job(self.organization, self.kwargs["job_id"]).samples.order_by("at", "id")


class LogQuery(StrictSerializer):
    offset = serializers.IntegerField(
        min_value=0, max_value=MAX_OFFSET, default=0, help_text="First byte to give: X-Next-Offset of the last call."
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=MOST_LOG, default=MOST_LOG, help_text="Most bytes to give; it may be fewer."
    )


class LogView(TenantAPIView):
    @extend_schema(
        operation_id="job_log",
        parameters=[
            LogQuery,
            OpenApiParameter(
                "X-Next-Offset", int, OpenApiParameter.HEADER, response=True, description="`offset` of the next call."
            ),
            OpenApiParameter(
                "X-Log-Complete",
                bool,
                OpenApiParameter.HEADER,
                response=True,
                description="`true` where nothing will come after X-Next-Offset.",
            ),
        ],
        responses={(200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, "Bytes as the job wrote them."), 416: None},
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        """The job's output to standard output and standard error, from a byte on."""
        job = find_job(self.organization, job_id)
        query = LogQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        offset, limit = query.validated_data["offset"], query.validated_data["limit"]
        # Asked for before the log is read: what comes in between is then read, or not called the end.
        is_over = job.is_final and not Attempt.objects.filter(job=job, ended_at=None).exists()
        log = logs.log_of(job.pk)
        size = log.size()
        if offset > size:
            raise RangeNotSatisfiable(_("The log has {size} bytes.").format(size=size), size=size)
        data = log.read(offset, limit)
        headers = {"X-Next-Offset": str(offset + len(data))}
        headers["X-Log-Complete"] = "true" if is_over and offset + len(data) == size else "false"
        return HttpResponse(data, content_type="text/plain; charset=utf-8", headers=headers)


class OutputListing(serializers.Serializer[object]):
    results = OutputSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Always null: a listing is whole.")


class OutputsView(TenantAPIView):
    @extend_schema(operation_id="job_outputs", responses=OutputListing)
    def get(self, request: Request, job_id: UUID) -> Response:
        """The files that the job has written so far, by path; the first 10,000 of them."""
        job = find_job(self.organization, job_id)
        return Response(OutputListing({"results": outputs.listing(job.pk), "next": None}).data)


class OutputView(TenantAPIView):
    @extend_schema(
        operation_id="job_output",
        parameters=[
            OpenApiParameter("path", str, OpenApiParameter.PATH, description="As the listing gives it."),
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range, such as bytes=0-1023."),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="As If-None-Match says, you have it already."),
            416: None,
        },
    )
    def get(self, request: Request, job_id: UUID, path: str) -> HttpResponseBase:
        """One file, byte for byte."""
        job = find_job(self.organization, job_id)
        return send_file(request, outputs.open_output(job.pk, path), path.rpartition("/")[2])
