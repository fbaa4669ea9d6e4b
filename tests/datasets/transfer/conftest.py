"""A portal to transfer files with, and the client that does it."""

from collections.abc import Iterator

import pytest
from django.db import connections

from tests.datasets.transfer.serving import serving


@pytest.fixture
def portal(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    # Threads that answer requests keep no connection to a database that goes with the test.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    with serving() as url:
        yield url
