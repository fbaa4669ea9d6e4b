"""Moments as Docker writes them."""

from datetime import datetime


def moment(text: str) -> datetime:
    # Docker writes nanoseconds, and drops trailing zeros.
    seconds, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}+00:00")
