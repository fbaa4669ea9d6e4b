"""The API's side of tenancy, which all other apps' API views build on, and the wallet's calls."""

from contextlib import ExitStack
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django_scopes import scope
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import guards, selectors
from accounts.models import ApiToken, Membership, Organization, Role, Transfer
from accounts.serializers import MeSerializer, TransferSerializer, WalletSerializer


class TenantMixin:
    """For REST framework views: the token's organization, and its scope open from after authentication to the end.

    `at_least` is the role that every method needs; `require` asks for more in one of them.
    """

    at_least = Role.VIEWER
    membership: Membership
    organization: Organization
    _scope: ExitStack

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._scope:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
            if isinstance(response, SimpleTemplateResponse):
                response.render()
            elif hasattr(self, "organization"):
                response = guards.finish_in_scope(response, self.organization)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if isinstance(request.auth, ApiToken):
            self.membership = request.auth.membership
            self.organization = self.membership.organization
            self._scope.enter_context(scope(organization=self.organization))
            self.require(self.at_least)

    def require(self, role: Role) -> None:
        """Raises Forbidden (403) if the token's user has a lower role."""
        guards.require(self.membership, role)


class TenantAPIView(TenantMixin, APIView):
    """An API view in one organization: self.organization, self.membership, self.require(Role.MEMBER)."""


class MeView(TenantAPIView):
    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who the token speaks for, in which organization and role; and how large an archive of code may be."""
        return Response(MeSerializer({"membership": self.membership, "token": request.auth}).data)


class WalletView(TenantAPIView):
    @extend_schema(operation_id="wallet", responses=WalletSerializer)
    def get(self, request: Request) -> Response:
        """The organization's balance, what is held of it, and what can be spent."""
        return Response(WalletSerializer(selectors.wallet_of(self.organization)).data)


class TransferFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=Transfer.Kind.choices)
    job = django_filters.UUIDFilter("reference")


@extend_schema_view(get=extend_schema(operation_id="wallet_transfers"))
class TransferList(TenantMixin, ListAPIView[Transfer]):
    """Every movement of the organization's money, newest first."""

    serializer_class = TransferSerializer
    queryset = Transfer.objects.none()
    filterset_class = TransferFilter

    def get_queryset(self) -> QuerySet[Transfer]:
        return selectors.transfers_of(self.organization)
