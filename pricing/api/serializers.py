"""How pools, prices and quotes look in the API, and how an ask for a quote is written."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from era_platform.common.fields import (
    AmountField,
    CreditsField,
    MomentField,
    StrictSerializer,
    TextField,
    TruthField,
    WholeNumberField,
)
from era_platform.common.money import format_credits
from pricing.api.flexible import EachField, configurations_of
from pricing.book import Int64Array
from pricing.domain import MAX_DURATION, MAX_NODES, MAX_UNITS, AlternativeKind, Ask, MenuKind, Reason
from pricing.selectors.refund_policies import row_of
from pricing.services.quotes import Quote, describe, describe_entry


@extend_schema_field({"type": "array", "items": {"type": "string", "nullable": True, "example": "0.25"}})
class PriceListField(serializers.Field):
    """An array of int64 micro-credits as decimal strings, null for -1."""

    def to_representation(self, value: Int64Array) -> list[str | None]:
        # Neighbouring slots mostly cost the same, and a horizon has thousands of them.
        texts = {price: format_credits(price) for price in np.unique(value).tolist()} | {-1: None}
        return [texts[price] for price in value.tolist()]


class UnitSerializer(serializers.Serializer[Any]):
    """What one unit of a pool is."""

    cpus = serializers.FloatField(source="unit_cpus")
    memory_mib = serializers.IntegerField(source="unit_memory_mib")
    gpus = serializers.IntegerField(source="unit_gpus")


class NoticeSerializer(serializers.Serializer[Any]):
    """A step of what comes back of a job that is cancelled before its start."""

    seconds = serializers.IntegerField(help_text="Cancelled at least so long before the start …")
    percent = serializers.IntegerField(help_text="… so much of the price comes back.")


class RefundPolicySerializer(serializers.Serializer[Any]):
    """What comes back of a price, and what is given on top. Every share is rounded up to the micro-credit."""

    version = serializers.IntegerField()
    notice = NoticeSerializer(many=True, help_text="The longest notice first; with less than the last one's, nothing.")
    unused_percent = serializers.IntegerField(help_text="Of the price of the slots that begin after the job's end.")
    loss_credit_percent = serializers.IntegerField(
        help_text="Of the price, as a credit beside all of it, to whose slot was lost with a machine."
    )
    late_grace_seconds = serializers.IntegerField(help_text="A start that is no later than this is on time.")
    late_percent = serializers.IntegerField(help_text="Of the price, as a credit for each minute that has begun …")
    late_most_percent = serializers.IntegerField(
        help_text="… at most so much. The slots that passed before a late start come back as well."
    )


class PoolSerializer(serializers.Serializer[Any]):
    """Prices are credits per unit and slot."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    is_open = serializers.BooleanField(help_text="Whether it is for sale now.")
    closed_reason = serializers.CharField(help_text="Why it is not, as operators say it; may be empty.")
    units = serializers.IntegerField(help_text="How many units it has.")
    unit = UnitSerializer(source="*")
    slot_seconds = serializers.IntegerField(help_text="Slot k is [k·s, (k+1)·s) in Unix time.")
    horizon_slots = serializers.IntegerField(help_text="How many slots ahead can be booked.")
    min_units = serializers.IntegerField(help_text="Fewer are not taken in one request.")
    max_units = serializers.IntegerField(allow_null=True, help_text="More are not taken; null: no limit.")
    min_slots = serializers.IntegerField(help_text="No shorter run is taken.")
    max_slots = serializers.IntegerField(allow_null=True, help_text="No longer run is taken; null: no limit.")
    grace_seconds = serializers.IntegerField(help_text="TERM comes so long before the end of the slot.")
    floor_price = CreditsField()
    list_price = CreditsField()
    ceiling_price = CreditsField()
    refund_policy = RefundPolicySerializer(allow_null=True, help_text="Holds for what is sold from now on.")


class PricesQuery(StrictSerializer):
    """The query of `prices`; `from` can't be a name of a field in Python."""

    units = serializers.IntegerField(min_value=1, max_value=MAX_UNITS, default=1, help_text="Prices are for so many.")

    def get_fields(self) -> dict[str, serializers.Field]:
        since = MomentField(required=False, help_text="Begin at the slot that this moment lies in.")
        until = MomentField(required=False, help_text="End before the first slot that begins at or after this.")
        return {"from": since, "to": until, **super().get_fields()}


class PricesSerializer(serializers.Serializer[Any]):
    """Element k of each list is the slot that begins at `start` + k · `slot_seconds`."""

    pool = serializers.CharField()
    units = serializers.IntegerField(help_text="What `price` is for.")
    slot_seconds = serializers.IntegerField()
    start = MomentField()
    free = serializers.ListField(child=serializers.IntegerField(), help_text="Units not promised.")
    capacity = serializers.ListField(child=serializers.IntegerField(), help_text="Units there are.")
    price = PriceListField(help_text="Credits for `units` units in this slot; null where they are not free.")


class AskFields(StrictSerializer):
    """What both a quote and a job ask for. Lists make it flexible: any one of the configurations will do."""

    pool = TextField(plain=True, max_length=40, help_text="Short name of the pool.")
    units = EachField(
        WholeNumberField(min_value=1, max_value=MAX_UNITS),
        help_text="How many; or a list, one for each configuration that would do.",
    )
    duration = EachField(
        WholeNumberField(min_value=1, max_value=MAX_DURATION),
        help_text="Seconds, rounded up to whole slots; or a list, one for each of `units`.",
    )
    earliest = MomentField(required=False, allow_null=True, help_text="Not before; at once where it is left out.")
    deadline = MomentField(help_text="To be done by.")
    nodes = WholeNumberField(
        min_value=1,
        max_value=MAX_NODES,
        required=False,
        help_text="Machines that work together; the units are split evenly over them. 1 where it is left out.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """`configurations` beside the fields that they are written in."""
        return attrs | {"configurations": configurations_of(attrs)}


class QuoteRequestSerializer(AskFields):
    value = EachField(
        AmountField(),
        required=False,
        allow_null=True,
        help_text="What it is worth to you, in credits; or a list, one for each of `units`.",
    )
    curve = TruthField(default=False, help_text="Also give the price of every possible start.")

    def ask(self) -> Ask:
        given = self.validated_data
        first, *also = given["configurations"]
        return Ask(
            units=first.units,
            duration=first.duration,
            deadline=given["deadline"],
            earliest=given.get("earliest"),
            value=first.value,
            also=tuple(also),
            step=given.get("nodes", 1),
        )


class ConfigurationSerializer(serializers.Serializer[Any]):
    """One of the configurations of a flexible ask, and what it came to."""

    units = serializers.IntegerField()
    duration = serializers.IntegerField(help_text="Seconds.")
    value = CreditsField(allow_null=True)
    reason = serializers.ChoiceField(
        choices=[reason.value for reason in Reason], allow_null=True, help_text="Why it has no price."
    )
    price = CreditsField(allow_null=True)
    start = MomentField(allow_null=True)
    end = MomentField(allow_null=True)


class AlternativeSerializer(serializers.Serializer[Any]):
    """What would be accepted instead: all as asked but for what `kind` names."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in AlternativeKind])
    units = serializers.IntegerField()
    duration = serializers.IntegerField(required=False, help_text="Seconds.")
    value = serializers.CharField(allow_null=True, help_text="Credits; null where none was given.")
    deadline = serializers.DateTimeField()
    price = serializers.CharField(help_text="Credits.")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class MenuEntrySerializer(serializers.Serializer[Any]):
    """A start that can be had: to ask with its units, duration, earliest, deadline and value gets just that.

    `earliest` and `cheapest` are always there where anything fits; `knee`, from where on waiting saves less, only
    where there is one between them.
    """

    kind = serializers.ChoiceField(choices=[kind.value for kind in MenuKind])
    units = serializers.IntegerField()
    duration = serializers.IntegerField(help_text="Seconds.")
    earliest = serializers.DateTimeField()
    deadline = serializers.DateTimeField()
    value = serializers.CharField(allow_null=True, help_text="Credits: yours, or the price where that is higher.")
    price = serializers.CharField(help_text="Credits.")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    saving_percent = serializers.FloatField(help_text="How much less than the earliest start costs.")


class CurveSerializer(serializers.Serializer[Any]):
    """Element k is the price of starting at `start` + k · `slot_seconds`; null where that is not possible."""

    start = MomentField()
    slot_seconds = serializers.IntegerField()
    price = PriceListField()


class QuoteSerializer(serializers.Serializer[Any]):
    """An answer that binds nobody. `price`, `start` and `end` are those of the cheapest start, wanted or not."""

    accepted = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=[reason.value for reason in Reason], allow_null=True)
    price = CreditsField(allow_null=True)
    start = MomentField(allow_null=True)
    end = MomentField(allow_null=True)
    units = serializers.IntegerField(help_text="Of the configuration that the answer is about: the one that won.")
    duration = serializers.IntegerField(help_text="Of the same, in seconds.")
    configuration = serializers.IntegerField(help_text="Its place among `configurations`, from 0.")
    configurations = ConfigurationSerializer(many=True, help_text="What each came to, in the order asked.")
    menu = MenuEntrySerializer(many=True, help_text="Starts to choose from; empty where nothing fits.")
    alternatives = AlternativeSerializer(many=True)
    decided_at = MomentField()
    refund_policy = RefundPolicySerializer(allow_null=True, help_text="What comes back, and when, if it is bought now.")
    curve = CurveSerializer(required=False)


def tell(quote: Quote) -> dict[str, Any]:
    """A quote as QuoteSerializer takes it."""
    answer, offer, policy_id = quote.answer, quote.answer.offer, quote.pool.refund_policy_id
    told: dict[str, Any] = {
        "accepted": answer.accepted,
        "reason": answer.reason,
        "price": offer.total if offer else None,
        "start": quote.moment(offer.start_slot) if offer else None,
        "end": quote.moment(offer.end_slot) if offer else None,
        "units": quote.configuration.units,
        "duration": quote.configuration.duration,
        "configuration": answer.way,
        "configurations": list(_tell_each(quote)),
        "menu": [describe_entry(quote, entry) for entry in quote.menu],
        "alternatives": [describe(quote, alternative) for alternative in answer.alternatives],
        "decided_at": quote.decided_at,
        "refund_policy": None if policy_id is None else row_of(policy_id),
    }
    if quote.curve is not None:
        start, slot_seconds = quote.moment(answer.window.start), quote.pool.slot_seconds
        told["curve"] = {"start": start, "slot_seconds": slot_seconds, "price": quote.curve}
    return told


def _tell_each(quote: Quote) -> Iterator[dict[str, Any]]:
    for asked, (reason, offer) in zip(quote.ask.configurations, quote.answer.priced, strict=True):
        yield {
            **asked._asdict(),
            "reason": reason,
            "price": offer.total if offer else None,
            "start": quote.moment(offer.start_slot) if offer else None,
            "end": quote.moment(offer.end_slot) if offer else None,
        }
