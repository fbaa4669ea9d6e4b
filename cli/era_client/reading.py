"""Makes dataclasses of what the API answers. What an older client doesn't know is left out, not refused."""

import dataclasses
import types
import typing
from collections.abc import Hashable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from era_client.errors import NetworkError

T = TypeVar("T")


def read(kind: type[T], data: Mapping[str, Any]) -> T:
    """`kind` filled from `data` by the names of its fields. Raises NetworkError where one that it needs is missing."""
    given = {}
    for field, hint in _fields(typing.cast(Hashable, kind)):
        if field.name == "raw":
            given["raw"] = dict(data)
        elif field.name in data:
            given[field.name] = _value(hint, data[field.name])
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise NetworkError(f"The answer has no {field.name!r}: is that address an ERA Platform?")
    return kind(**given)


@cache
def _fields(kind: Hashable) -> list[tuple["dataclasses.Field[Any]", Any]]:
    hints = typing.get_type_hints(kind)
    return [(field, hints[field.name]) for field in dataclasses.fields(kind)]  # type: ignore[arg-type]


def _value(hint: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return None if value is None else _value(inner[0], value)
    if origin is tuple:
        return tuple(_value(inner[0], one) for one in value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is Decimal:
        return Decimal(value)
    return read(hint, value) if dataclasses.is_dataclass(hint) and isinstance(hint, type) else value
