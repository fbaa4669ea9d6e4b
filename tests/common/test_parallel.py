"""Doing many things at once: each once, none in the way of another."""

import threading
import time

import pytest

from era_platform.common.parallel import drain


def test_everything_found_is_done_once() -> None:
    done: list[int] = []
    assert drain(lambda: range(20), done.append, threads=4, seconds=5) == 20
    assert sorted(done) == list(range(20))


def test_what_comes_while_something_slow_is_under_way_does_not_wait_for_it() -> None:
    slow, late = threading.Event(), threading.Event()
    waiting = ["slow"]

    def work(what: str) -> None:
        if what == "slow":
            waiting.append("late")
            assert slow.wait(20), "what came later was never done"
        else:
            late.set()
            slow.set()

    assert drain(lambda: list(waiting), work, threads=2, seconds=20) == 2
    assert late.is_set()


def test_one_that_fails_is_told_and_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 1:
            raise ValueError("no good")
        done.append(number)

    drain(lambda: range(3), work, threads=1, seconds=5)
    assert done == [0, 2]
    assert "no good" in caplog.text


def test_no_more_than_so_many_at_once() -> None:
    gate, most, now = threading.Lock(), [0], [0]

    def work(_: int) -> None:
        with gate:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with gate:
            now[0] -= 1

    drain(lambda: range(12), work, threads=3, seconds=5)
    assert 1 <= most[0] <= 3


def test_after_its_time_nothing_more_is_looked_for() -> None:
    numbers = iter(range(10_000))
    assert drain(lambda: [next(numbers)], lambda _: time.sleep(0.01), threads=1, seconds=0.3) < 1_000
