"""The clock waits for a moment; held still, it is moved there."""

from datetime import UTC, datetime, timedelta

from era_platform.common import clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_running_clock_waits_until_the_moment_has_come() -> None:
    moment = clock.now() + timedelta(milliseconds=20)
    clock.wait_until(moment)
    assert clock.now() >= moment


def test_a_held_clock_is_moved_to_the_moment() -> None:
    with clock.freeze(NOON):
        clock.wait_until(NOON + timedelta(hours=1))
        assert clock.now() == NOON + timedelta(hours=1)


def test_what_has_passed_is_not_waited_for() -> None:
    with clock.freeze(NOON):
        clock.wait_until(NOON - timedelta(hours=1))
        assert clock.now() == NOON
