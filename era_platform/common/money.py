"""Money is int64 micro-credits inside, decimal strings of credits outside; nothing between is a float."""

from decimal import Decimal, InvalidOperation

MICRO = 1_000_000
MAX_AMOUNT = 2**62


def parse_credits(text: str | int | Decimal) -> int:
    """Credits as people write them ("12.5") to micro-credits.

    Raises ValueError naming the value if it is no number, is finer than a micro-credit, or is too large.
    """
    try:
        micro = Decimal(str(text).strip()) * MICRO
        whole = int(micro)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ValueError(f"{text!s:.40} is not an amount of credits") from error
    if whole != micro:
        raise ValueError(f"{text!s:.40} has more than 6 decimals")
    if abs(whole) > MAX_AMOUNT:
        raise ValueError(f"{text!s:.40} is too large an amount")
    return whole


def format_credits(micro: int) -> str:
    """Micro-credits to credits with at least 2 and at most 6 decimals: 1_500_000 → "1.50"."""
    sign = "-" if micro < 0 else ""
    whole, rest = divmod(abs(micro), MICRO)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"
