"""The market for operators: capacity is changed through the services, and what can't be is told by name."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from era_platform.common import clock
from pricing.models import BookEntry, Outage, Pool
from pricing.services import outages
from tests.factories import Tenant, a_pool, a_user, signed_in

pytestmark = pytest.mark.django_db

OUTAGES = "/admin/pricing/outage/"


@pytest.fixture
def operator() -> Client:
    return signed_in(a_user("operator@example.com", is_staff=True))


@pytest.fixture
def pool() -> Pool:
    """8 units."""
    return a_pool("gpu")


def begin(operator: Client, of: Pool, **fields: Any) -> Any:
    given = {"pool": of.pk, "cause": "maintenance", "units": 3, "reason": "disks", **fields}
    return operator.post(f"{OUTAGES}add/", given)


def give_back(operator: Client, *chosen: Outage) -> list[str]:
    """What the page then says."""
    fields = {"action": "give_back", "_selected_action": [outage.pk for outage in chosen]}
    answer = operator.post(OUTAGES, fields, follow=True)
    return [str(message) for message in answer.context["messages"]]


def change(operator: Client, pool: Pool, **fields: Any) -> Any:
    """Post the pool's page as it is but for `fields`."""
    page = f"/admin/pricing/pool/{pool.pk}/change/"
    form = operator.get(page).context["adminform"].form
    given = {name: form.initial[name] for name in form.fields} | fields
    said = {name: value for name, value in given.items() if value is not False and value is not None}
    return operator.post(page, said, follow=True)


def test_maintenance_is_planned_on_a_page_and_ended_from_the_list(operator: Client, pool: Pool) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    when = {"since_0": tomorrow.date(), "since_1": "10:00", "until_0": tomorrow.date(), "until_1": "12:00"}
    assert begin(operator, pool, **when).status_code == 302
    outage = Outage.objects.get()
    assert (outage.units, outage.start.hour, outage.end and outage.end.hour) == (3, 10, 12)
    assert str(outage.created_by) == "operator@example.com"
    assert give_back(operator, outage)[-1].startswith("On sale again from")
    assert [entry.capacity for entry in BookEntry.objects.order_by("number")] == [8, -3, 3]
    (said,) = give_back(operator, outage)
    assert "is over" in said


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"units": 9}, "units", "8 units are free, so 9 can't"),
        ({"units": 9, "cause": "lost"}, "units", "fewer than 9 units that are not lost"),
        ({"units": 0}, "units", "greater than or equal to 1"),
        ({"units": "many"}, "units", "whole number"),
        ({"units": 10**30}, "units", "so 1000"),
        ({"reason": ""}, "reason", "required"),
        ({"cause": "whim"}, "cause", "whim"),
        ({"pool": 77}, "pool", "choice"),
        ({"since_0": "2001-01-01", "since_1": "10:00"}, "since", "in the past, at 2001-01-01"),
        ({"since_0": "soon", "since_1": "10:00"}, "since", "date"),
        ({"until_0": "2001-01-01", "until_1": "10:00"}, "until", "not at 2001-01-01"),
        ({"until_0": "9999-12-31", "until_1": "23:59", "units": 9}, "units", "so 9 can't"),
    ],
)
def test_an_outage_that_cannot_be_is_told_beside_its_field_and_nothing_changes(
    operator: Client, pool: Pool, fields: dict[str, Any], name: str, words: str
) -> None:
    answer = begin(operator, pool, **fields)
    assert words in " ".join(answer.context["form"].errors[name])
    assert (Outage.objects.count(), BookEntry.objects.count()) == (0, 1)


def test_an_outage_is_not_rewritten_or_removed(operator: Client, pool: Pool) -> None:
    outage = outages.begin(actor=None, pool_id=pool.pk, cause=Outage.Cause.LOST, units=1, reason="node 3")
    page = f"{OUTAGES}{outage.pk}"
    assert operator.get(f"{page}/change/").status_code == 200
    assert operator.post(f"{page}/change/", {"units": 5}).status_code == 403
    assert operator.post(f"{page}/delete/", {"post": "yes"}).status_code == 403


def test_tenants_take_nothing_out_of_sale(ours: Tenant, pool: Pool) -> None:
    assert begin(ours.client("owner"), pool).status_code == 302
    assert not Outage.objects.exists()


def test_the_page_of_a_pool_shows_what_it_has_in_each_slot(operator: Client, pool: Pool) -> None:
    outages.begin(actor=None, pool_id=pool.pk, cause=Outage.Cause.LOST, units=5, reason="node 3")
    answer = operator.get(f"/admin/pricing/pool/{pool.pk}/change/")
    assert [(run.nominal, run.lost, run.for_sale) for run in answer.context["capacity"]] == [(8, 5, 3)]
    assert f"{OUTAGES}add/?pool={pool.pk}" in answer.content.decode()
    assert operator.get(f"{OUTAGES}add/?pool={pool.pk}").context["form"].initial == {"pool": str(pool.pk)}


def test_units_and_head_room_are_changed_together(operator: Client, pool: Pool) -> None:
    change(operator, pool, units=10, headroom_units=2)
    assert list(BookEntry.objects.order_by("number").values_list("cause", "capacity")) == [
        ("nominal", 8),
        ("nominal", 2),
        ("headroom", -2),
    ]
    pool.refresh_from_db()
    assert (pool.units, pool.headroom_units) == (10, 2)


def test_more_head_room_than_there_is_is_refused_beside_its_field(operator: Client, pool: Pool) -> None:
    answer = change(operator, pool, headroom_units=9)
    assert "has no 9 to keep" in str(answer.context["adminform"].form.errors["headroom_units"])
    assert BookEntry.objects.count() == 1
