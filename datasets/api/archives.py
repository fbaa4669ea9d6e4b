"""The calls for many files at once: a version as a zip or tar, and an archive into a draft."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView
from datasets import store
from datasets.api.bodies import receive
from datasets.api.serializers import VersionSerializer
from datasets.api.versions import VERSION, AsItIs, VersionMixin
from datasets.models import Version
from datasets.selectors import access
from datasets.selectors.files import listed
from datasets.services import unpacking
from era_platform.common import packing
from era_platform.common.fields import StrictSerializer, TextField

ZIP, TAR = FORMATS = ("zip", "tar")


class PackQuery(StrictSerializer):
    format = serializers.ChoiceField(choices=FORMATS, default=ZIP)
    prefix = TextField(required=False, allow_blank=True, max_length=1024, help_text="Only paths that begin so.")


class UnpackQuery(StrictSerializer):
    folder = TextField(required=False, allow_blank=True, max_length=1000, help_text="Where in the draft to unpack it.")


class ArchiveView(VersionMixin, TenantAPIView):
    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="dataset_archive",
        parameters=[VERSION, PackQuery],
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            (200, "application/x-tar"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, owner: str, name: str, version: str) -> HttpResponseBase:
        """A version, or a folder of it, as one archive that is made while it is sent. Nothing in it is compressed."""
        query = PackQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        found = self.find()
        kind, prefix = query.validated_data["format"], query.validated_data.get("prefix", "")
        label = f"{name}-{found.number or 'draft'}.{kind}"
        return _packed(request, found, kind, prefix, label)

    @extend_schema(
        operation_id="put_archive",
        parameters=[VERSION, UnpackQuery],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: VersionSerializer, 403: None, 409: None, 507: None},
    )
    def post(self, request: Request, owner: str, name: str, version: str) -> Response:
        """Unpack a zip or tar.gz into a draft: all of its files, or none."""
        own = self.find_own()
        draft = access.find_draft(self.membership, own.pk)
        query = UnpackQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        folder = query.validated_data.get("folder", "")
        with receive(request, self.organization, settings.ERA_DATASET_ARCHIVE_MAX_BYTES) as body:
            unpacking.unpack(actor=self.membership.user, version=draft, archive=body.part, folder=folder)
        return Response(self.tell(draft))


def _packed(request: Request, version: Version, kind: str, prefix: str, label: str) -> HttpResponseBase:
    def files() -> Any:
        for path, digest, size in listed(version.pk, prefix):
            yield packing.Packed(path, size, partial(_opened, store.blob_path(version.organization_id, digest)))

    at: datetime = version.published_at or version.created_at
    headers = {"Content-Disposition": content_disposition_header(True, label) or "attachment"}
    headers["X-Content-Type-Options"] = "nosniff"
    content_type = {ZIP: "application/zip", TAR: "application/x-tar"}[kind]
    if kind == ZIP:
        headers["Content-Length"] = str(packing.zip_length(files))
    if request.method == "HEAD":
        return HttpResponse(content_type=content_type, headers=headers)
    pieces = packing.zip_(files, at) if kind == ZIP else packing.tar(files, at)
    return StreamingHttpResponse(packing.gathered(pieces), content_type=content_type, headers=headers)


def _opened(blob: Path) -> IO[bytes]:
    return blob.open("rb")
