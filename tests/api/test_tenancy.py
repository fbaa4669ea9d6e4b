"""Each call of the API, asked by everybody: strangers find nothing, and roles mean what they say.

A call that stands in the URLs but not in this table fails a test.
"""

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django_scopes import scope, scopes_disabled

from accounts.models import ApiToken, Membership
from era_platform.common import clock, storage
from jobs.models import Job
from tests.api.conftest import MakeBody
from tests.factories import Tenant, a_token, a_user, with_token

OPEN = {"api/v1/schema", "api/docs"}
OF_ALL = {
    ("GET", "pools"),
    ("GET", "pools/{slug}"),
    ("GET", "pools/{slug}/prices"),
    ("POST", "quotes"),
    ("GET", "jobs"),
    ("POST", "jobs"),
    ("POST", "jobs/batch"),
    ("GET", "wallet"),
    ("GET", "wallet/transfers"),
    ("GET", "notices"),
    ("GET", "projects"),
    ("GET", "spending"),
    ("GET", "statements"),
    ("GET", "statements/{month}"),
    ("GET", "statements/{month}/transfers"),
    ("GET", "me"),
    ("POST", "jobs/code"),
}
OF_ONE_TENANT = {
    ("GET", "jobs/{job_id}"),
    ("GET", "jobs/batch/{batch_id}"),
    ("GET", "jobs/{job_id}/events"),
    ("GET", "jobs/{job_id}/samples"),
    ("GET", "jobs/{job_id}/cancellation-quote"),
    ("GET", "jobs/{job_id}/receipt"),
    ("GET", "jobs/{job_id}/logs"),
    ("GET", "jobs/{job_id}/outputs"),
    ("GET", "jobs/{job_id}/outputs/{path}"),
    ("GET", "jobs/{job_id}/outputs/archive"),
    ("POST", "jobs/{job_id}/outputs/dataset"),
    ("POST", "jobs/{job_id}/cancel"),
}
OF_MEMBERS = {
    ("POST", "jobs"),
    ("POST", "jobs/batch"),
    ("POST", "jobs/code"),
    ("POST", "jobs/{job_id}/cancel"),
    ("POST", "jobs/{job_id}/outputs/dataset"),
}
ASK_FOR_MORE = {
    ("POST", "jobs/code"),  # an archive
    ("GET", "jobs/{job_id}/outputs/archive"),  # a format
    ("POST", "jobs/{job_id}/outputs/dataset"),  # a name, and that the job has ended
}
OF_DATASETS = "datasets"
"""Calls that begin so have a table of their own: tests/datasets/matrix.py."""
OF_OWNERS = "webhooks"
"""These are for owners only: tests/test_url_role_matrix.py has who gets what."""
CALLS = sorted(OF_ALL | OF_ONE_TENANT)


@pytest.fixture
def job(pool: Any, theirs: Tenant, a_body: MakeBody) -> Job:
    """A job of theirs, with a file; it came with a batch."""
    batch = theirs.api().post("/api/v1/jobs/batch", {"requests": [a_body()]}, content_type="application/json").json()
    [answer] = batch["results"]
    folder = storage.output_folder(uuid.UUID(answer["id"]), 1)
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"theirs")
    with scope(organization=theirs.organization):
        return Job.objects.get(pk=answer["id"])


def own(call: tuple[str, str], job: Job) -> object:
    """What the call's address names: the job, or its batch."""
    return job.batch_id if "{batch_id}" in call[1] else job.pk


def ask(client: Client, call: tuple[str, str], job_id: object, body: dict[str, Any]):  # type: ignore[no-untyped-def]
    method, path = call
    address = "/api/v1/" + path.format(slug="local", job_id=job_id, batch_id=job_id, path="file", month="2026-11")
    return client.generic(method, address, json.dumps(body) if method == "POST" else "", "application/json")


def addresses(resolver: URLResolver | URLPattern, prefix: str = "") -> Iterator[str]:
    here = prefix + str(resolver.pattern)
    if isinstance(resolver, URLPattern):
        yield here
    else:
        for inner in resolver.url_patterns:
            yield from addresses(inner, here)


def test_every_call_stands_in_the_table() -> None:
    known = {path for _method, path in CALLS}
    there = {path.removeprefix("^/") for path in addresses(get_resolver())}
    elsewhere = (f"api/v1/{OF_DATASETS}", f"api/v1/{OF_OWNERS}")
    calls = {path for path in there if path.startswith("api/") and not path.startswith(elsewhere)} - OPEN
    assert {re.sub(r"<\w+:(\w+)>", r"{\1}", path.removeprefix("api/v1/")) for path in calls} == known


@pytest.mark.parametrize("token", ["", "made-up", "revoked", "left"])
def test_nobody_gets_anything_without_a_good_token(job: Job, theirs: Tenant, token: str) -> None:
    secret = {"": "", "made-up": "era_made-up"}.get(token) or theirs.token()
    _spoil(theirs, token)
    client = with_token(secret) if token else Client()
    answers = {call: ask(client, call, job.pk, {}) for call in CALLS}
    assert {call for call, answer in answers.items() if answer.status_code != 401} == set()
    assert {answer["Content-Type"] for answer in answers.values()} == {"application/problem+json"}
    assert {answer["WWW-Authenticate"][:6] for answer in answers.values()} == {"Bearer"}


def _spoil(tenant: Tenant, how: str) -> None:
    with scope(organization=tenant.organization):
        if how == "revoked":
            ApiToken.objects.update(revoked_at=clock.now())
        if how == "left":
            Membership.objects.filter(user=tenant.member).delete()


@pytest.mark.parametrize("role", ["owner", "member"])
def test_what_is_theirs_looks_like_what_is_not_there(job: Job, ours: Tenant, role: str) -> None:
    client, missing = ours.api(role), uuid.uuid4()
    for call in OF_ONE_TENANT:
        theirs, nothing = (ask(client, call, job_id, {}) for job_id in (own(call, job), missing))
        assert (call, theirs.status_code, nothing.status_code) == (call, 404, 404)
        assert _comparable(theirs, own(call, job)) == _comparable(nothing, missing)


def _comparable(response: Any, job_id: object) -> dict[str, Any]:
    problem = response.json()
    del problem["request_id"]
    return {name: str(value).replace(str(job_id), "") for name, value in problem.items()}


@pytest.mark.parametrize("role", ["owner", "member", "viewer"])
def test_a_role_may_do_what_it_says(
    job: Job, theirs: Tenant, ours: Tenant, a_quote: MakeBody, a_body: MakeBody, role: str
) -> None:
    client, bodies = theirs.api(role), {("POST", "jobs"): a_body(), ("POST", "jobs/batch"): {"requests": [a_body()]}}
    answers = {call: ask(client, call, own(call, job), bodies.get(call, a_quote())).status_code for call in CALLS}
    assert {call for call, status in answers.items() if status == 403} == (OF_MEMBERS if role == "viewer" else set())
    assert {status for call, status in answers.items() if status >= 400 and call not in ASK_FOR_MORE} <= {403}


def test_a_token_speaks_for_one_organization_only(job: Job, theirs: Tenant) -> None:
    """Also for somebody who is in both."""
    both = a_user()
    personal = both.memberships  # a personal organization of one's own
    with scope(organization=theirs.organization):
        theirs.organization.memberships.create(user=both, role="owner")
    with scopes_disabled():
        own = personal.exclude(organization=theirs.organization).get().organization
    assert with_token(a_token(both, own)).get(f"/api/v1/jobs/{job.pk}").status_code == 404
    assert with_token(a_token(both, theirs.organization)).get(f"/api/v1/jobs/{job.pk}").status_code == 200


def test_every_call_is_explained_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    assert {
        path
        for _method, path in CALLS
        if f"{path.replace('{job_id}', '{id}').replace('{batch_id}', '{id}').split('/')[-1]}" not in text
    } == set()
