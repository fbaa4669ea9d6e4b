"""The field types of the REST API: each takes one form of a value and says what is wrong with any other."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from era_platform.common.moments import NoTimeZone, format_moment, parse_moment
from era_platform.common.money import MAX_AMOUNT, format_credits, parse_credits

AMOUNT = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,6})?")
BREAKS_TEXT = re.compile("[\x00\ud800-\udfff]")  # what neither PostgreSQL nor UTF-8 can hold
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class StrictSerializer(serializers.Serializer):
    """Refuses fields that it doesn't know, by name: a misspelt `deadlin` must not be passed over."""

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        values: Any = {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as invalid:
            if not isinstance(data, Mapping):
                raise
            errors = dict(invalid.detail) if isinstance(invalid.detail, dict) else {}
        for name in data.keys() - self.fields.keys():
            errors[printable(str(name))] = [_("There is no such field.")]
        if errors:
            raise serializers.ValidationError(errors)
        return values


@extend_schema_field({"type": "string", "format": "date-time", "example": "2030-01-01T12:00:00Z"})
class MomentField(serializers.Field):
    """ISO 8601 with a time zone; given back in UTC with `Z`."""

    default_error_messages = {
        "type": _("Must be a text such as 2030-01-01T12:00:00Z."),
        "form": _("{value} is not an ISO 8601 date and time such as 2030-01-01T12:00:00Z."),
        "zone": _("{value} has no time zone; add Z for UTC."),
    }

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str):
            self.fail("type")
        try:
            return parse_moment(data)
        except NoTimeZone:
            return self.fail("zone", value=printable(data))
        except ValueError:
            return self.fail("form", value=printable(data))

    def to_representation(self, value: datetime) -> str:
        return format_moment(value)


@extend_schema_field({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,6}$", "example": "12.50"})
class CreditsField(serializers.Field):
    """An amount of credits as a decimal string; micro-credits inside."""

    default_error_messages = {
        "type": _('Must be a decimal text such as "12.50", not a number: amounts are exact.'),
        "form": _("{value} is not an amount of credits such as 12.50, with at most 6 decimals and 13 digits before."),
        "large": _("{value} is more than the largest amount, {most}."),
    }

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str):
            self.fail("type")
        if not AMOUNT.fullmatch(data):
            self.fail("form", value=printable(data))
        try:
            return parse_credits(data)
        except ValueError:
            return self.fail("large", value=printable(data), most=format_credits(MAX_AMOUNT))

    def to_representation(self, value: int) -> str:
        return format_credits(value)


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,6})?$", "example": "12.50"})
class AmountField(CreditsField):
    """An amount that a caller gives: not negative."""


class WholeNumberField(serializers.IntegerField):
    """A number of JSON without fraction; a text or a truth value is none."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class TruthField(serializers.BooleanField):
    """JSON's true or false, and nothing that only looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=type(data).__name__)
        return data


class TextField(serializers.CharField):
    """A JSON text, kept as it is, that can be stored and printed; `plain` also refuses control characters."""

    default_error_messages = {
        "control": _("Control characters are not allowed."),
        "breaks": _("A zero byte or half a character is not allowed."),
    }

    def __init__(self, *, plain: bool = False, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)
        self.plain = plain

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, str):
            if BREAKS_TEXT.search(data):
                self.fail("breaks")
            if self.plain and CONTROL.search(data):
                self.fail("control")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


def printable(text: str, most: int = 60) -> str:
    """A text of a caller's in a form that can go into an answer and a log line."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return CONTROL.sub("\ufffd", cut)
