"""Whatever happens to a market, it answers as the slow serial model does, and every receipt verifies.

`python -m benchmarks.histories --count 10000` tries as many histories as one likes.
"""

from hypothesis import given, settings

from tests.pricing.histories import HISTORIES, Event, World


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_a_history_gives_what_the_slow_serial_model_gives_and_every_receipt_verifies(history: list[Event]) -> None:
    World().live(history)
