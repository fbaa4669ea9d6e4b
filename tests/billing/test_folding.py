"""What a payment comes to doesn't depend on the order in which things were said, nor on how often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.payments.folding import Folded, Said, fold, stands
from billing.payments.provider import FactKind

MONEY = 1000
PAID = Said(FactKind.PAID, MONEY)
moments = st.tuples(st.integers(0, 5).map(float), st.sampled_from("abcdef"))
anything = st.one_of(
    st.sampled_from([PAID, Said(FactKind.PENDING, MONEY), Said(FactKind.FAILED, MONEY), Said(FactKind.EXPIRED, MONEY)]),
    st.builds(Said, st.just(FactKind.REFUNDED), st.integers(0, 2 * MONEY), st.sampled_from(["ch_1", "ch_2"])),
    st.builds(
        Said,
        st.just(FactKind.DISPUTED),
        st.integers(0, 2 * MONEY),
        st.sampled_from(["dp_1", "dp_2"]),
        st.booleans(),
        st.booleans(),
        moments,
    ),
)


def a_dispute(amount: int, *, holds: bool = True, is_final: bool = False, at: float = 0, subject: str = "dp") -> Said:
    return Said(FactKind.DISPUTED, amount, subject, holds, is_final, (at, ""))


@given(st.data(), st.lists(anything, unique_by=lambda one: one.at if one.is_final else one, max_size=8))
def test_order_and_repetition_change_nothing(data: st.DataObject, said: list[Said]) -> None:
    other = data.draw(st.permutations(said)) + data.draw(
        st.lists(st.sampled_from(said), max_size=4) if said else st.just([])
    )
    assert fold(other, MONEY) == fold(said, MONEY)


@given(st.lists(anything, max_size=8))
def test_no_more_comes_back_than_was_paid(said: list[Said]) -> None:
    folded = fold(said, MONEY)
    assert folded.refunded >= 0
    assert folded.disputed >= 0
    assert folded.refunded + folded.disputed <= MONEY


@pytest.mark.parametrize(
    ("said", "refunded", "disputed"),
    [
        ([PAID], 0, 0),
        ([PAID, Said(FactKind.REFUNDED, 300, "ch"), Said(FactKind.REFUNDED, 700, "ch")], 700, 0),  # so far, in all
        ([PAID, a_dispute(MONEY)], 0, MONEY),
        ([PAID, a_dispute(MONEY), a_dispute(MONEY, holds=False, is_final=True)], 0, 0),  # won
        ([PAID, a_dispute(MONEY), a_dispute(MONEY, is_final=True)], 0, MONEY),  # lost
        ([PAID, a_dispute(MONEY, holds=False)], 0, 0),  # an inquiry
        ([PAID, a_dispute(MONEY, holds=False), a_dispute(400)], 0, 400),  # that became a dispute
        ([PAID, a_dispute(9, is_final=True, at=1), a_dispute(9, holds=False, is_final=True, at=2)], 0, 0),  # overturned
        ([PAID, a_dispute(300), a_dispute(200, subject="another")], 0, 500),
        ([PAID, Said(FactKind.REFUNDED, 300, "ch"), a_dispute(MONEY)], 300, 700),  # not twice
    ],
)
def test_what_it_comes_to(said: list[Said], refunded: int, disputed: int) -> None:
    assert fold(said, MONEY) == Folded(True, False, False, refunded, disputed)


@given(st.integers(1, 10**12), st.integers(1, 10**8), st.data())
def test_what_is_left_is_rounded_in_the_buyers_favour(credits: int, money: int, data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, money))
    left = stands(credits, money, gone)
    assert 0 <= left * money - credits * (money - gone) < money
    assert (stands(credits, money, 0), stands(credits, money, money)) == (credits, 0)
