"""No way to submit leads around a pool's least and most: single, flexible, batch, sweep, page."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled

from era_platform.common import clock
from era_platform.common.errors import InvalidInput
from jobs.models import Batch, Job
from pricing.domain import Configuration
from pricing.models import BookEntry, Pool
from pricing.services import pools
from tests.factories import Tenant, a_pool
from tests.jobs.test_submit import submitted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def pool() -> Pool:
    """Takes 2 to 4 units for at least 2 slots of a minute."""
    return a_pool("local", min_units=2, max_units=4, min_slots=2)


def body(**fields: Any) -> dict[str, Any]:
    given = {"pool": "local", "units": 2, "duration": 120, "deadline": "2100-01-01T00:00:00Z", "value": "1.00"}
    return {**given, "name": "train {x}", "image": "host", "command": ["true"], **fields}


def post(tenant: Tenant, path: str, data: dict[str, Any]) -> Any:
    return tenant.api().post(f"/api/v1/{path}", json.dumps(data), content_type="application/json")


def nothing_was_bought() -> bool:
    with scopes_disabled():
        return not (Job.objects.exists() or Batch.objects.exists() or BookEntry.objects.filter(units__gt=0).exists())


@pytest.mark.parametrize(
    ("path", "data", "field"),
    [
        ("quotes", {"units": 5}, "units"),
        ("quotes", {"units": [4, 5], "duration": [120, 120]}, "units"),
        ("jobs", {"units": 1}, "units"),
        ("jobs", {"duration": 60}, "duration"),
        ("jobs", {"units": [4, 3], "duration": [120, 60]}, "duration"),
    ],
)
def test_the_api_says_which_field_is_outside(ours: Tenant, path: str, data: dict[str, Any], field: str) -> None:
    given = body(**data)
    if path == "quotes":
        given = {name: given[name] for name in ("pool", "units", "duration", "deadline", "value")}
    answer = post(ours, path, given)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid", field)
    assert nothing_was_bought()


@pytest.mark.parametrize("mode", ["all_or_nothing", "best_effort"])
def test_a_batch_with_one_outside_is_refused_whole_and_says_where(ours: Tenant, mode: str) -> None:
    answer = post(ours, "jobs/batch", {"requests": [body(), body(units=9), body(duration=1)], "mode": mode})
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == ["requests[1].units", "requests[2].duration"]
    assert nothing_was_bought()


def test_a_sweep_outside_is_told_once(ours: Tenant) -> None:
    answer = post(ours, "jobs/batch", {"template": body(units=9), "sweep": {"x": ["1", "2", "3"]}})
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == ["template.units"]
    assert nothing_was_bought()


def test_flexible_requests_are_held_to_it_in_each_configuration(ours: Tenant) -> None:
    with pytest.raises(InvalidInput, match=r"Configuration 2: .* fewer than 2 units; 1 were"):
        submitted(ours, also=(Configuration(1, 120, 5),))
    assert nothing_was_bought()


def test_what_was_submitted_before_a_change_is_answered_as_then(ours: Tenant, pool: Pool) -> None:
    deadline = clock.now() + timedelta(hours=1)
    job = submitted(ours, key="once", units=4, deadline=deadline)
    pools.change_policy(actor=None, pool_id=pool.pk, max_units=3)
    assert submitted(ours, key="once", units=4, deadline=deadline).pk == job.pk
    with pytest.raises(InvalidInput, match="more than 3 units; 4 were"):
        submitted(ours, units=4)


def test_the_page_of_a_new_job_tells_it_beside_the_field(ours: Tenant) -> None:
    form = {
        "name": "train",
        "pool": "local",
        "image": "host",
        "command_kind": "line",
        "command_line": "true",
        "units": 9,
        "duration_amount": 1,
        "duration_unit": "minutes",
        "deadline": "2100-01-01T00:00",
        "value": "1",
        "idempotency_key": "7a8f7a52-8f0f-4a35-9d0e-0f6f0a6c2f53",
    }
    answer = ours.client().post(ours.page("jobs/new/"), form)
    errors = answer.context["form"].errors
    assert "more than 4 units" in str(errors["units"])
    assert "fewer than 2 slots" in str(errors["duration_amount"])
    assert nothing_was_bought()
