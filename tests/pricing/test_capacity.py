"""Capacity per slot: nominal, maintenance, head-room, lost; what is promised stays, and what is away isn't sold."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scopes_disabled

from accounts.models import AuditEvent
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput, NotFound
from pricing.domain import Ask, Reason
from pricing.models import BookEntry, Outage, Pool
from pricing.models.book import OPEN_END
from pricing.selectors.capacity import CapacityRun, capacity_ahead
from pricing.selectors.prices import slot_prices
from pricing.services import book, outages, pools
from pricing.services.quotes import quote
from tests.factories import a_pool

pytestmark = pytest.mark.django_db

MAINTENANCE, LOST = Outage.Cause.MAINTENANCE, Outage.Cause.LOST


@pytest.fixture(autouse=True)
def held_clock() -> Iterator[None]:
    with clock.freeze(clock.now().replace(second=10, microsecond=0)):
        yield


@pytest.fixture
def pool() -> Pool:
    """8 units in one-minute slots."""
    return a_pool("gpu")


def promise(pool: Pool, start: int, end: int, units: int) -> None:
    """Promise units in slots counted from the next one."""
    first = pool.slot_now() + 1
    with transaction.atomic():
        book.append(
            book.lock_pool(pool.pk),
            kind=BookEntry.Kind.RESERVE,
            start_slot=first + start,
            end_slot=first + end,
            units=units,
        )


def begin(pool: Pool, units: int, start: int | None = None, end: int | None = None, **more: Any) -> Outage:
    """Maintenance in slots counted from the next one; None: from now on, until further notice."""
    since, until = (None if slot is None else moment(pool, slot) for slot in (start, end))
    given = {"actor": None, "cause": MAINTENANCE, "reason": "disks", **more}
    return outages.begin(pool_id=pool.pk, units=units, since=since, until=until, **given)


def moment(pool: Pool, slot: int) -> Any:
    return clock.slot_start(pool.slot_now() + 1 + slot, pool.slot_seconds)


def free(pool: Pool, slots: int = 6) -> list[int]:
    """Units for sale in the next slots."""
    return slot_prices(Pool.objects.get(pk=pool.pk), units=1).free[:slots].tolist()


def run(pool: Pool, at: int = 0) -> CapacityRun:
    """The run that has this slot, counted from the next one."""
    return next(one for one in capacity_ahead(Pool.objects.get(pk=pool.pk)) if one.end > moment(pool, at))


def test_maintenance_takes_its_units_in_its_slots_alone(pool: Pool) -> None:
    begin(pool, 3, 1, 4)
    assert free(pool) == [8, 5, 5, 5, 8, 8]


def test_a_slot_that_is_only_touched_is_away_as_a_whole(pool: Pool) -> None:
    half = timedelta(seconds=30)
    outages.begin(
        actor=None,
        pool_id=pool.pk,
        cause=MAINTENANCE,
        units=3,
        reason="disks",
        since=moment(pool, 1) + half,
        until=moment(pool, 3) + half,
    )
    assert free(pool) == [8, 5, 5, 5, 8, 8]


def test_maintenance_leaves_what_is_promised_and_names_the_slot(pool: Pool) -> None:
    promise(pool, 2, 4, 6)
    with pytest.raises(Conflict, match=moment(pool, 2).isoformat().replace("+", r"\+")) as refused:
        begin(pool, 3, 1, 4)
    assert refused.value.field == "units"
    assert (Outage.objects.count(), free(pool)) == (0, [8, 8, 2, 2, 8, 8])
    begin(pool, 2, 1, 4)
    assert free(pool) == [8, 6, 0, 0, 8, 8]


def test_maintenance_on_top_of_maintenance_never_takes_more_than_there_is(pool: Pool) -> None:
    begin(pool, 5, 0, 3)
    begin(pool, 3, 2, 5)
    with pytest.raises(Conflict):
        begin(pool, 1, 2, 3)
    assert free(pool) == [3, 3, 0, 5, 5, 8]


def test_far_ahead_of_the_horizon_too(pool: Pool) -> None:
    begin(pool, 8, 10**6)
    with pytest.raises(Conflict):
        begin(pool, 1, 5, 10**6 + 1)


def test_maintenance_that_ends_early_gives_the_slots_from_the_next_one_on(pool: Pool) -> None:
    outage = begin(pool, 3, None, 5)
    assert free(pool) == [5, 5, 5, 5, 5, 8]
    clock.advance(2 * pool.slot_seconds)
    assert free(pool, 4) == [5, 5, 5, 8]
    outages.end(actor=None, outage_id=outage.pk)
    assert free(pool, 4) == [8, 8, 8, 8]
    assert run(pool, -1).maintenance == 3, "the running slot stays as it is"


def test_maintenance_that_is_called_off_never_was(pool: Pool) -> None:
    outage = begin(pool, 3, 2, 5)
    outages.end(actor=None, outage_id=outage.pk)
    assert free(pool) == [8] * 6
    assert Outage.objects.get().start == Outage.objects.get().end


def test_an_outage_ends_once(pool: Pool) -> None:
    outage = begin(pool, 3, 0, 2)
    outages.end(actor=None, outage_id=outage.pk)
    with pytest.raises(Conflict, match="is over"):
        outages.end(actor=None, outage_id=outage.pk)
    assert free(pool) == [8] * 6


def test_an_outage_whose_time_has_passed_has_nothing_to_give_back(pool: Pool) -> None:
    outage = begin(pool, 3, None, 0)
    with pytest.raises(Conflict, match="gpu: 3"):
        outages.end(actor=None, outage_id=outage.pk)
    with pytest.raises(NotFound, match="77"):
        outages.end(actor=None, outage_id=77)
    assert BookEntry.objects.count() == 2


def test_lost_units_are_away_whatever_is_promised_and_nothing_more_is_sold_there(pool: Pool) -> None:
    promise(pool, 0, 2, 6)
    outage = begin(pool, 5, cause=LOST)
    assert free(pool) == [0, 0, 3, 3, 3, 3]
    prices = slot_prices(Pool.objects.get(), units=1)
    assert prices.costs[:3].tolist() == [-1, -1, prices.costs[2]]
    assert (run(pool).promised, run(pool).lost, run(pool).short) == (6, 5, 3)
    outages.end(actor=None, outage_id=outage.pk)
    assert free(pool) == [2, 2, 8, 8, 8, 8]


def test_where_too_much_is_promised_a_request_is_refused_and_sold_the_next_slot(pool: Pool) -> None:
    promise(pool, 0, 2, 6)
    begin(pool, 5, cause=LOST)
    ask = Ask(units=1, duration=60, deadline=moment(pool, 2))
    assert quote(Pool.objects.get(), ask).answer.reason is Reason.NO_CAPACITY
    offer = quote(Pool.objects.get(), Ask(units=1, duration=60, deadline=moment(pool, 9))).answer.offer
    assert offer is not None
    assert offer.start_slot == pool.slot_now() + 3


def test_what_cannot_be_lost_again_is_refused(pool: Pool) -> None:
    begin(pool, 5, cause=LOST)
    with pytest.raises(Conflict, match="fewer than 4 units that are not lost already"):
        begin(pool, 4, cause=LOST)
    begin(pool, 3, cause=LOST)
    assert free(pool) == [0] * 6


def test_units_lost_during_maintenance_may_be_those_in_maintenance(pool: Pool) -> None:
    begin(pool, 6, 0, 3)
    lost = begin(pool, 8, cause=LOST)
    assert (free(pool), run(pool).for_sale) == ([0] * 6, 0)
    outages.end(actor=None, outage_id=lost.pk)
    assert free(pool) == [2, 2, 2, 8, 8, 8]


def test_head_room_is_kept_from_sale_from_the_next_slot_on(pool: Pool) -> None:
    pools.change_capacity(actor=None, pool_id=pool.pk, units=8, headroom_units=2)
    assert free(pool) == [6] * 6
    assert (run(pool, -1).headroom, run(pool, 0).headroom) == (0, 2)
    pools.change_capacity(actor=None, pool_id=pool.pk, units=8, headroom_units=1)
    assert free(pool) == [7] * 6


def test_head_room_takes_nothing_from_what_is_promised(pool: Pool) -> None:
    promise(pool, 0, 2, 7)
    pools.change_capacity(actor=None, pool_id=pool.pk, units=8, headroom_units=3)
    assert free(pool) == [0, 0, 5, 5, 5, 5]
    assert run(pool).short == 0, "each of them has a machine"


def test_a_pool_can_begin_with_head_room() -> None:
    pool = a_pool(units=8, headroom_units=3)
    assert free(pool) == [5] * 6


def test_fewer_units_may_come_out_of_the_head_room(pool: Pool) -> None:
    pools.change_capacity(actor=None, pool_id=pool.pk, units=8, headroom_units=3)
    promise(pool, 2, 3, 5)
    with pytest.raises(Conflict, match="0 units are free, so 1 can't"):
        pools.change_capacity(actor=None, pool_id=pool.pk, units=6, headroom_units=2)
    pools.change_capacity(actor=None, pool_id=pool.pk, units=5, headroom_units=0)
    assert free(pool) == [5, 5, 0, 5, 5, 5]


def test_fewer_units_are_refused_where_more_is_promised_whatever_the_head_room(pool: Pool) -> None:
    promise(pool, 0, 1, 8)
    pools.change_capacity(actor=None, pool_id=pool.pk, units=8, headroom_units=3)
    with pytest.raises(Conflict):
        pools.change_capacity(actor=None, pool_id=pool.pk, units=5, headroom_units=0)
    pools.change_capacity(actor=None, pool_id=pool.pk, units=9)
    assert free(pool) == [0, 6, 6, 6, 6, 6]


@pytest.mark.parametrize(
    ("units", "headroom", "field", "words"),
    [(0, 0, "units", "not 0"), (8, 9, "headroom_units", "not 9"), (8, -1, "headroom_units", "not -1")],
)
def test_sizes_that_make_no_sense_are_refused_by_name(
    pool: Pool, units: int, headroom: int, field: str, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        pools.change_capacity(actor=None, pool_id=pool.pk, units=units, headroom_units=headroom)
    assert refused.value.field == field
    assert BookEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("units", "start", "end", "field"),
    [(0, 1, 2, "units"), (-3, 1, 2, "units"), (1, 2, 2, "until"), (1, 3, 1, "until"), (1, -2, 5, "since")],
)
@pytest.mark.parametrize("cause", Outage.Cause.values)
def test_outages_that_make_no_sense_are_refused_by_name(
    pool: Pool, units: int, start: int, end: int, field: str, cause: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        begin(pool, units, start, end, cause=Outage.Cause(cause))
    assert refused.value.field == field
    assert (Outage.objects.count(), BookEntry.objects.count()) == (0, 1)


def test_an_outage_says_why(pool: Pool) -> None:
    with pytest.raises(InvalidInput, match="Say why"):
        begin(pool, 1, 1, 2, reason=" ")
    assert BookEntry.objects.count() == 1


def test_all_of_it_is_on_the_record(pool: Pool) -> None:
    outages.end(actor=None, outage_id=begin(pool, 3, 1, 4).pk)
    pools.change_capacity(actor=None, pool_id=pool.pk, units=9, headroom_units=1)
    with scopes_disabled():
        events = {event.action: event.detail for event in AuditEvent.objects.filter(target="gpu")}
    assert events["pool.outage_began"] == events["pool.outage_ended"]
    assert events["pool.outage_began"]["units"] == 3
    assert events["pool.capacity_changed"] == {
        "was": {"units": 8, "headroom_units": 0},
        "now": {"units": 9, "headroom_units": 1},
    }


def test_each_entry_says_which_part_of_the_capacity_it_changes(pool: Pool) -> None:
    begin(pool, 1, cause=LOST)
    begin(pool, 2, 1, 4)
    pools.change_capacity(actor=None, pool_id=pool.pk, units=9, headroom_units=1)
    promise(pool, 0, 1, 1)
    assert list(BookEntry.objects.order_by("number").values_list("cause", "capacity")) == [
        ("nominal", 8),
        ("lost", -1),
        ("maintenance", -2),
        ("nominal", 1),
        ("headroom", -1),
        ("", 0),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        book.append(book.lock_pool(pool.pk), kind=BookEntry.Kind.CAPACITY, start_slot=0, end_slot=OPEN_END, capacity=1)


def test_the_parts_are_shown_as_runs_from_the_running_slot_to_the_horizon(pool: Pool) -> None:
    promise(pool, 1, 2, 2)
    begin(pool, 3, 1, 4)
    begin(pool, 1, cause=LOST)
    now, *rest = capacity_ahead(Pool.objects.get())
    assert now == CapacityRun(
        moment(pool, -1), moment(pool, 1), nominal=8, maintenance=0, headroom=0, lost=1, for_sale=7, promised=0, short=0
    )
    assert [(one.maintenance, one.lost, one.for_sale, one.promised) for one in rest] == [(3, 1, 4, 2), (0, 1, 7, 0)]
    assert rest[-1].end == moment(pool, pool.horizon_slots)
