"""The calls about jobs themselves: submit, list, look and cancel."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView, TenantMixin
from accounts.models import Organization, Role
from era_platform.common.errors import NotFound
from era_platform.common.parsers import JSONParser
from jobs import code
from jobs.api.filters import JobFilter
from jobs.api.idempotency import KEY_PARAMETER, idempotency_key
from jobs.api.requests import CodeFormSerializer, JobFormSerializer, JobRequestSerializer, from_form, read_request
from jobs.api.serializers import CodeSerializer, JobSerializer, JobSummarySerializer
from jobs.domain import JobRequest
from jobs.models import Job
from jobs.services.cancel import cancel
from jobs.services.submit import check, submit

_JOB = JobSerializer()  # made once: to make one copies each of its fields
RELATED = ("pool", "submitted_by", "code", "forecast", "refund_policy", "project")
EXAMPLE = {
    "pool": "local",
    "units": 4,
    "duration": 600,
    "deadline": "2030-01-02T00:00:00Z",
    "value": "5.00",
    "name": "hello",
    "image": "host",
    "command": ["python", "-c", "print('hello')"],
    "env": {"EPOCHS": "10"},
}


def find_job(organization: Organization, job_id: UUID) -> Job:
    """Raises NotFound, also for another organization's."""
    job = Job.objects.filter(organization=organization, pk=job_id).select_related(*RELATED).first()
    if job is None:
        raise NotFound(_("There is no job {id}.").format(id=job_id))
    return job


class JobsView(TenantMixin, ListAPIView[Job]):
    """Without REST framework's own way to create: one call stores, holds and books."""

    serializer_class = JobSummarySerializer
    filterset_class = JobFilter
    parser_classes = (JSONParser, MultiPartParser)
    queryset = Job.objects.none()

    def get_queryset(self) -> QuerySet[Job]:
        return Job.objects.filter(organization=self.organization).select_related("pool", "submitted_by", "project")

    @extend_schema(operation_id="jobs")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The organization's jobs, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="submit_job",
        request={"application/json": JobRequestSerializer, "multipart/form-data": JobFormSerializer},
        parameters=[KEY_PARAMETER],
        responses={
            201: OpenApiResponse(JobSerializer, "Decided: `state` is `reserved` or `rejected`."),
            402: None,
            403: None,
            409: None,
            422: None,
        },
        examples=[OpenApiExample("Four units for ten minutes", EXAMPLE, "application/json", request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Submit a job. The answer binds: a reserved job's price and start never change."""
        self.require(Role.MEMBER)
        key = idempotency_key(request)
        wanted = self._wanted(request.data)
        job = submit(actor=self.membership.user, organization=self.organization, request=wanted, idempotency_key=key)
        location = request.build_absolute_uri(reverse("api-job", args=[job.pk]))
        return Response(_JOB.to_representation(job), status=201, headers={"Location": location})

    def _wanted(self, data: Any) -> JobRequest:
        """What the body asks for. An archive in it is kept only if there is nothing else to refuse."""
        body, archive = from_form(data) if isinstance(data, QueryDict) else (data, None)
        wanted = read_request(body)
        if archive is None:
            return wanted
        check(self.organization, wanted)
        kept = code.store(code.check(archive), organization=self.organization, name=archive.name or "code")
        return replace(wanted, code=kept.pk)


class CodeView(TenantAPIView):
    at_least = Role.MEMBER
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="send_code",
        request={"multipart/form-data": CodeFormSerializer},
        responses={201: CodeSerializer, 403: None, 413: None},
    )
    def post(self, request: Request) -> Response:
        """Keep an archive of code for jobs that come later, such as those of a batch. The same bytes are kept once."""
        form = CodeFormSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        archive = form.validated_data["code"]
        kept = code.store(code.check(archive), organization=self.organization, name=archive.name or "code")
        return Response(CodeSerializer(kept).data, status=201)


class JobView(TenantAPIView):
    @extend_schema(operation_id="job", responses=JobSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        """One job."""
        return Response(JobSerializer(find_job(self.organization, job_id)).data)


class CancelView(TenantAPIView):
    at_least = Role.MEMBER

    @extend_schema(operation_id="cancel_job", request=None, responses={200: JobSerializer, 403: None, 409: None})
    def post(self, request: Request, job_id: UUID) -> Response:
        """Cancel a job. What comes back is said by `cancellation-quote`. Cancelling twice gives the same answer."""
        cancel(actor=self.membership.user, organization=self.organization, job_id=job_id)
        return Response(JobSerializer(find_job(self.organization, job_id)).data)
