"""Tables of prices: compiled once per version, without holding up whoever asks for another."""

import threading
from collections.abc import Iterator

import pytest
from django.core.exceptions import ObjectDoesNotExist

from pricing.kernel import PriceTable
from pricing.models import Forecast
from pricing.selectors import tables

WITHIN = 30


class Compiler:
    """Stands in for the compiler: versions in `held` are only done when let go."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.began = threading.Event()
        self.let_go = threading.Event()
        self.compiled: list[int] = []

    def __call__(self, forecast: Forecast, units: int) -> PriceTable:
        self.compiled.append(forecast.version)
        if forecast.version in self.held:
            self.began.set()
            assert self.let_go.wait(WITHIN)
        return PriceTable([[(forecast.version, units)]], [0], floor=0, max_units=units)


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Compiler]:
    made = Compiler()
    monkeypatch.setattr(tables, "compile_table", made)
    monkeypatch.setattr(tables, "_tables", type(tables._tables)())
    monkeypatch.setattr(Forecast.objects, "get", lambda pool, version: Forecast(pool_id=pool, version=version))
    yield made
    made.let_go.set()


def asking(found: list[PriceTable], *key: int) -> threading.Thread:
    thread = threading.Thread(target=lambda: found.append(tables.table(*key)))
    thread.start()
    return thread


def test_a_version_is_compiled_once_for_all_who_ask(compiler: Compiler) -> None:
    compiler.held = {1}
    found: list[PriceTable] = []
    threads = [asking(found, 1, 1, 8) for _ in range(4)]
    assert compiler.began.wait(WITHIN)
    compiler.let_go.set()
    for thread in threads:
        thread.join(WITHIN)
    assert compiler.compiled == [1]
    assert len(found) == 4
    assert all(one is found[0] for one in found)


def test_a_new_version_does_not_hold_up_the_old_one_nor_other_pools(compiler: Compiler) -> None:
    old = tables.table(1, 1, 8)
    compiler.held = {2}
    found: list[PriceTable] = []
    thread = asking(found, 1, 2, 8)
    assert compiler.began.wait(WITHIN)
    assert tables.table(1, 1, 8) is old
    assert tables.table(2, 1, 8).max_units == 8
    assert not found
    compiler.let_go.set()
    thread.join(WITHIN)
    assert found[0].highest == 2


def test_a_pool_keeps_its_two_latest_tables(compiler: Compiler) -> None:
    for version in (1, 2, 3):
        tables.table(1, version, 8)
    tables.table(2, 1, 8)
    tables.table(1, 2, 8)
    tables.table(1, 3, 8)
    assert compiler.compiled == [1, 2, 3, 1]
    tables.table(1, 1, 8)
    assert compiler.compiled == [1, 2, 3, 1, 1]


def test_what_could_not_be_compiled_is_tried_again(compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_: int) -> Forecast:
        raise ObjectDoesNotExist

    with monkeypatch.context() as broken:
        broken.setattr(Forecast.objects, "get", missing)
        with pytest.raises(ObjectDoesNotExist):
            tables.table(1, 1, 8)
    assert tables.table(1, 1, 8).highest == 1
