"""How wallets and transfers look in the API: amounts as decimal strings of credits."""

from typing import Any

from rest_framework import serializers

from accounts.models import Transfer
from era_platform.common.fields import CreditsField, MomentField


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
