"""A sweep: one request as a template, and the values of its placeholders, in all combinations. No Django models."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod

from django.utils.translation import gettext as _

from era_platform.common.errors import InvalidInput
from jobs.domain import JobRequest

MAX_REQUESTS = 10_000
MAX_PARAMETERS = 20
MAX_EXPANDED_BYTES = 64 * 1024 * 1024
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,59})\}")

Sweep = Mapping[str, Sequence[str]]


def faults(template: JobRequest, sweep: Sweep) -> dict[str, str]:
    """What is wrong with the sweep, by field (`sweep`, `sweep.lr`, `template`); empty where nothing is."""
    count = prod(len(values) for values in sweep.values())
    if not sweep:
        return {"sweep": _("A sweep needs at least one parameter with its values.")}
    if len(sweep) > MAX_PARAMETERS:
        return {"sweep": _("{count} parameters are more than {most}.").format(count=len(sweep), most=MAX_PARAMETERS)}
    found = {f"sweep.{name[:60]}": _parameter(name, values) for name, values in sweep.items()}
    used = {name for text in _texts(template) for name in _PLACEHOLDER.findall(text)}
    for name in sweep.keys() - used:
        place = f"sweep.{name[:60]}"
        found[place] = found[place] or _(
            "{{{name}}} stands nowhere in the template's name, command or env: it would change nothing."
        ).format(name=name[:60])
    if count > MAX_REQUESTS:
        found["sweep"] = _("{count} combinations are more than {most}.").format(count=count, most=MAX_REQUESTS)
    elif count * _longest(template, sweep) > MAX_EXPANDED_BYTES:
        found["template"] = _("Written out, the {count} combinations have more than {most} bytes.").format(
            count=count, most=MAX_EXPANDED_BYTES
        )
    return {name: fault for name, fault in found.items() if fault}


def expand(template: JobRequest, sweep: Sweep) -> Iterator[JobRequest]:
    """One request for each combination, the last parameter changing fastest. `{x}` of no parameter stays as it is."""
    for values in product(*sweep.values()):
        given = dict(zip(sweep, values, strict=True))
        yield replace(
            template,
            name=_fill(template.name, given),
            command=tuple(_fill(word, given) for word in template.command),
            env={name: _fill(text, given) for name, text in template.env.items()},
        )


def expanded(template: JobRequest, sweep: Sweep) -> list[JobRequest]:
    """The requests of the sweep. Raises InvalidInput naming what is wrong with it."""
    if found := faults(template, sweep):
        errors = [{"field": name, "detail": text, "code": InvalidInput.code} for name, text in found.items()]
        raise InvalidInput(errors[0]["detail"], field=errors[0]["field"], errors=errors)
    return list(expand(template, sweep))


def _fill(text: str, given: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: given.get(found[1], found[0]), text) if "{" in text else text


def _parameter(name: str, values: Sequence[str]) -> str:
    if not NAME.fullmatch(name):
        return _("{name} is not a name for a parameter.").format(name=repr(name[:60]))
    if not values:
        return _("The parameter {name} has no values.").format(name=name)
    if len(set(values)) < len(values):
        return _("The parameter {name} has a value twice.").format(name=name)
    return ""


def _texts(template: JobRequest) -> Iterator[str]:
    yield template.name
    yield from template.command
    yield from template.env.values()


def _longest(template: JobRequest, sweep: Sweep) -> int:
    """The most bytes that one written out request can have, roughly: each placeholder with its longest value."""
    longest = {name: max((len(value.encode()) for value in values), default=0) for name, values in sweep.items()}
    return sum(
        len(text.encode()) + sum(longest.get(name, 0) for name in _PLACEHOLDER.findall(text))
        for text in _texts(template)
    )
