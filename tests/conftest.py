"""What every test may use; the servers below it are started by tests/servers.py."""

import pytest

from tests.needs import reason_to_leave_out


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers():
        if reason := reason_to_leave_out(mark.name):
            pytest.skip(reason)
