"""A pool to buy from, and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from era_platform.common import clock
from pricing.models import Pool
from tests.factories import a_pool


@pytest.fixture
def pool(db: None) -> Pool:
    """One-minute slots, 8 units."""
    return a_pool()


@pytest.fixture
def held_clock() -> Iterator[datetime]:
    """Ten seconds into a minute, today; only `clock.advance` moves it."""
    minute = datetime.now(UTC).replace(second=10, microsecond=0) - timedelta(minutes=1)
    with clock.freeze(minute):
        yield minute
