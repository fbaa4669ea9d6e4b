"""A pool's policy: what is outside of it is refused by name, and a change holds from the next decision on."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import AuditEvent
from era_platform.common import clock
from era_platform.common.errors import InvalidInput
from era_platform.common.money import MICRO
from pricing.domain import AlternativeKind, Ask, Configuration
from pricing.models import Forecast, Pool
from pricing.services import forecasts, pools, quotes
from tests.factories import Tenant, a_pool, a_user, signed_in
from tests.pricing.test_admin import change

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return signed_in(a_user("operator@example.com", is_staff=True))


@pytest.fixture
def pool() -> Pool:
    """8 units; takes 2 to 4 of them for 3 to 10 slots of a minute."""
    return a_pool("gpu", min_units=2, max_units=4, min_slots=3, max_slots=10)


def ask(**fields: Any) -> Ask:
    return Ask(**{"units": 3, "duration": 300, "deadline": clock.now() + timedelta(hours=2), **fields})


def latest(pool: Pool) -> Forecast:
    pool.refresh_from_db()
    return Forecast.objects.get(pool=pool, version=pool.forecast_version)


def changes_recorded() -> list[AuditEvent]:
    with scopes_disabled():
        return list(AuditEvent.objects.filter(action="pool.policy_changed").select_related("actor"))


def learnt(pool: Pool) -> Forecast:
    """A forecast by lag as a refit publishes it: 8 units at 20,000, and 4 of them at 90,000 micro-credits."""
    return forecasts.publish(
        pool, method="back-test", curves=[[[90_000, 4], [20_000, 8]]], lags=[0], made_in=pool.slot_now(), requests=9
    )


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"units": 1}, "units", "fewer than 2 units; 1 were"),
        ({"units": 5}, "units", "more than 4 units; 5 were"),
        ({"duration": 120}, "duration", "fewer than 3 slots of 60 s; this one has 2"),
        ({"duration": 601}, "duration", "more than 10 slots of 60 s; this one has 11"),
        ({"also": (Configuration(4, 300), Configuration(8, 300))}, "units", "Configuration 3: .* more than 4"),
        ({"also": (Configuration(4, 60),)}, "duration", "Configuration 2: .* fewer than 3"),
    ],
)
def test_what_the_pool_does_not_take_is_no_quote_but_an_error(
    pool: Pool, fields: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        quotes.quote(pool, ask(**fields))
    assert raised.value.field == field


@pytest.mark.parametrize("fields", [{"units": 2}, {"units": 4}, {"duration": 121}, {"duration": 600}])
def test_the_limits_themselves_are_taken(pool: Pool, fields: dict[str, Any]) -> None:
    assert quotes.quote(pool, ask(**fields)).answer.accepted


def test_both_sizes_are_told_at_once(pool: Pool) -> None:
    with pytest.raises(InvalidInput) as raised:
        quotes.quote(pool, ask(units=1, duration=60))
    assert [each["field"] for each in raised.value.extra["errors"]] == ["units", "duration"]


def offered(pool: Pool, value: int) -> dict[AlternativeKind, tuple[int, int]]:
    """Units and slots of each counter-offer."""
    answer = quotes.quote(pool, ask(value=value)).answer
    assert not answer.accepted
    return {each.kind: (each.units, each.offer.end_slot - each.offer.start_slot) for each in answer.alternatives}


def test_counter_offers_are_of_a_size_that_is_taken(pool: Pool) -> None:
    price = quotes.quote(pool, ask()).answer.offer
    assert price
    near = offered(pool, price.total * 7 // 10)
    assert near[AlternativeKind.UNITS][0] == 2
    assert near[AlternativeKind.DURATION][1] >= 3
    far = offered(pool, price.total // 5)
    assert set(far) == {AlternativeKind.VALUE}
    Pool.objects.update(min_units=1, min_slots=1)
    pool.refresh_from_db()
    assert offered(pool, price.total // 5).keys() > far.keys()


def test_a_change_is_in_the_audit_record_and_nothing_else_is(pool: Pool) -> None:
    pools.change_policy(actor=None, pool_id=pool.pk, max_units=6, min_slots=3)
    pools.change_policy(actor=None, pool_id=pool.pk, max_units=6)
    assert [event.detail for event in changes_recorded()] == [{"was": {"max_units": 4}, "now": {"max_units": 6}}]


def test_a_change_holds_from_the_next_decision_on(pool: Pool) -> None:
    pools.change_policy(actor=None, pool_id=pool.pk, max_units=None)
    pool.refresh_from_db()
    assert quotes.quote(pool, ask(units=8)).answer.accepted


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"min_units": 5}, "4 is less than the least, 5"),
        ({"min_units": 9, "max_units": None}, "9 is more than the 8 there are"),
        ({"min_units": 0}, "greater than or equal to 1"),
        ({"max_slots": 2}, "2 is less than the least, 3"),
        ({"min_slots": 2000, "max_slots": None}, "2000 is more than the 1440"),
        ({"floor_price": MICRO}, "floor ≤ list ≤ ceiling"),
        ({"uses_forecast": "perhaps"}, "perhaps"),
        ({"max_units": "many"}, "many"),
    ],
)
def test_a_policy_that_makes_no_sense_changes_nothing(pool: Pool, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        pools.change_policy(actor=None, pool_id=pool.pk, **changes)
    assert Pool.objects.filter(min_units=2, max_units=4, min_slots=3, max_slots=10, forecast_version=1).exists()


def test_what_is_no_part_of_the_policy_is_named(pool: Pool) -> None:
    with pytest.raises(InvalidInput, match="slot_seconds is no part"):
        pools.change_policy(actor=None, pool_id=pool.pk, slot_seconds=5)


def test_what_was_learnt_is_kept_within_new_prices(pool: Pool) -> None:
    made_in = learnt(pool).made_in
    pools.change_policy(actor=None, pool_id=pool.pk, floor_price=25_000, list_price=30_000, ceiling_price=50_000)
    now = latest(pool)
    assert (now.method, now.made_in, now.floor_price) == ("back-test", made_in, 25_000)
    assert now.curves == [[[50_000, 4], [25_000, 8]]]


def test_switched_off_the_prior_holds_at_once(pool: Pool) -> None:
    learnt(pool)
    pools.change_policy(actor=None, pool_id=pool.pk, uses_forecast=False)
    assert (latest(pool).method, pool.forecast_version) == ("utilization-prior", 3)


def test_limits_alone_make_no_new_forecast(pool: Pool) -> None:
    pools.change_policy(actor=None, pool_id=pool.pk, max_units=7)
    assert latest(pool).version == 1


def test_the_policy_is_set_in_the_administration(operator: Client, pool: Pool) -> None:
    learnt(pool)
    change(operator, pool, max_units=7, uses_forecast=False, max_slots="")
    now = latest(pool)
    assert (pool.max_units, pool.max_slots, pool.uses_forecast, now.method) == (7, None, False, "utilization-prior")
    (event,) = changes_recorded()
    assert str(event.actor) == "operator@example.com"


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"max_units": 1}, "max_units", "1 is less than the least, 2"),
        ({"min_units": 99}, "min_units", "99 is more than the 8"),
        ({"max_slots": 2}, "max_slots", "2 is less than the least, 3"),
        ({"min_slots": "few"}, "min_slots", "whole number"),
        ({"ceiling_price": 1}, "__all__", "floor ≤ list ≤ ceiling"),
    ],
)
def test_a_wrong_policy_is_told_beside_its_field(
    operator: Client, pool: Pool, fields: dict[str, Any], name: str, words: str
) -> None:
    answer = change(operator, pool, **fields)
    assert words in " ".join(answer.context["adminform"].form.errors[name])
    assert not changes_recorded()


def test_the_form_of_a_job_says_what_the_pool_does_not_take(ours: Tenant, pool: Pool) -> None:
    query: dict[str, Any] = {
        "units": 5,
        "duration_amount": 5,
        "duration_unit": "minutes",
        "deadline": "2100-01-01T00:00",
        "value": "1",
    }
    answer = ours.client().get(ours.page(f"pools/{pool.slug}/quote/"), query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["units"]
    assert "more than 4 units" in answer.json()["html"]
