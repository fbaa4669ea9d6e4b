"""A person's notices, and an organization's webhooks, in the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import TenantAPIView, TenantMixin
from accounts.models import Organization, Role
from era_platform.common.errors import NotFound
from era_platform.common.fields import MomentField
from notifications.models import Delivery, Kind, Webhook
from notifications.selectors.notices import notices_of, webhooks_of
from notifications.services import webhooks as service


class ToldSerializer(serializers.ModelSerializer[Delivery]):
    id = serializers.IntegerField(source="notice_id", read_only=True)
    kind = serializers.ChoiceField(source="notice.kind", choices=Kind.choices, read_only=True)
    at = MomentField(source="notice.at", read_only=True)
    job = serializers.UUIDField(source="notice.job", read_only=True, allow_null=True)
    detail = serializers.DictField(source="notice.detail", read_only=True, help_text="See docs/notifications.md.")
    read_at = MomentField(read_only=True, allow_null=True)

    class Meta:
        model = Delivery
        fields = ("id", "kind", "at", "job", "detail", "read_at")
        read_only_fields = fields


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    kinds = serializers.ListField(
        child=serializers.CharField(), required=False, default=list, help_text="Empty: all kinds."
    )
    created_at = MomentField(read_only=True)

    class Meta:
        model = Webhook
        fields = ("id", "url", "kinds", "created_at")
        read_only_fields = ("id",)
        validators = ()  # what is there already, the service says


class SecretSerializer(WebhookSerializer):
    """With the secret: shown this once."""

    class Meta(WebhookSerializer.Meta):
        fields = ("id", "url", "kinds", "created_at", "secret")  # type: ignore[assignment]
        read_only_fields = ("id", "secret")  # type: ignore[assignment]


def find(organization: Organization, webhook: int) -> Webhook:
    found = webhooks_of(organization).select_related("organization").filter(pk=webhook).first()
    if found is None:
        raise NotFound(_("There is no webhook {number}.").format(number=webhook))
    return found


@extend_schema_view(get=extend_schema(operation_id="notices"))
class NoticeList(TenantMixin, ListAPIView[Delivery]):
    """What the token's user was told on the page, newest first."""

    serializer_class = ToldSerializer
    queryset = Delivery.objects.none()
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Delivery]:
        return notices_of(self.organization, self.membership.user)


class WebhookList(TenantAPIView):
    at_least = Role.OWNER

    @extend_schema(operation_id="webhooks", responses=WebhookSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The organization's webhooks; there are 20 at most."""
        return Response(WebhookSerializer(webhooks_of(self.organization), many=True).data)

    @extend_schema(operation_id="webhook_add", request=WebhookSerializer, responses={201: SecretSerializer})
    def post(self, request: Request) -> Response:
        """Add one. Its secret is in this answer only."""
        asked = WebhookSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given: dict[str, Any] = asked.validated_data
        made = service.add(actor=self.membership.user, organization=self.organization, **given)
        return Response(SecretSerializer(made).data, status=201)


class WebhookView(TenantAPIView):
    at_least = Role.OWNER

    @extend_schema(operation_id="webhook", responses=WebhookSerializer)
    def get(self, request: Request, webhook: int) -> Response:
        """One webhook."""
        return Response(WebhookSerializer(find(self.organization, webhook)).data)

    @extend_schema(operation_id="webhook_remove", responses={204: None})
    def delete(self, request: Request, webhook: int) -> Response:
        """Remove it: nothing is sent there any more."""
        service.remove(actor=self.membership.user, webhook=find(self.organization, webhook))
        return Response(status=204)


class WebhookRotate(TenantAPIView):
    at_least = Role.OWNER

    @extend_schema(operation_id="webhook_rotate", request=None, responses=SecretSerializer)
    def post(self, request: Request, webhook: int) -> Response:
        """Give it a new secret, in this answer only; the one before signs too for 24 hours."""
        renewed = service.rotate(actor=self.membership.user, webhook=find(self.organization, webhook))
        return Response(SecretSerializer(renewed).data)
