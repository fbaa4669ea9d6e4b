"""The form of a new job: what it makes of what people write, and what it says when it can't."""

from typing import Any
from uuid import uuid4

import pytest
from django.http import QueryDict
from django_scopes import scope

from jobs.forms import JobForm, values_of
from jobs.models import Job
from pricing.domain import Configuration
from pricing.forms import duration_parts
from pricing.models import Pool
from tests.factories import Tenant, a_pool

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool(db: None) -> Pool:
    return a_pool()


def form(pool: Pool, **fields: Any) -> JobForm:
    data = QueryDict(mutable=True)
    given = {
        "name": "digits",
        "pool": pool.slug,
        "image": "host",
        "command_kind": "line",
        "command_line": "python train.py",
        "units": "2",
        "duration_amount": "1.5",
        "duration_unit": "hours",
        "deadline": "2100-01-01T12:00:00.000Z",
        "value": "12.5",
        "idempotency_key": str(uuid4()),
    } | fields
    for name, value in given.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return JobForm(data)


def request_of(filled: JobForm) -> Any:
    assert filled.is_valid(), filled.errors
    return filled.request(None)


def test_a_line_is_split_as_a_shell_splits_it(pool: Pool) -> None:
    assert request_of(form(pool, command_line="echo 'two words' x")).command == ("echo", "two words", "x")


def test_a_script_is_run_by_a_shell_with_plain_line_ends(pool: Pool) -> None:
    filled = form(pool, command_kind="script", script="cd src\r\nmake")
    assert request_of(filled).command == ("/bin/sh", "-c", "cd src\nmake")


def test_a_quote_left_open_is_said_at_the_command(pool: Pool) -> None:
    assert form(pool, command_line="echo 'oops").errors["command_line"] == ["A quote is not closed."]


def test_no_command_is_said_at_the_field_that_is_shown(pool: Pool) -> None:
    assert "command_line" in form(pool, command_line=" ").errors
    assert "script" in form(pool, command_kind="script", script="\n").errors


def test_amounts_and_durations_become_whole_numbers(pool: Pool) -> None:
    asked = request_of(form(pool))
    assert (asked.duration, asked.value, asked.units) == (5400, 12_500_000, 2)


@pytest.mark.parametrize("value", ["much", "-1", "1.2345678", "NaN"])
def test_what_is_no_amount_is_said_at_the_value(pool: Pool, value: str) -> None:
    assert "value" in form(pool, value=value).errors


def test_rows_of_datasets_become_references_and_empty_ones_nothing(pool: Pool) -> None:
    filled = form(pool, datasets=["team/images@3", " ", " public/words "])
    assert request_of(filled).datasets == ("team/images@3", "public/words")


def test_rows_of_the_environment_become_variables_and_empty_ones_nothing(pool: Pool) -> None:
    filled = form(pool, env_name=["A", "", "B"], env_value=["1", "", "two words"])
    assert request_of(filled).env == {"A": "1", "B": "two words"}


def test_a_variable_given_twice_is_refused(pool: Pool) -> None:
    assert not form(pool, env_name=["A", "A"], env_value=["1", "2"]).is_valid()


@pytest.mark.parametrize(
    ("seconds", "amount", "unit"), [(60, 1, "minutes"), (5400, 90, "minutes"), (7200, 2, "hours"), (86_400, 1, "days")]
)
def test_a_duration_is_shown_in_the_largest_unit_that_divides_it(seconds: int, amount: int, unit: str) -> None:
    assert duration_parts(seconds) == {"duration_amount": amount, "duration_unit": unit}


def also(units: list[str], amounts: list[str], kinds: list[str]) -> dict[str, list[str]]:
    return {"also_units": units, "also_duration_amount": amounts, "also_duration_unit": kinds}


def test_rows_of_other_ways_to_run_become_configurations_and_empty_ones_nothing(pool: Pool) -> None:
    filled = form(pool, **also(["1", "", "4"], ["3", "", "0.5"], ["hours", "minutes", "hours"]))
    asked = request_of(filled)
    assert asked.also == (Configuration(1, 10_800, 12_500_000), Configuration(4, 1_800, 12_500_000))
    assert asked.ask.configurations[0] == Configuration(2, 5_400, 12_500_000)


def test_without_other_ways_there_are_none(pool: Pool) -> None:
    assert request_of(form(pool)).also == ()


@pytest.mark.parametrize(
    ("units", "amount", "kind"),
    [("0", "1", "hours"), ("x", "1", "hours"), ("1", "", "hours"), ("", "1", "hours"), ("1", "1", "years")],
)
def test_another_way_that_is_not_filled_in_right_says_so_in_its_row(
    pool: Pool, units: str, amount: str, kind: str
) -> None:
    filled = form(pool, **also(["1", units], ["1", amount], ["hours", kind]))
    assert not filled.is_valid()
    assert [bool(row.errors) for row in filled.also_rows] == [False, True]


def test_the_same_way_twice_or_too_many_of_them_are_refused(pool: Pool) -> None:
    assert not form(pool, **also(["2"], ["90"], ["minutes"])).is_valid()
    many = [str(number) for number in range(10, 26)]
    assert not form(pool, **also(many, many, ["hours"] * 16)).is_valid()


def test_a_flexible_job_fills_the_form_with_all_its_ways(pool: Pool, ours: Tenant) -> None:
    ways = [{"units": 8, "duration": 3_600, "value": 5}, {"units": 2, "duration": 7_200, "value": 5}]
    job = Job(
        name="x", pool=pool, image="host", command=["true"], units=2, duration=7_200, value=5, configurations=ways
    )
    with scope(organization=ours.organization):
        values = values_of(job)
    assert (values["units"], values["duration_amount"], values["duration_unit"]) == (8, 1, "hours")
    assert values["also"] == [{"units": 2, "duration_amount": 2, "duration_unit": "hours"}]


def test_a_job_fills_the_form_that_would_submit_it_again(pool: Pool, ours: Tenant) -> None:
    job = Job(
        name="x", pool=pool, image="host", command=["echo", "a b"], env={"A": "1"}, units=3, duration=600, value=5
    )
    with scope(organization=ours.organization):
        values = values_of(job)
    assert values["command_line"] == "echo 'a b'"
    assert (values["units"], values["duration_amount"], values["value"]) == (3, 10, "0.000005")
