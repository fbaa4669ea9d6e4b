"""The calls about versions and drafts: begun, looked at, compared, published, deleted."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView, TenantMixin
from accounts.models import Role
from datasets.api.serializers import (
    DiffSerializer,
    NewVersionSerializer,
    PublishSerializer,
    VersionSerializer,
    tell_versions,
)
from datasets.models import Dataset, Version
from datasets.selectors import access, diffs
from datasets.selectors.files import listed
from datasets.services import datasets, drafts
from datasets.services.manifests import line
from era_platform.common.fields import StrictSerializer
from era_platform.common.packing import gathered
from era_platform.common.pagination import PagePagination

VERSION = OpenApiParameter(
    "version", str, OpenApiParameter.PATH, description="A number, `latest`, or the id of a draft of yours."
)


class AsItIs(DefaultContentNegotiation):
    """For bytes: they have one form, whatever `Accept` and `?format=` say; problems are JSON as everywhere."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, str(first.media_type)


class VersionMixin(TenantMixin):
    """For views under datasets/{owner}/{name}/versions/{version}."""

    kwargs: dict[str, Any]

    def find(self) -> Version:
        """What the address names. Raises NotFound."""
        return access.find_version(self.organization, self.kwargs["owner"], self.kwargs["name"], self.kwargs["version"])

    def find_own(self, at_least: Role = Role.MEMBER) -> Version:
        """To be changed. Raises NotFound, or Forbidden."""
        dataset = access.own_dataset(self.membership, self.kwargs["owner"], self.kwargs["name"], at_least=at_least)
        return access.version_of(self.organization, dataset, self.kwargs["version"])

    def tell(self, version: Version) -> Any:
        [told] = tell_versions([version], self.organization.pk)
        return told


@extend_schema_view(get=extend_schema(operation_id="dataset_versions"))
class VersionsView(TenantMixin, ListAPIView[Version]):
    serializer_class = VersionSerializer
    queryset = Version.objects.none()
    filter_backends = ()

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The versions of a dataset, drafts of yours first, then from the last."""
        dataset = access.find_dataset(self.organization, kwargs["owner"], kwargs["name"])
        paginator = PagePagination()
        versions = access.versions_of(self.organization, dataset).order_by("-number")
        page = paginator.paginate_queryset(versions, request)
        return paginator.get_paginated_response(tell_versions(page, self.organization.pk))

    @extend_schema(
        operation_id="begin_version",
        request=NewVersionSerializer,
        responses={201: OpenApiResponse(VersionSerializer, "A draft."), 403: None, 409: None},
    )
    def post(self, request: Request, owner: str, name: str) -> Response:
        """Begin a draft, empty or with the files of an earlier version."""
        dataset = access.own_dataset(self.membership, owner, name)
        given = NewVersionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        base = self._base(dataset, given.validated_data.get("base", ""))
        draft = drafts.begin(
            actor=self.membership.user, dataset=dataset, base=base, note=given.validated_data.get("note", "")
        )
        location = request.build_absolute_uri(reverse("api-dataset-version", args=[owner, name, draft.pk]))
        [told] = tell_versions([draft], self.organization.pk)
        return Response(told, status=201, headers={"Location": location})

    def _base(self, dataset: Dataset, wanted: str) -> Version | None:
        return access.version_of(self.organization, dataset, wanted) if wanted else None


class VersionView(VersionMixin, TenantAPIView):
    @extend_schema(operation_id="dataset_version", parameters=[VERSION], responses=VersionSerializer)
    def get(self, request: Request, owner: str, name: str, version: str) -> Response:
        """One version, or draft."""
        return Response(self.tell(self.find()))

    @extend_schema(operation_id="delete_version", parameters=[VERSION], responses={204: None, 403: None, 409: None})
    def delete(self, request: Request, owner: str, name: str, version: str) -> Response:
        """Abandon a draft, or delete a version (owners): 409 `in_use` while a job needs it."""
        found = self.find_own()
        if found.is_draft:
            drafts.abandon(actor=self.membership.user, version=found)
        else:
            self.require(Role.OWNER)
            datasets.delete_version(actor=self.membership.user, version=found)
        return Response(status=204)


class PublishView(VersionMixin, TenantAPIView):
    @extend_schema(
        operation_id="publish_version",
        parameters=[VERSION],
        request=PublishSerializer,
        responses={200: VersionSerializer, 403: None, 409: None},
    )
    def post(self, request: Request, owner: str, name: str, version: str) -> Response:
        """Publish a draft: it gets the next number, and is never changed again."""
        draft = self.find_own()
        given = PublishSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        note = given.validated_data.get("note")
        return Response(self.tell(drafts.publish(actor=self.membership.user, version=draft, note=note)))


class DiffQuery(StrictSerializer):
    against = serializers.CharField(
        required=False, max_length=40, help_text="The earlier version; by default the one before this."
    )


class DiffView(VersionMixin, TenantAPIView):
    @extend_schema(operation_id="dataset_diff", parameters=[VERSION, DiffQuery], responses=DiffSerializer)
    def get(self, request: Request, owner: str, name: str, version: str) -> Response:
        """What differs from an earlier version: how many files, and the first 1,000 of them by path."""
        query = DiffQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        found = self.find()
        wanted = query.validated_data.get("against")
        if wanted:
            against = access.version_of(self.organization, found.dataset, wanted)
        else:
            against = access.before(self.organization, found)
        difference = diffs.diff(found, against)
        told = {"against": str(against.number or against.pk), **difference.counts}
        return Response(DiffSerializer(told | {"truncated": difference.truncated, "results": difference.files}).data)


class ManifestView(VersionMixin, TenantAPIView):
    content_negotiation_class = AsItIs

    @extend_schema(
        operation_id="dataset_manifest",
        parameters=[VERSION],
        responses={(200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, "`<sha256> <size> <path>`, by path.")},
    )
    def get(self, request: Request, owner: str, name: str, version: str) -> StreamingHttpResponse:
        """All files, one line for each. The SHA-256 of a published version's is the version's `sha256`."""
        return StreamingHttpResponse(gathered(_lines(self.find())), content_type="text/plain; charset=utf-8")


def _lines(version: Version) -> Iterator[bytes]:
    for path, digest, size in listed(version.pk):
        yield line(path, digest, size).encode()
