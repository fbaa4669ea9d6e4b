"""`manage.py create_pool`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pricing.models import BookEntry, Pool

pytestmark = pytest.mark.django_db


def test_a_pool_is_made_and_priced() -> None:
    call_command("create_pool", "gpu", "--units=4", "--slot-seconds=60", "--list-price=0.05", stdout=StringIO())
    pool = Pool.objects.get(slug="gpu")
    assert (pool.units, pool.list_price, pool.book_number, pool.forecast_version) == (4, 50_000, 1, 1)


def test_a_pool_can_be_made_with_units_kept_from_sale() -> None:
    call_command("create_pool", "gpu", "--units=4", "--headroom-units=1", stdout=StringIO())
    assert [entry.capacity for entry in BookEntry.objects.order_by("number")] == [4, -1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gpu", "--units=0"], "units"),
        (["gpu", "--units=4", "--headroom-units=5"], "headroom_units: A pool of 4 units has no 5"),
        (["gpu", "--units=1", "--list-price=much"], "much is not an amount"),
        (["gpu", "--units=1", "--list-price=9"], "floor ≤ list ≤ ceiling"),
        (["a pool", "--units=1"], "slug"),
    ],
)
def test_what_makes_no_sense_is_named(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("create_pool", *arguments)
    assert not Pool.objects.exists()
