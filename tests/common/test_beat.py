"""Beat, told to stop while it asks the database, stops."""

import os
import signal
from collections.abc import Iterator
from threading import Lock

import pytest
from celery import beat
from celery.apps.beat import Beat
from celery.signals import beat_init

from era_platform.celery import app

STOPS = (signal.SIGTERM, signal.SIGINT)


class Service(beat.Service):
    """Has to wait for a lock to write its schedule down, as a database connection makes it."""

    def __init__(self) -> None:
        super().__init__(app)
        self.lock = Lock()

    def sync(self) -> None:
        assert self.lock.acquire(timeout=1), "it waits for what its own thread holds"


@pytest.fixture(autouse=True)
def _handlers_put_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in STOPS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPS)
def test_it_leaves_at_once_whatever_it_is_at(number: signal.Signals) -> None:
    service = Service()
    Beat(app=app).install_sync_handler(service)
    beat_init.send(sender=service)
    with service.lock, pytest.raises(SystemExit):
        os.kill(os.getpid(), number)
    assert not service.lock.locked()
