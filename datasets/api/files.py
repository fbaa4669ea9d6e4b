"""The calls for single files of a version, and for listing them."""

import re
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView
from datasets.api.bodies import receive
from datasets.api.serializers import FileQuery, FileSerializer, RemovalSerializer, RemovedSerializer
from datasets.api.versions import VERSION, AsItIs, VersionMixin
from datasets.models import Entry
from datasets.selectors import access
from datasets.selectors.files import entries_of, find_entry, open_entry
from datasets.services import drafts, files
from datasets.services.files import Arrived
from era_platform.common.downloads import send_file
from era_platform.common.errors import InvalidInput, NotFound
from era_platform.common.fields import printable
from era_platform.common.pagination import CURSOR, SIZE

SHA256 = "X-Content-SHA256"
HEX = re.compile(r"[0-9a-fA-F]{64}")
PATH = OpenApiParameter("path", str, OpenApiParameter.PATH, description="As the listing gives it; may hold slashes.")
DIGEST = OpenApiParameter(
    SHA256,
    {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"},
    OpenApiParameter.HEADER,
    description="What the body's SHA-256 must be, in hex.",
)
BYTES: dict[Any, Any] = {
    (200, "application/octet-stream"): OpenApiTypes.BINARY,
    (206, "application/octet-stream"): OpenApiTypes.BINARY,
    304: OpenApiResponse(description="As If-None-Match says, you have it already."),
    416: None,
}


@extend_schema_view(get=extend_schema(operation_id="dataset_files", parameters=[VERSION, FileQuery]))
class FilesView(VersionMixin, ListAPIView[Entry]):
    """The files of a version, by path."""

    serializer_class = FileSerializer
    queryset = Entry.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Entry]:
        given = {name: text for name, text in self.request.query_params.items() if name not in (CURSOR, SIZE)}
        query = FileQuery(data=given)
        query.is_valid(raise_exception=True)
        return entries_of(self.find(), **query.validated_data)


class FileView(VersionMixin, TenantAPIView):
    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="dataset_file",
        parameters=[
            VERSION,
            PATH,
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range, such as bytes=0-1023."),
        ],
        responses=BYTES,
    )
    def get(self, request: Request, owner: str, name: str, version: str, path: str) -> HttpResponseBase:
        """One file, byte for byte. Its ETag is its SHA-256."""
        found = self.find()
        entry = find_entry(found, path)
        return send_file(request, open_entry(found, entry), path.rpartition("/")[2], etag=entry.blob.digest)

    @extend_schema(
        operation_id="put_file",
        parameters=[VERSION, PATH, DIGEST],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: FileSerializer, 403: None, 409: None, 507: None},
    )
    def put(self, request: Request, owner: str, name: str, version: str, path: str) -> Response:
        """Put a small file into a draft, in place of one that it may have at this path. Larger ones: see transfer."""
        own = self.find_own()
        draft = access.find_draft(self.membership, own.pk)
        clean, wanted = files.check_path(path), _wanted_digest(request)
        with receive(request, self.organization, settings.ERA_DATASET_PUT_MAX_BYTES) as body:
            if wanted and wanted != body.digest:
                raise InvalidInput(
                    _("The body's SHA-256 is {found}, not {wanted}: send it again.").format(
                        found=body.digest, wanted=wanted
                    ),
                    field=SHA256,
                    code="hash_mismatch",
                )
            arrived = Arrived(clean, body.digest, body.size, body.part)
            files.add(actor=self.membership.user, version=draft, files=[arrived])
        return Response({"path": clean, "size": body.size, "sha256": body.digest})

    @extend_schema(operation_id="delete_file", parameters=[VERSION, PATH], responses={204: None, 403: None, 409: None})
    def delete(self, request: Request, owner: str, name: str, version: str, path: str) -> Response:
        """Take a file out of a draft."""
        draft = access.find_draft(self.membership, self.find_own().pk)
        clean = files.check_path(path)
        if not drafts.remove_files(actor=self.membership.user, version=draft, paths=[clean]):
            raise NotFound(_("The draft has no file {path}.").format(path=repr(printable(clean, 200))))
        return Response(status=204)


class RemovalView(VersionMixin, TenantAPIView):
    @extend_schema(
        operation_id="remove_files",
        parameters=[VERSION],
        request=RemovalSerializer,
        responses={200: RemovedSerializer, 403: None, 409: None},
    )
    def post(self, request: Request, owner: str, name: str, version: str) -> Response:
        """Take many files out of a draft at once. Those that are not there don't matter."""
        draft = access.find_draft(self.membership, self.find_own().pk)
        given = RemovalSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        paths = [files.check_path(path) for path in given.validated_data["paths"]]
        return Response({"removed": drafts.remove_files(actor=self.membership.user, version=draft, paths=paths)})


def _wanted_digest(request: Request) -> str:
    """In small letters, "" where there is none. Raises InvalidInput."""
    given: str | None = request.headers.get(SHA256)
    if given is None:
        return ""
    if not HEX.fullmatch(given):
        raise InvalidInput(
            _("{value} is no SHA-256: it needs 64 hexadecimal digits.").format(value=printable(given)), field=SHA256
        )
    return given.lower()
