"""Pages of long lists by keyset: `next` goes on after the last row seen, so that page 1,000 costs what page 1 does
and rows that come in meanwhile shift nothing."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from era_platform.common.errors import InvalidInput

Row = TypeVar("Row", bound=Model)
CURSOR, SIZE = "cursor", "page_size"
DEFAULT_SIZE, MAX_SIZE = 50, 200
_SALT = "era_platform.common.pagination"


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`next_cursor` is "" on the last page."""

    rows: list[Row]
    next_cursor: str


def paginate(queryset: QuerySet[Row], *, cursor: str = "", size: int = DEFAULT_SIZE) -> Page[Row]:
    """One page of `queryset`, in its own order (plain fields of the model; the primary key decides ties).

    Raises InvalidInput if `cursor` is not one that this list gave out.
    """
    order = _total_order(queryset)
    queryset = queryset.order_by(*order)
    if cursor:
        queryset = queryset.filter(_after(queryset.model, order, _read(cursor, order)))
    rows = list(queryset[: size + 1])
    more = len(rows) > size
    return Page(rows[:size], _write(rows[size - 1], order) if more else "")


class PagePagination(BasePagination):
    """`{"results": […], "next": URL or null}`, with `cursor` and `page_size` in the query."""

    next_url: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        query = request.query_params
        page = paginate(queryset, cursor=query.get(CURSOR, ""), size=page_size(query.get(SIZE, "")))
        if page.next_cursor:
            self.next_url = replace_query_param(request.build_absolute_uri(), CURSOR, page.next_cursor)
        return page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next_url})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        next_url = {"type": "string", "format": "uri", "nullable": True, "description": "null on the last page"}
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": next_url},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE}
        return [
            {"name": CURSOR, "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": SIZE, "in": "query", "required": False, "schema": size},
        ]


def page_size(text: str) -> int:
    """How many rows were asked for. Raises InvalidInput."""
    if not text:
        return DEFAULT_SIZE
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_SIZE):
        raise InvalidInput(
            _("page_size must be a whole number from 1 to {limit}, not “{value}”.").format(
                limit=MAX_SIZE, value=text[:40]
            ),
            field=SIZE,
        )
    return int(text)


def _total_order(queryset: QuerySet[Any]) -> list[str]:
    """The list's order with the primary key at its end, if that isn't in it already."""
    meta = queryset.model._meta
    given = [str(name) for name in queryset.query.order_by or meta.ordering or ["-pk"]]
    order = [name.replace("pk", meta.pk.name) if name in ("pk", "-pk") else name for name in given]
    for name in order:
        _field(queryset.model, name)
    if meta.pk.name not in (name.lstrip("-") for name in order):
        order.append(("-" if order[0].startswith("-") else "") + meta.pk.name)
    return order


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    for field in model._meta.concrete_fields:
        if field.name == name.lstrip("-"):
            return field
    raise FieldDoesNotExist(f"{name} cannot order a list with pages: it is no column of {model._meta.label}")


def _after(model: type[Model], order: list[str], values: list[Any]) -> Q:
    """Rows that come after `values`: later in the first field, or equal in it and later in the second, and so on."""
    later, equal = Q(pk__in=[]), Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        later |= equal & _beyond(field, value, descending=name.startswith("-"))
        equal &= Q(**{f"{field}__isnull": True} if value is None else {field: value})
    first = order[0].lstrip("-")
    if values[0] is None or _field(model, first).null:
        return later
    # Says nothing new, but lets PostgreSQL begin in the middle of an index.
    return later & Q(**{f"{first}__{'lte' if order[0].startswith('-') else 'gte'}": values[0]})


def _beyond(field: str, value: Any, *, descending: bool) -> Q:
    """PostgreSQL sorts null after every value when ascending, before every value when descending."""
    if descending:
        return Q(**{f"{field}__isnull": False}) if value is None else Q(**{f"{field}__lt": value})
    return Q(pk__in=[]) if value is None else Q(**{f"{field}__gt": value}) | Q(**{f"{field}__isnull": True})


def _write(row: Model, order: list[str]) -> str:
    fields = [_field(type(row), name) for name in order]
    values = [None if field.value_from_object(row) is None else field.value_to_string(row) for field in fields]
    return signing.dumps([order, values], salt=_SALT)


def _read(cursor: str, order: list[str]) -> list[str | None]:
    """Signed, so that what comes back is what was given out: for this order, with values that fit their fields."""
    try:
        given_for, values = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature as error:
        raise _bad_cursor() from error
    if given_for != order:
        raise _bad_cursor()
    return list(values)


def _bad_cursor() -> InvalidInput:
    return InvalidInput(
        _("The cursor is not one that this list gave out; begin again without it."), field=CURSOR, code="invalid_cursor"
    )
