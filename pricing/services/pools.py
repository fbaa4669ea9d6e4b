"""Makes pools, and changes what they have to sell."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput
from pricing.models import BookEntry, Pool
from pricing.models.book import OPEN_END
from pricing.selectors import books
from pricing.services import book, forecasts

PRICES = ("floor_price", "list_price", "ceiling_price")


def create_pool(
    *,
    actor: User | None,
    slug: str,
    name: str,
    slot_seconds: int,
    horizon_slots: int,
    units: int,
    unit_cpus: Decimal,
    unit_memory_mib: int,
    floor_price: int,
    list_price: int,
    ceiling_price: int,
    **more: Any,
) -> Pool:
    """A pool with its whole capacity on sale from now on, priced by utilization until it has a history."""
    pool = Pool(
        slug=slug,
        name=name,
        slot_seconds=slot_seconds,
        horizon_slots=horizon_slots,
        units=units,
        unit_cpus=unit_cpus,
        unit_memory_mib=unit_memory_mib,
        floor_price=floor_price,
        list_price=list_price,
        ceiling_price=ceiling_price,
        **more,
    )
    pool.full_clean()
    with transaction.atomic():
        pool.save()
        open_for_sale(pool, actor=actor)
    return pool


def open_for_sale(pool: Pool, *, actor: User | None) -> None:
    """Put a new pool's units into its book and publish its first forecast."""
    book.append(
        pool,
        kind=BookEntry.Kind.CAPACITY,
        start_slot=clock.slot_at(clock.now(), pool.slot_seconds),
        end_slot=OPEN_END,
        capacity=pool.units,
        memo="nominal",
    )
    forecasts.publish_prior(pool)
    audit.record("pool.created", actor=actor, target=pool.slug, units=pool.units)


def change_capacity(*, actor: User | None, pool_id: int, units: int) -> Pool:
    """Sell `units` units from the next slot on. Raises Conflict where more is already promised."""
    if units < 1:
        raise InvalidInput(_("A pool needs at least 1 unit, not {units}.").format(units=units), field="units")
    with transaction.atomic():
        pool = book.lock_pool(pool_id)
        if units == pool.units:
            return pool
        first = clock.slot_at(clock.now(), pool.slot_seconds) + 1
        _check_promised(pool, first, units - pool.units)
        book.append(
            pool,
            kind=BookEntry.Kind.CAPACITY,
            start_slot=first,
            end_slot=OPEN_END,
            capacity=units - pool.units,
            memo="nominal",
        )
        was, pool.units = pool.units, units
        pool.full_clean()
        pool.save(update_fields=["units"])
        audit.record("pool.capacity_changed", actor=actor, target=pool.slug, was=was, units=units)
    return pool


def change_prices(*, actor: User | None, pool_id: int, floor: int, listed: int, ceiling: int) -> Pool:
    """Set the pool's prices; they hold from the next decision on, and never for what is already promised."""
    with transaction.atomic():
        pool = book.lock_pool(pool_id)
        was = {name: getattr(pool, name) for name in PRICES}
        pool.floor_price, pool.list_price, pool.ceiling_price = floor, listed, ceiling
        pool.full_clean()
        pool.save(update_fields=list(PRICES))
        forecasts.publish_prior(pool)
        audit.record("pool.prices_changed", actor=actor, target=pool.slug, was=was)
    return pool


def _check_promised(pool: Pool, first: int, change: int) -> None:
    with books.current(pool, first, first + pool.horizon_slots) as now:
        free = now.capacity - now.promised
        start = first - now.first_slot
        short = free[start:] + change < 0
    if short.any():
        slot = first + int(short.argmax())
        raise Conflict(
            _("In the slot of {moment} more is promised than that; end or move those reservations first.").format(
                moment=clock.slot_start(slot, pool.slot_seconds).isoformat()
            ),
            field="units",
        )
