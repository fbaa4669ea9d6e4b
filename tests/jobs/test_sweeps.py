"""Sweeps: every combination once, in an order that can be foreseen, and nothing filled in that is no parameter."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.domain import JobRequest
from jobs.sweeps import expand, faults


def a_template(**fields: Any) -> JobRequest:
    template = JobRequest(
        pool="local",
        units=1,
        duration=60,
        deadline=datetime(2030, 1, 1, tzinfo=UTC),
        value=1,
        name="lr={lr}",
        image="host",
        command=("python", "train.py", "--lr={lr}", "{seed}"),
        env={"SEED": "{seed}"},
    )
    return replace(template, **fields)


def test_the_last_parameter_changes_fastest() -> None:
    requests = list(expand(a_template(), {"lr": ["0.1", "0.01"], "seed": ["1", "2", "3"]}))
    assert [(one.name, one.env["SEED"]) for one in requests] == [
        *(("lr=0.1", seed) for seed in "123"),
        *(("lr=0.01", seed) for seed in "123"),
    ]


def test_a_value_stays_one_word_of_the_command() -> None:
    [request] = expand(a_template(), {"lr": ["0.1; rm -rf /"], "seed": ["a b"]})
    assert request.command == ("python", "train.py", "--lr=0.1; rm -rf /", "a b")


def test_braces_that_name_no_parameter_stay_as_they_are() -> None:
    command = ("sh", "-c", "echo ${HOME} {} {other} {{lr}} {lr}")
    [request] = expand(a_template(command=command), {"lr": ["7"]})
    assert request.command[2] == "echo ${HOME} {} {other} {7} 7"


def test_a_value_is_not_filled_in_again() -> None:
    [request] = expand(a_template(), {"lr": ["{seed}"], "seed": ["1"]})
    assert request.name == "lr={seed}"


@pytest.mark.parametrize(
    ("sweep", "field"),
    [
        ({}, "sweep"),
        ({"lr": [], "seed": ["1"]}, "sweep.lr"),
        ({"lr": ["1", "1"], "seed": ["1"]}, "sweep.lr"),
        ({"lr": ["1"], "seed": ["1"], "momentum": ["0.9"]}, "sweep.momentum"),
        ({"lr": ["1"], "no name": ["1"]}, "sweep.no name"),
        ({"lr": [str(n) for n in range(101)], "seed": [str(n) for n in range(100)]}, "sweep"),
        ({f"p{n}": ["1"] for n in range(21)}, "sweep"),
        ({"lr": ["x" * 10_000], "seed": [str(n) for n in range(9_999)]}, "template"),
    ],
)
def test_what_is_wrong_with_a_sweep_is_named(sweep: dict[str, list[str]], field: str) -> None:
    assert field in faults(a_template(), sweep)


def test_ten_thousand_combinations_are_taken() -> None:
    sweep = {"lr": [str(n) for n in range(100)], "seed": [str(n) for n in range(100)]}
    assert faults(a_template(), sweep) == {}
    assert len(list(expand(a_template(), sweep))) == 10_000
