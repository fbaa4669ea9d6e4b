"""Whether a request is of a size that the pool takes: no fewer and no more units and slots than its policy says,
and units that can be split over its nodes."""

from django.utils.translation import gettext as _

from era_platform.common.errors import InvalidInput
from pricing import nodes
from pricing.domain import Ask, ways
from pricing.models import Pool


def check(pool: Pool, ask: Ask) -> None:
    """Raises InvalidInput with each field that lies outside."""
    found = faults(pool, ask)
    if found:
        errors = [{"field": name, "detail": text, "code": InvalidInput.code} for name, text in found.items()]
        raise InvalidInput(errors[0]["detail"], field=errors[0]["field"], errors=errors)


def faults(pool: Pool, ask: Ask) -> dict[str, str]:
    """What is outside, by field (`units`, `duration`, `nodes`); of a flexible ask the first configuration that is."""
    limits, found = pool.limits, dict[str, str]()
    if uneven := nodes.fault(ask.step, [way.units for way in ask.configurations]):
        found["nodes"] = uneven
    for number, way in enumerate(ways(ask, slot_seconds=pool.slot_seconds)):
        place = _("Configuration {number}: ").format(number=number + 1) if ask.also else ""
        if not limits.holds_units(way.units):
            found.setdefault("units", place + _units(pool, way.units))
        if not limits.holds_slots(way.slots):
            found.setdefault("duration", place + _duration(pool, way.slots))
    return found


def _units(pool: Pool, units: int) -> str:
    if units < pool.min_units:
        text = _("The pool {pool} takes no request for fewer than {least} units; {units} were asked for.")
        return text.format(pool=pool.slug, least=pool.min_units, units=units)
    text = _("The pool {pool} takes no request for more than {most} units; {units} were asked for.")
    return text.format(pool=pool.slug, most=pool.max_units, units=units)


def _duration(pool: Pool, slots: int) -> str:
    if slots < pool.min_slots:
        text = _("The pool {pool} takes no run of fewer than {least} slots of {seconds} s; this one has {slots}.")
        return text.format(pool=pool.slug, least=pool.min_slots, seconds=pool.slot_seconds, slots=slots)
    text = _("The pool {pool} takes no run of more than {most} slots of {seconds} s; this one has {slots}.")
    return text.format(pool=pool.slug, most=pool.max_slots, seconds=pool.slot_seconds, slots=slots)
