"""How wallets and transfers look in the API: amounts as decimal strings of credits."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Role, Transfer
from era_platform.common.fields import CreditsField, MomentField


class LimitsSerializer(serializers.Serializer[Any]):
    """What an archive of code may be."""

    code_bytes = serializers.IntegerField(source="ERA_CODE_ARCHIVE_MAX_BYTES", help_text="Of the archive.")
    code_unpacked_bytes = serializers.IntegerField(source="ERA_CODE_UNPACKED_MAX_BYTES", help_text="Of its files.")
    code_files = serializers.IntegerField(source="ERA_CODE_MAX_FILES", help_text="Files and folders in it.")


class MeSerializer(serializers.Serializer[Any]):
    """Of a token."""

    user = serializers.CharField(source="membership.user.email")
    organization = serializers.CharField(source="membership.organization.slug", help_text="Its short name.")
    organization_name = serializers.CharField(source="membership.organization.name")
    role = serializers.ChoiceField(source="membership.role", choices=Role.choices)
    token = serializers.CharField(source="token.name", help_text="What its owner called it.")
    limits = serializers.SerializerMethodField()

    @extend_schema_field(LimitsSerializer)
    def get_limits(self, _shown: Any) -> dict[str, int]:
        return dict(LimitsSerializer(settings).data)


class WalletSerializer(serializers.Serializer[Any]):
    balance = CreditsField(read_only=True, help_text="All that the organization owns, what is held included.")
    held = CreditsField(read_only=True, help_text="Set aside for jobs that are reserved or run.")
    available = CreditsField(read_only=True, help_text="What can be spent now: balance - held + credit limit.")
    credit_limit = CreditsField(read_only=True, help_text="How far `available` reaches beyond what is owned.")


class TransferSerializer(serializers.ModelSerializer[Transfer]):
    amount = CreditsField(read_only=True, help_text="Always positive.")
    change = CreditsField(read_only=True, help_text="What it did to what can be spent: positive, negative or 0.")
    job = serializers.UUIDField(source="reference", read_only=True, allow_null=True)
    at = MomentField(source="created_at", read_only=True)

    class Meta:
        model = Transfer
        fields = ("id", "kind", "amount", "change", "job", "memo", "at")
        read_only_fields = fields
