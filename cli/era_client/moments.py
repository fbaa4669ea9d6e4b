"""Durations such as `2h30m`, and moments such as `2030-01-01T12:00Z` or `+6h`: read, and written for people."""

import re
from datetime import UTC, datetime, timedelta

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_WHOLE = re.compile(rf"(?:{_PART.pattern}\s*)+", re.IGNORECASE)


def parse_duration(text: str) -> int:
    """Whole seconds of `90m`, `2h30m`, `1d 6h`, `45s` or a plain number. Raises ValueError saying what it takes."""
    text = text.strip().lower()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    elif _WHOLE.fullmatch(text):
        seconds = sum(float(number) * SECONDS[unit] for number, unit in _PART.findall(text))
    else:
        raise ValueError(f"{text!r} is not a duration: write 90m, 2h30m, 1d or a number of seconds")
    if not 1 <= seconds <= 366 * 86_400:
        raise ValueError(f"{text!r} is not between a second and a year")
    return round(seconds)


def parse_moment(text: str, now: datetime) -> datetime:
    """A moment with a time zone, or so long from `now`. Raises ValueError saying what it takes."""
    text = text.strip()
    if text.startswith("+"):
        return (now + timedelta(seconds=parse_duration(text[1:]))).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a moment: write 2030-01-01T12:00Z, or +6h for six hours from now") from None
    if moment.tzinfo is None:
        plain = moment.isoformat(timespec="minutes")
        raise ValueError(f"{text!r} has no time zone: write {plain}Z for UTC, or {plain}+01:00")
    return moment


def write_moment(moment: datetime) -> str:
    """As the API takes and gives it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def show_duration(seconds: float) -> str:
    """`2h 30m`: the two largest parts, for people."""
    left, parts = max(round(seconds), 0), []
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, SECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def show_moment(moment: datetime | None) -> str:
    """In the reader's own time zone, with the day."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z").strip() if moment else "–"


def show_short(moment: datetime | None) -> str:
    """For tables: without the zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else "–"


def show_from_now(moment: datetime, now: datetime) -> str:
    seconds = (moment - now).total_seconds()
    return f"in {show_duration(seconds)}" if seconds >= 1 else "now"
