"""How a flexible request is written: lists in place of single values, one element for each configuration."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers

from pricing.domain import MAX_CONFIGURATIONS, Configuration


class EachField(serializers.Field):
    """One value, or a list of 1 to 16 of them; each must be what `child` takes. Gives the value, or a tuple."""

    default_error_messages = {
        "length": gettext_lazy("Must hold 1 to {most} elements, not {count}."),
    }

    def __init__(self, child: serializers.Field, **options: Any) -> None:
        super().__init__(**options)
        self.child = child

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, list):
            return self.child.run_validation(data)
        if not 1 <= len(data) <= MAX_CONFIGURATIONS:
            self.fail("length", most=MAX_CONFIGURATIONS, count=len(data))
        errors, values = {}, []
        for place, each in enumerate(data):
            try:
                values.append(self.child.run_validation(each))
            except serializers.ValidationError as invalid:
                errors[str(place)] = invalid.detail
        if errors:
            raise serializers.ValidationError(errors)
        return tuple(values)


class EachFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """The schema of an EachField: what its child takes, or a list of that."""

    target_class = EachField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        one = auto_schema._map_serializer_field(self.target.child, direction)  # type: ignore[no-untyped-call]
        return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_CONFIGURATIONS}]}


def configurations_of(given: dict[str, Any]) -> tuple[Configuration, ...]:
    """What validated `units`, `duration` and `value` say together.

    Raises REST framework's ValidationError naming the field that doesn't fit the others.
    """
    units, duration, value = given["units"], given["duration"], given.get("value")
    if not isinstance(units, tuple):
        for name, other in (("duration", duration), ("value", value)):
            if isinstance(other, tuple):
                raise serializers.ValidationError({name: [_("Can be a list only where units is one.")]})
        return (Configuration(units, duration, value),)
    durations = _as_many(units, "duration", duration)
    values = _as_many(units, "value", value) if isinstance(value, tuple) else (value,) * len(units)
    pairs = list(zip(units, durations, strict=True))
    for place, pair in enumerate(pairs):
        if pair in pairs[:place]:
            text = _("{units} units for {duration} seconds stand in it twice.")
            raise serializers.ValidationError({"units": [text.format(units=pair[0], duration=pair[1])]})
    return tuple(Configuration(*pair, worth) for pair, worth in zip(pairs, values, strict=True))


def _as_many(units: Sequence[int], name: str, values: Any) -> tuple[int, ...]:
    count = len(values) if isinstance(values, tuple) else 1
    if count != len(units) or not isinstance(values, tuple):
        text = _("Must be a list of as many elements as units: {wanted}, not {count}.")
        raise serializers.ValidationError({name: [text.format(wanted=len(units), count=count)]})
    return values
