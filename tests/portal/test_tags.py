"""How pages write amounts, moments, durations and sizes."""

from datetime import UTC, datetime

import pytest
from django import forms

from era_platform.common import money
from era_platform.common.money import MICRO
from era_platform.common.sizes import size
from jobs.models import Job
from jobs.states import State
from jobs.templatetags import portal


@pytest.mark.parametrize(
    ("micro", "text"), [(0, "0.00"), (12_340_000, "12.34"), (1, "0.000001"), (-1_500_000, "-1.50"), (7 * MICRO, "7.00")]
)
def test_money_is_written_with_its_unit(micro: int, text: str) -> None:
    assert portal.credits_(micro) == f'<span class="amount">{text} <span class="amount-unit">credits</span></span>'


@pytest.mark.parametrize(("micro", "text"), [(1_119_966, "1.12"), (12_857, "0.0129"), (997_263_674, "997.26")])
def test_a_brief_amount_is_rounded_and_keeps_the_exact_one_at_hand(micro: int, text: str) -> None:
    shown = portal.credits_(micro, "brief")
    assert f">{text} <" in shown
    assert f'title="{money.format_credits(micro)}"' in shown


def test_no_amount_is_a_dash() -> None:
    assert portal.credits_(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (40, "40 s"), (300, "5 min"), (5400, "1 h 30 min"), (93_784, "1 d 2 h")]
)
def test_a_duration_is_told_in_its_two_largest_parts(seconds: int, text: str) -> None:
    assert portal.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 * 2**40, "5.0 TiB")]
)
def test_sizes_are_told_in_binary_units(count: int, text: str) -> None:
    assert size(count) == text


def test_a_moment_carries_utc_for_machines_and_for_the_curious() -> None:
    shown = portal.moment(datetime(2026, 11, 24, 9, 30, tzinfo=UTC))
    assert 'datetime="2026-11-24T09:30:00Z"' in shown
    assert 'title="2026-11-24 09:30:00 UTC"' in shown


def test_a_moment_may_come_as_text() -> None:
    assert portal.moment("2026-11-24T09:30:00Z") == portal.moment(datetime(2026, 11, 24, 9, 30, tzinfo=UTC))


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_word_and_a_shape(state: State) -> None:
    told = portal.state(state)
    assert told["label"] == Job.States(state.value).label
    assert portal.icon(told["icon_name"])


def test_errors_and_hints_are_tied_to_their_field() -> None:
    class Form(forms.Form):
        name = forms.CharField(help_text="As you like")

    told = portal.field(Form({})["name"])
    assert 'aria-describedby="id_name_helptext id_name_error"' in told["control"]
    assert 'aria-invalid="true"' in told["control"]


def test_markup_in_an_icons_label_is_text() -> None:
    assert "<b>" not in portal.icon("clock", "<b>")
