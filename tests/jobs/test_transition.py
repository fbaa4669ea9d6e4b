"""A job's state changes in one place, along declared moves, for whoever comes first, and is written down and told."""

from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scopes_disabled
from pytest_django import DjangoCaptureOnCommitCallbacks

from era_platform.common import tracing
from jobs.models import Job
from jobs.services import transition
from jobs.states import FINAL, MOVES, State, may_move
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import events, reloaded, reserved, states, together


@pytest.fixture
def job(ours: Tenant, pool: Pool) -> Job:
    return reserved(ours, pool)


def move(job: Job, target: State, **fields: Any) -> bool:
    with scopes_disabled():
        return transition.move(job, target, **fields)


def test_a_move_sets_the_state_and_what_comes_with_it_and_writes_an_event(job: Job) -> None:
    assert move(job, State.STARTING, attempt=1)
    assert (reloaded(job).state, reloaded(job).attempt) == ("starting", 1)
    last = events(job)[-1]
    assert (last.kind, last.state, last.detail) == ("state", "starting", {"from": "reserved", "attempt": 1})


def test_the_second_of_two_who_saw_the_same_state_is_told_so_and_changes_nothing(job: Job) -> None:
    other = reloaded(job)
    assert move(job, State.STARTING, attempt=1)
    assert not move(other, State.CANCELLED)
    assert other.state == "reserved"
    assert states(job) == ["reserved", "starting"]


def test_a_move_of_an_earlier_attempt_changes_nothing(job: Job) -> None:
    move(job, State.STARTING, attempt=1)
    stale = reloaded(job)
    move(job, State.STARTING, attempt=2)
    assert not move(stale, State.RUNNING)
    assert reloaded(job).state == "starting"


@pytest.mark.parametrize("source", list(State))
@pytest.mark.parametrize("target", list(State))
def test_only_declared_moves_can_be_made(job: Job, source: State, target: State) -> None:
    job.state = source
    if may_move(source, target):
        assert move(job, target) == (source == State.RESERVED)
    else:
        with pytest.raises(ValueError, match=f"from {source} to {target}"):
            move(job, target)


def test_nothing_leads_out_of_a_final_state() -> None:
    assert {"rejected", "succeeded", "failed", "timed_out", "cancelled"} == FINAL
    assert all(not MOVES[state] for state in FINAL)


def test_an_event_that_was_not_committed_is_not_told(
    job: Job, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as told, transaction.atomic():
        move(job, State.STARTING)
        transaction.set_rollback(True)
    assert not told
    assert reloaded(job).state == "reserved"


def test_an_event_carries_the_request_under_which_it_happened(job: Job) -> None:
    with tracing.following("request-7"):
        move(job, State.STARTING)
    assert events(job)[-1].request_id == "request-7"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_moves_the_job(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    copies = [reloaded(job) for _ in range(8)]
    targets = [State.STARTING, State.CANCELLED] * 4
    tries = [partial(move, copy, target) for copy, target in zip(copies, targets, strict=True)]
    assert together(*tries).count(True) == 1
    assert len(states(job)) == 2
