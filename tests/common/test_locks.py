"""Locks across transactions: one holder at a time, let go of at the end whatever that is."""

import pytest
from django.db import connection

from era_platform.common.locks import advisory_lock
from tests.jobs.ways import together

pytestmark = pytest.mark.django_db(transaction=True)


def got(name: str) -> bool:
    """Whether somebody else gets the lock now."""

    def attempt() -> bool:
        with advisory_lock(name) as mine:
            return mine

    return bool(together(attempt)[0])


def test_while_one_holds_it_nobody_else_does() -> None:
    with advisory_lock("a") as mine:
        assert mine
        assert not got("a")
        assert got("b")
    assert got("a")


def test_it_is_let_go_of_when_the_work_fails() -> None:
    with pytest.raises(RuntimeError), advisory_lock("a"):
        raise RuntimeError
    assert got("a")


def test_it_goes_with_the_connection() -> None:
    with advisory_lock("a"):
        connection.close()
        assert got("a")
