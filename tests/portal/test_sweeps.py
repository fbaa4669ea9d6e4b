"""The page for many jobs: what is filled in becomes a batch, and what is wrong is said at its field."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from era_platform.common import broadcast, clock
from jobs.models import Batch, Job
from tests.factories import Tenant, a_pool, a_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Client:
    a_pool("local")
    return a_tenant("ours").client()


def filled_in(**fields: Any) -> dict[str, Any]:
    return {
        "parameters": "lr = 0.1, 0.01\nseed = 1, 2",
        "name": "lr={lr} seed={seed}",
        "command_kind": "line",
        "command_line": "python train.py --lr {lr}",
        "env_name": "SEED",
        "env_value": "{seed}",
        "image": "host",
        "pool": "local",
        "units": "1",
        "duration_amount": "1",
        "duration_unit": "minutes",
        "deadline": (clock.now() + timedelta(hours=1)).isoformat(),
        "value": "1",
        "mode": "best_effort",
        "idempotency_key": str(uuid4()),
    } | fields


def sent(client: Client, **fields: Any) -> Any:
    return client.post("/o/ours/jobs/sweep/", filled_in(**fields))


def test_every_combination_becomes_a_job_of_the_batch(member: Client) -> None:
    answer = sent(member)
    with scopes_disabled():
        found = Batch.objects.get()
        jobs = list(Job.objects.filter(batch=found).order_by("batch_index"))
    assert (answer.status_code, answer["Location"]) == (302, f"/o/ours/batches/{found.pk}/")
    assert [(job.command[-1], job.env["SEED"]) for job in jobs] == [
        ("0.1", "1"),
        ("0.1", "2"),
        ("0.01", "1"),
        ("0.01", "2"),
    ]
    page = member.get(answer["Location"]).content.decode()
    assert "lr=0.01 seed=2" in page
    assert "lr={lr} seed={seed}" in page


def test_sending_the_form_twice_is_one_batch(member: Client) -> None:
    key = str(uuid4())
    fields = {"idempotency_key": key, "deadline": (clock.now() + timedelta(hours=1)).isoformat()}
    assert sent(member, **fields)["Location"] == sent(member, **fields)["Location"]
    with scopes_disabled():
        assert Batch.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"parameters": ""}, "parameters"),
        ({"parameters": "lr = 1\nlr = 2"}, "parameters"),
        ({"parameters": "lr =\nseed = 1"}, "parameters"),
        ({"parameters": "lr = 1\nseed = 1\nmomentum = 1"}, "parameters"),
        ({"parameters": "lr = " + ", ".join(map(str, range(10_001))) + "\nseed = 1"}, "parameters"),
        ({"name": "{lr}{lr}" + "x" * 112, "parameters": "lr = 0.00000001\nseed = 1"}, "name"),
        ({"image": "nothing"}, "image"),
        ({"mode": "some"}, "mode"),
        ({"units": "9", "mode": "all_or_nothing"}, "__all__"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_bought(
    member: Client, fields: dict[str, str], field: str
) -> None:
    answer = sent(member, **fields)
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    with scopes_disabled():
        assert not Batch.objects.exists()
        assert not Job.objects.exists()


def test_the_page_is_told_how_far_the_pricing_is(member: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(broadcast, "send", lambda _group, message: told.append(message))
    key = str(uuid4())
    sent(member, idempotency_key=key)
    assert told[0] == {"type": "org.batch", "key": key, "size": 4, "priced": 4, "done": False}


def test_another_organizations_batch_is_not_there(ours_and_theirs: tuple[Tenant, Batch]) -> None:
    ours, theirs = ours_and_theirs
    assert ours.client().get(f"/o/{ours.slug}/batches/{theirs.pk}/").status_code == 404


@pytest.fixture
def ours_and_theirs(member: Client) -> tuple[Tenant, Batch]:
    sent(member)
    with scopes_disabled():
        return a_tenant("others"), Batch.objects.get()
