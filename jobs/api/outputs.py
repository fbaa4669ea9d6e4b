"""The calls for all that a job wrote at once: as an archive, and kept as a version of a dataset."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from datasets.api.serializers import NAME, VersionSerializer, tell_versions
from datasets.api.versions import AsItIs
from era_platform.common import clock, packing
from era_platform.common.fields import StrictSerializer, TextField, TruthField
from jobs import outputs
from jobs.api.idempotency import KEY_PARAMETER, idempotency_key
from jobs.api.records import OutputView
from jobs.api.views import find_job
from jobs.models import Job
from jobs.services.keep_outputs import check_ended, keep_outputs

ZIP, TAR = FORMATS = ("zip", "tar")


class ArchiveQuery(StrictSerializer):
    format = serializers.ChoiceField(choices=FORMATS)


class OutputsArchiveView(OutputView):
    """A file that a job called `archive` is still to be had, without a format."""

    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="job_outputs_archive",
        parameters=[OpenApiParameter("format", str, OpenApiParameter.QUERY, enum=FORMATS, required=True)],
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            (200, "application/x-tar"): OpenApiTypes.BINARY,
            409: None,
        },
    )
    def get(self, request: Request, job_id: UUID, path: str = "archive") -> HttpResponseBase:
        """All files of a job that has ended, as one archive that is made while it is sent."""
        if "format" not in request.query_params:
            return super().get(request, job_id, path)
        query = ArchiveQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        job = find_job(self.organization, job_id)
        check_ended(job)
        return _packed(request, job, query.validated_data["format"])


class KeepSerializer(StrictSerializer):
    """What to keep a job's outputs as."""

    dataset = serializers.RegexField(
        NAME, max_length=60, trim_whitespace=False, help_text="Of your organization; it is made if it isn't there."
    )
    note = TextField(required=False, allow_blank=True, plain=True, max_length=500, help_text="What changed.")
    publish = TruthField(default=True, help_text="Or leave it as a draft.")


class KeptSerializer(VersionSerializer):
    """The version that was made."""

    reference = serializers.CharField(help_text="`org/name@3`, or with the id of the draft.")
    skipped = serializers.ListField(
        child=serializers.CharField(), help_text="What is no plain file (links, devices), 100 at most: not kept."
    )


class KeepView(OutputView):
    """A file that a job called `dataset` is still to be had."""

    @extend_schema(
        operation_id="job_output_called_dataset",
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="As If-None-Match says, you have it already."),
            416: None,
        },
    )
    def get(self, request: Request, job_id: UUID, path: str = "dataset") -> HttpResponseBase:
        """The file of this name that a job wrote, if it did."""
        return super().get(request, job_id, path)

    @extend_schema(
        operation_id="keep_job_outputs",
        parameters=[KEY_PARAMETER],
        request=KeepSerializer,
        responses={201: KeptSerializer, 403: None, 409: None, 422: None, 507: None},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Keep what an ended job wrote as a new version of a dataset, without moving bytes: whole or not at all."""
        self.require(Role.MEMBER)
        job = find_job(self.organization, job_id)
        key = idempotency_key(request)
        body = KeepSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        kept = keep_outputs(actor=self.membership.user, job=job, idempotency_key=key, **body.validated_data)
        [told] = tell_versions([kept.version], self.organization.pk)
        return Response(told | {"reference": str(kept.version), "skipped": kept.skipped}, status=201)


def _packed(request: Request, job: Job, kind: str) -> HttpResponseBase:
    found = sorted(
        (path, source, source.lstat().st_size) for path, source in outputs.walk(job.pk) if source is not None
    )

    def files() -> Iterator[packing.Packed]:
        for path, source, size in found:
            yield packing.Packed(_printable(path), size, partial(_opened, source))

    at: datetime = job.finished_at or clock.now()
    label = f"{job.name}-{str(job.pk)[:8]}.{kind}"
    headers: dict[str, Any] = {"Content-Disposition": content_disposition_header(True, label) or "attachment"}
    headers["X-Content-Type-Options"] = "nosniff"
    content_type = {ZIP: "application/zip", TAR: "application/x-tar"}[kind]
    if kind == ZIP:
        headers["Content-Length"] = str(packing.zip_length(files))
    if request.method == "HEAD":
        return HttpResponse(content_type=content_type, headers=headers)
    pieces = packing.zip_(files, at) if kind == ZIP else packing.tar(files, at)
    return StreamingHttpResponse(packing.gathered(pieces), content_type=content_type, headers=headers)


def _opened(source: Path) -> IO[bytes]:
    return source.open("rb", buffering=0)


def _printable(path: str) -> str:
    """A name that is no UTF-8 is written with signs for the bytes that can't be."""
    return path.encode(errors="surrogateescape").decode(errors="replace")
