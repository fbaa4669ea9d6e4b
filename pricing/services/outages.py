"""Takes units of a pool out of sale for a while, and gives them back."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput, NotFound
from pricing.models import BookEntry, Outage, Pool
from pricing.models.book import OPEN_END
from pricing.selectors import capacity
from pricing.services import book


def begin(
    *,
    actor: User | None,
    pool_id: int,
    cause: Outage.Cause,
    units: int,
    reason: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Outage:
    """Take `units` out of every slot that [since, until) touches: from the running slot on, until further notice.

    Maintenance leaves what is promised alone. Lost units are away whatever is promised: where that is more
    than is left, nothing is sold until they are back. Raises InvalidInput, or Conflict naming the slot.
    """
    with transaction.atomic():
        pool = book.lock_pool(pool_id)
        start, end = slots(pool, since, until)
        if units < 1:
            raise InvalidInput(_("An outage takes at least 1 unit, not {units}.").format(units=units), field="units")
        if not reason.strip():
            raise InvalidInput(_("Say why: whoever looks at the outage later wants to know."), field="reason")
        if cause == Outage.Cause.MAINTENANCE:
            book.check_free(pool, start, end, units)
        else:
            _check_there(pool, start, end, units)
        outage = Outage(
            pool=pool, cause=cause, units=units, start_slot=start, end_slot=end, reason=reason, created_by=actor
        )
        outage.full_clean()
        outage.save()
        _book(pool, outage, start, -units)
        _record("pool.outage_began", actor, outage)
    return outage


def end(*, actor: User | None, outage_id: int) -> Outage:
    """Give an outage's units back from the next slot on; all of them where it has not begun. Raises Conflict."""
    found = Outage.objects.filter(pk=outage_id).first()
    if found is None:
        raise NotFound(_("There is no outage {id}.").format(id=outage_id))
    with transaction.atomic():
        pool = book.lock_pool(found.pool_id)
        outage = Outage.objects.get(pk=outage_id)
        first = max(outage.start_slot, pool.slot_now() + 1)
        if outage.back_from is not None or outage.end_slot <= first:
            raise Conflict(_("The outage “{outage}” is over, or will be with the running slot.").format(outage=outage))
        outage.back_from = first
        outage.save(update_fields=["back_from"])
        _book(pool, outage, first, outage.units)
        _record("pool.outage_ended", actor, outage)
    return outage


def slots(pool: Pool, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """The slots that [since, until) touches. Raises InvalidInput for a past or an empty one."""
    now = pool.slot_now()
    start = now if since is None else clock.slot_at(since, pool.slot_seconds)
    end = OPEN_END if until is None else clock.slot_at_or_after(until, pool.slot_seconds)
    if since is not None and start < now:
        raise InvalidInput(
            _("An outage can't begin in the past, at {moment}. Leave it out for one that begins now.").format(
                moment=since.isoformat()
            ),
            field="since",
        )
    if until is not None and end <= start:
        raise InvalidInput(
            _("An outage must end after it begins, not at {moment}.").format(moment=until.isoformat()), field="until"
        )
    return start, end


def _check_there(pool: Pool, start: int, end: int, units: int) -> None:
    """Raises Conflict where the pool does not have so many units that are not lost already."""
    parts = capacity.steps_by_cause(pool, start)
    there = parts[BookEntry.Cause.NOMINAL].plus(parts[BookEntry.Cause.LOST])
    short = there.first_short(start, end, units)
    if short is not None:
        raise Conflict(
            _("In the slot of {moment} the pool has fewer than {units} units that are not lost already.").format(
                moment=clock.slot_start(short, pool.slot_seconds).isoformat(), units=units
            ),
            field="units",
        )


def _book(pool: Pool, outage: Outage, first: int, change: int) -> None:
    book.append(
        pool,
        kind=BookEntry.Kind.CAPACITY,
        start_slot=first,
        end_slot=outage.end_slot,
        capacity=change,
        cause=BookEntry.Cause(outage.cause),
        memo=f"outage {outage.pk}",
    )


def _record(action: str, actor: User | None, outage: Outage) -> None:
    audit.record(
        action,
        actor=actor,
        target=outage.pool.slug,
        outage=outage.pk,
        cause=str(outage.cause),
        units=outage.units,
        reason=outage.reason,
    )
