"""A pool to buy from, and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from era_platform.common import clock
from jobs.engines import engine
from jobs.models import EventMark
from jobs.selectors.happened import settled_until
from pricing.models import Pool
from tests.factories import a_pool
from tests.jobs.engine import remove_all
from tests.jobs.sockets import Sockets


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


@pytest.fixture
def told_from_here(db: None) -> None:
    """What happens from now on is told; tests that empty all tables take the mark with them."""
    EventMark.objects.update_or_create(id=1, defaults={"event": settled_until() or 0, "soon": clock.now()})


@pytest.fixture
def sockets(transactional_db: None) -> Iterator[Sockets]:
    """Opens WebSockets; needs what is in the database committed."""
    sockets = Sockets()
    yield sockets
    sockets.close()


@pytest.fixture(autouse=True)
def own_storage(settings: Settings, tmp_path: Path) -> None:
    """Each test has its own: the engine lists there what runs, and tests at the same time must not see each other's."""
    settings.ERA_STORAGE_ROOT = tmp_path / "var" / "storage"
    settings.ERA_STORAGE_ROOT.mkdir(parents=True)


@pytest.fixture
def instances_removed(own_storage: None) -> Iterator[None]:
    """Sees to it that no job outlives the test that began it."""
    yield
    remove_all(set(engine().instances()))
