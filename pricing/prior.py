"""The forecast of a pool that has no history: a price that rises as the slot fills up."""

Curve = list[list[int]]

_MOST_STEPS = 32


def utilization_prior(units: int, *, floor: int, listed: int, ceiling: int) -> Curve:
    """A demand curve under which the first of `units` costs `floor`, the last `ceiling`, one halfway
    `listed`, and straight between; as steps [price, units demanded at or above it]. A single unit costs `listed`.

    A posted price by utilization needs no forecast and has worst-case ratios (arXiv 1704.05511).
    """
    count = min(units, _MOST_STEPS)
    steps: dict[int, int] = {}
    for k in range(count):
        price = _between(k, count - 1, floor=floor, listed=listed, ceiling=ceiling)
        demanded = -(-units * (count - k) // count)
        steps[price] = max(steps.get(price, 0), demanded)
    return [[price, demanded] for price, demanded in sorted(steps.items(), reverse=True)]


def _between(k: int, last: int, *, floor: int, listed: int, ceiling: int) -> int:
    """The price of step k of 0..last, rounded down."""
    if last == 0:
        return listed
    if 2 * k <= last:
        return floor + (listed - floor) * 2 * k // last
    return listed + (ceiling - listed) * (2 * k - last) // last
