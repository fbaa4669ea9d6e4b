"""Which days a reading page is to show: the last so many, or those from one to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from era_platform.common import clock
from era_platform.common.errors import InvalidInput

CHOICES = (
    (1, gettext_lazy("Today")),
    (7, gettext_lazy("A week")),
    (30, gettext_lazy("A month")),
    (90, gettext_lazy("A quarter")),
    (365, gettext_lazy("A year")),
)
USUAL, MOST = 30, 366
BY_HOUR = 2
"""Days that are shown hour by hour at most."""
EARLIEST = date(2000, 1, 1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Days (UTC), both ends included; `days` is the choice that was made, None for dates."""

    since: date
    until: date
    days: int | None = None

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.since, time(), UTC)

    @property
    def end(self) -> datetime:
        """After the last moment."""
        return datetime.combine(self.until, time(), UTC) + DAY

    @property
    def length(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def by_hour(self) -> bool:
        return self.length <= BY_HOUR

    @property
    def query(self) -> str:
        """What asks for it again."""
        chosen = {"days": self.days} if self.days else {"since": self.since, "until": self.until}
        return urlencode(chosen)


def last(days: int) -> Period:
    """Today included."""
    today = clock.now().date()
    return Period(today - (days - 1) * DAY, today, days)


def asked(query: Mapping[str, str]) -> Period:
    """From `days`, or from `since` and `until`, which count more. Raises InvalidInput."""
    chosen = _chosen(query.get("days") or str(USUAL))
    since, until = _date(query, "since"), _date(query, "until")
    if since is None and until is None:
        return chosen
    until = min(until or chosen.until, chosen.until)
    since = since or max(EARLIEST, until - (chosen.length - 1) * DAY)
    if since > until:
        text = _("A period must not begin after it ends or in the future, as {since} does.")
        raise InvalidInput(text.format(since=since), field="since")
    found = Period(since, until)
    if found.length > MOST:
        text = _("A period has at most {most} days; this one has {count}.")
        raise InvalidInput(text.format(most=MOST, count=found.length), field="since")
    return found


def _chosen(text: str) -> Period:
    numbers = [str(days) for days, _label in CHOICES]
    if text not in numbers:
        said = _("days must be one of {all}, not “{one}”.")
        raise InvalidInput(said.format(all=", ".join(numbers), one=text[:40]), field="days")
    return last(int(text))


def _date(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name, "")
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        found = date.min
    if found and found < EARLIEST:
        said = _("{name} must be a day from {first} on, like 2026-01-31, not “{one}”.")
        raise InvalidInput(said.format(name=name, first=EARLIEST, one=text[:40]), field=name)
    return found
