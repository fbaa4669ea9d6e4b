"""The seed's formula, by hand."""

import pytest

from desk.utilisation import Ratios, utilisation


def test_the_parts_count_by_their_ratios() -> None:
    assert utilisation(Ratios(0.5, 0.3, 0.2), cpu=0.6, gpu=0.5, memory=0.25) == pytest.approx(0.3 + 0.15 + 0.05)


def test_without_gpus_the_other_two_share_what_gpus_count() -> None:
    assert utilisation(Ratios(0.6, 0.2, 0.2), cpu=0.8, gpu=None, memory=0.4) == pytest.approx(0.75 * 0.8 + 0.25 * 0.4)


def test_where_only_gpus_count_and_there_are_none_it_is_nothing() -> None:
    assert utilisation(Ratios(0, 1, 0), cpu=1, gpu=None, memory=1) == 0


@pytest.mark.parametrize(
    "text", ["", "1", "0.5,0.5", "0.5,0.5,0.5", "-0.5,1,0.5", "a,b,c", "nan,0.5,0.5", "0.2,0.3,0.4,0.1"]
)
def test_ratios_that_do_not_add_up_to_one_are_refused_by_value(text: str) -> None:
    with pytest.raises(ValueError, match=f"not “{text}”"):
        Ratios.parse(text)


def test_ratios_are_read() -> None:
    assert Ratios.parse("0.4, 0.4, 0.2") == (0.4, 0.4, 0.2)
