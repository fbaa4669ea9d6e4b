"""Keyset pages: every row once, in the list's order, whatever comes in or is equal or empty."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization, User
from era_platform.common import clock
from era_platform.common.errors import InvalidInput
from era_platform.common.pagination import page_size, paginate

pytestmark = pytest.mark.django_db
ORDERS = [
    ["-date_joined"],
    ["date_joined"],
    ["last_login"],
    ["-last_login"],
    ["name", "-last_login"],
    ["-name", "last_login", "-id"],
    ["pk"],
    ["-pk"],
    ["is_staff", "-name"],
]


@pytest.fixture(autouse=True)
def people() -> None:
    """Thirteen, with equal names and times and without any."""
    began = clock.now()
    User.objects.bulk_create(
        User(
            email=f"{number}@example.com",
            name=f"name{number % 3}",
            is_staff=number % 2 == 0,
            date_joined=began + timedelta(seconds=number // 4),
            last_login=None if number % 3 == 0 else began + timedelta(days=number % 4),
        )
        for number in range(13)
    )


def all_pages(queryset: QuerySet[Any], size: int) -> list[int]:
    seen, cursor = [], ""
    while True:
        page = paginate(queryset, cursor=cursor, size=size)
        seen += [row.pk for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            return seen


@pytest.mark.parametrize("size", [1, 2, 5, 12, 13, 14])
@pytest.mark.parametrize("order", ORDERS, ids=",".join)
def test_pages_together_are_the_list(order: list[str], size: int) -> None:
    last = "-pk" if order[0].startswith("-") else "pk"
    whole = User.objects.order_by(*order, last).values_list("pk", flat=True)
    assert all_pages(User.objects.order_by(*order), size) == list(whole)


def test_an_empty_list_is_one_page() -> None:
    assert paginate(Organization.objects.none()).next_cursor == ""


def test_the_last_full_page_has_no_next() -> None:
    assert paginate(User.objects.order_by("pk"), size=13).next_cursor == ""


def test_new_rows_shift_nothing() -> None:
    first = paginate(User.objects.order_by("-pk"), size=5)
    User.objects.create(email="new@example.com")
    second = paginate(User.objects.order_by("-pk"), cursor=first.next_cursor, size=5)
    assert second.rows[0].pk == first.rows[-1].pk - 1


def test_a_page_is_one_query() -> None:
    with CaptureQueriesContext(connection) as queries:
        paginate(User.objects.order_by("-date_joined"), size=5)
    assert len(queries) == 1


@pytest.mark.parametrize("cursor", ["x", "a:b:c", "\0", "é", "x" * 5000])
def test_a_cursor_that_was_not_given_out_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        paginate(User.objects.order_by("pk"), cursor=cursor)
    assert (caught.value.field, caught.value.code) == ("cursor", "invalid_cursor")


def test_a_cursor_belongs_to_its_order() -> None:
    cursor = paginate(User.objects.order_by("pk"), size=2).next_cursor
    with pytest.raises(InvalidInput):
        paginate(User.objects.order_by("-pk"), cursor=cursor)


def test_only_columns_of_its_own_can_order_a_list() -> None:
    with pytest.raises(FieldDoesNotExist):
        paginate(User.objects.order_by("memberships__role"))


@pytest.mark.parametrize(("text", "size"), [("", 50), ("1", 1), ("200", 200)])
def test_a_page_has_as_many_rows_as_were_asked_for(text: str, size: int) -> None:
    assert page_size(text) == size


@pytest.mark.parametrize("text", ["0", "201", "-1", "1.5", "ten", "٣", "9" * 5000, "1e2", " 5"])
def test_within_bounds(text: str) -> None:
    with pytest.raises(InvalidInput):
        page_size(text)
