"""What every test may use; the servers below it are started by tests/servers.py."""

import pytest

from tests.clearing import clear_quickly
from tests.factories import Tenant, a_tenant
from tests.needs import reason_to_leave_out

clear_quickly()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers():
        if reason := reason_to_leave_out(mark.name):
            pytest.skip(reason)


@pytest.fixture
def ours(db: None) -> Tenant:
    """The tenant whose people a test is about."""
    return a_tenant("ours")


@pytest.fixture
def theirs(db: None) -> Tenant:
    """Another tenant: nothing of it may ever be seen by ours."""
    return a_tenant("theirs")
