"""The calls about datasets themselves, and about whom they are shared with."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView, TenantMixin
from accounts.models import Role
from datasets.api.serializers import (
    DatasetChangeSerializer,
    DatasetQuery,
    DatasetSerializer,
    GrantListSerializer,
    GrantSerializer,
    NewDatasetSerializer,
)
from datasets.models import Dataset
from datasets.selectors import access
from datasets.selectors.listing import datasets_for, grants_of, with_latest
from datasets.services import datasets
from era_platform.common.pagination import CURSOR, SIZE

EXAMPLE = {"name": "digits", "description": "# Digits\n\nHand-written.", "licence": "CC0-1.0", "tags": ["images"]}


class DatasetsView(TenantMixin, ListAPIView[Dataset]):
    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Dataset]:
        given = {name: text for name, text in self.request.query_params.items() if name not in (CURSOR, SIZE)}
        query = DatasetQuery(data=given)
        query.is_valid(raise_exception=True)
        return datasets_for(self.organization, **query.validated_data)

    @extend_schema(operation_id="datasets", parameters=[DatasetQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The datasets that you may see, the last changed first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_dataset",
        request=NewDatasetSerializer,
        responses={201: OpenApiResponse(DatasetSerializer, "Private, and without versions."), 403: None},
        examples=[OpenApiExample("Digits", EXAMPLE, "application/json", request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Make a dataset of your organization's. Then begin a version, put files into it, and publish it."""
        self.require(Role.MEMBER)
        given = NewDatasetSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = datasets.create(actor=self.membership.user, organization=self.organization, **given.validated_data)
        location = request.build_absolute_uri(reverse("api-dataset", args=[self.organization.slug, made.name]))
        return Response(told(made), status=201, headers={"Location": location})


class DatasetView(TenantAPIView):
    @extend_schema(operation_id="dataset", responses=DatasetSerializer)
    def get(self, request: Request, owner: str, name: str) -> Response:
        """One dataset."""
        return Response(told(access.find_dataset(self.organization, owner, name)))

    @extend_schema(
        operation_id="change_dataset", request=DatasetChangeSerializer, responses={200: DatasetSerializer, 403: None}
    )
    def patch(self, request: Request, owner: str, name: str) -> Response:
        """Change what is said of a dataset, or who may see it (owners)."""
        dataset = access.own_dataset(self.membership, owner, name)
        given = DatasetChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        changes = dict(given.validated_data)
        if visibility := changes.pop("visibility", None):
            self.require(Role.OWNER)
        if changes:
            datasets.describe(actor=self.membership.user, dataset=dataset, **changes)
        if visibility:
            datasets.set_visibility(actor=self.membership.user, dataset=dataset, visibility=visibility)
        return Response(told(dataset))

    @extend_schema(operation_id="delete_dataset", responses={204: None, 403: None, 409: None})
    def delete(self, request: Request, owner: str, name: str) -> Response:
        """Delete a dataset with all its versions (owners). 409 `in_use` while a job needs one of them."""
        dataset = access.own_dataset(self.membership, owner, name, at_least=Role.OWNER)
        datasets.delete(actor=self.membership.user, dataset=dataset)
        return Response(status=204)


class GrantsView(TenantAPIView):
    @extend_schema(operation_id="dataset_grants", responses={200: GrantListSerializer, 403: None})
    def get(self, request: Request, owner: str, name: str) -> Response:
        """The organizations that a dataset of yours is shared with while its visibility is `shared`."""
        dataset = access.own_dataset(self.membership, owner, name, at_least=Role.VIEWER)
        return Response(GrantListSerializer({"results": grants_of(dataset), "next": None}).data)


class GrantView(TenantAPIView):
    @extend_schema(operation_id="grant_dataset", request=None, responses={200: GrantSerializer, 403: None, 409: None})
    def put(self, request: Request, owner: str, name: str, slug: str) -> Response:
        """Share a dataset with an organization (owners). Doing so twice changes nothing."""
        dataset = access.own_dataset(self.membership, owner, name, at_least=Role.OWNER)
        return Response(GrantSerializer(datasets.grant(actor=self.membership.user, dataset=dataset, slug=slug)).data)

    @extend_schema(operation_id="revoke_dataset", responses={204: None, 403: None})
    def delete(self, request: Request, owner: str, name: str, slug: str) -> Response:
        """Share it no longer (owners). Jobs that have begun keep what they have."""
        dataset = access.own_dataset(self.membership, owner, name, at_least=Role.OWNER)
        datasets.revoke(actor=self.membership.user, dataset=dataset, slug=slug)
        return Response(status=204)


def told(dataset: Dataset) -> Any:
    """As it is now."""
    return DatasetSerializer(with_latest(access.by_id(dataset.pk)).get()).data
