"""Makes pools, and changes what they have to sell."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from era_platform.common.errors import InvalidInput
from pricing.models import BookEntry, Pool
from pricing.models.book import OPEN_END
from pricing.refunds import Policy
from pricing.services import book, forecasts, refund_policies

PRICES = ("floor_price", "list_price", "ceiling_price")
LIMITS = ("min_units", "max_units", "min_slots", "max_slots")
POLICY = (*PRICES, "uses_forecast", *LIMITS)


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
    refunds: Policy | None = None,
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
        open_for_sale(pool, actor=actor, refunds=refunds)
    return pool


def open_for_sale(pool: Pool, *, actor: User | None, refunds: Policy | None = None) -> None:
    """Put a new pool's units into its book, publish its first forecast and give it a refund policy."""
    refund_policies.publish(pool, refunds or Policy(), actor=actor)
    book.append_many(pool, _entries(pool.slot_now(), pool.units, pool.headroom_units))
    forecasts.publish_prior(pool)
    audit.record("pool.created", actor=actor, target=pool.slug, units=pool.units, headroom_units=pool.headroom_units)


def change_capacity(*, actor: User | None, pool_id: int, units: int, headroom_units: int | None = None) -> Pool:
    """Have `units` units from the next slot on, and keep `headroom_units` of them from sale (None: as many as now).

    Head-room takes nothing from what is promised: where less than that is free, nothing more is sold.
    Raises InvalidInput, or Conflict naming the slot in which more than `units` is promised.
    """
    with transaction.atomic():
        pool = book.lock_pool(pool_id)
        headroom = pool.headroom_units if headroom_units is None else headroom_units
        _check_sizes(units, headroom)
        first, more, kept = pool.slot_now() + 1, units - pool.units, headroom - pool.headroom_units
        if more < 0:
            book.check_free(pool, first, OPEN_END, min(kept, 0) - more)
        was = {"units": pool.units, "headroom_units": pool.headroom_units}
        pool.units, pool.headroom_units = units, headroom
        pool.full_clean()
        book.append_many(pool, _entries(first, more, kept))
        pool.save(update_fields=["units", "headroom_units"])
        if more or kept:
            now = {"units": units, "headroom_units": headroom}
            audit.record("pool.capacity_changed", actor=actor, target=pool.slug, was=was, now=now)
    return pool


def change_prices(*, actor: User | None, pool_id: int, floor: int, listed: int, ceiling: int) -> Pool:
    """Set the pool's prices, all of them."""
    return change_policy(actor=actor, pool_id=pool_id, floor_price=floor, list_price=listed, ceiling_price=ceiling)


def change_policy(*, actor: User | None, pool_id: int, **changes: Any) -> Pool:
    """Set what `changes` names of POLICY; it holds from the next decision on, never for what is already promised.

    Raises InvalidInput for what is no part of the policy, ValidationError naming what makes no sense.
    """
    unknown = sorted(set(changes) - set(POLICY))
    if unknown:
        text = _("{name} is no part of a pool's policy: {all}.")
        raise InvalidInput(text.format(name=unknown[0][:60], all=", ".join(POLICY)), field=unknown[0])
    with transaction.atomic():
        pool = book.lock_pool(pool_id)
        was = {name: getattr(pool, name) for name, value in changes.items() if getattr(pool, name) != value}
        for name in was:
            setattr(pool, name, changes[name])
        pool.full_clean()
        if was:
            pool.save(update_fields=list(was))
            if set(was) - set(LIMITS):
                forecasts.publish_for_policy(pool)
            now = {name: changes[name] for name in was}
            audit.record("pool.policy_changed", actor=actor, target=pool.slug, was=was, now=now)
    return pool


def _check_sizes(units: int, headroom: int) -> None:
    if units < 1:
        raise InvalidInput(_("A pool needs at least 1 unit, not {units}.").format(units=units), field="units")
    if not 0 <= headroom <= units:
        raise InvalidInput(
            _("The head-room must be between 0 and the pool's {units} units, not {headroom}.").format(
                units=units, headroom=headroom
            ),
            field="headroom_units",
        )


def _entries(first: int, units: int, headroom: int) -> list[book.EntryFields]:
    """So many more units, and so many more of them kept from sale, from slot `first` on."""
    changes = {BookEntry.Cause.NOMINAL: units, BookEntry.Cause.HEADROOM: -headroom}
    return [
        book.EntryFields(
            kind=BookEntry.Kind.CAPACITY, start_slot=first, end_slot=OPEN_END, capacity=change, cause=cause
        )
        for cause, change in changes.items()
        if change
    ]
