"""Every address, by every kind of person: the status it answers with. An address that isn't in the table fails.

To add an address, add a row to TABLE: its name in the URLconf, the method, and one status for each column:

    anonymous   nobody has signed in; for the API, no token
    outsider    the owner of another organization
    operator    a staff user who is in none of the two organizations
    viewer, member, owner   of the organization that the address is about

Where an address takes both GET and POST, give it a row for each; `data` is the query, or what is posted
(under /api/ as JSON). `200/503` stands for either. What goes into an address's parts (`org`, `job_id`, `pk` …)
comes from `parts`; for a new kind of part, add it there. What each answer changed is taken back, so that
all people find the same things.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django_scopes import scope
from pytest_django import Settings

from accounts.models import ApiToken, Membership, Project, Role, User
from accounts.selectors import memberships_of
from accounts.services import invitations, projects
from era_platform.common import clock, storage
from era_platform.common.money import MICRO
from jobs.domain import JobRequest
from jobs.models import Batch, Job
from jobs.services.submit import submit
from jobs.services.submit_batch import submit_batch
from notifications.services import webhooks
from tests.billing.paying import SECRET, a_payment
from tests.datasets.ways import published
from tests.factories import Tenant, a_client, a_pool, a_token, a_user, signed_in, with_token

COLUMNS = ("anonymous", "outsider", "operator", "viewer", "member", "owner")
ABSENT = {
    "job_id": UUID(int=0),
    "payment_id": UUID(int=0),
    "batch_id": UUID(int=0),
    "org": "nobody",
    "owner": "nobody",
    "name": "nothing",
}
CSRF_TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b")
ELSEWHERE = ("admin/", "accounts/")  # Django's admin (tests/accounts/test_admin.py) and allauth (test_entrance.py)


@dataclass(frozen=True)
class Row:
    name: str
    method: str
    statuses: str
    data: dict[str, Any] = field(default_factory=dict)


QUOTE = {"pool": "local", "units": 1, "duration": 60, "deadline": "2100-01-01T00:00:00Z", "value": "1.00"}
QUERY = {"units": 1, "duration_amount": 1, "duration_unit": "minutes", "deadline": "2100-01-01T00:00", "value": "1"}
SUBMIT = {**QUOTE, "name": "train", "image": "host", "command": ["true"]}

TABLE = [
    # for everybody                      anonymous outsider operator viewer member owner
    Row("healthz", "GET", "                    200 200 200 200 200 200"),
    Row("readyz", "GET", "     200/503 200/503 200/503 200/503 200/503 200/503"),
    Row("metrics", "GET", "                    200 200 200 200 200 200"),  # from this machine only: tests/api
    Row("robots", "GET", "                     200 200 200 200 200 200"),
    Row("api-schema", "GET", "                 200 200 200 200 200 200"),
    Row("api-docs", "GET", "                   200 200 200 200 200 200"),
    Row("javascript-catalog", "GET", "         200 200 200 200 200 200"),
    Row("stripe-webhook", "POST", "            400 400 400 400 400 400", {"id": "evt_1"}),  # nobody has signed it
    # for whoever has signed in
    Row("home", "GET", "                       302 302 302 302 302 302"),
    Row("organization-new", "GET", "           302 200 200 200 200 200"),
    Row("organization-new", "POST", "          302 302 302 302 302 302", {"name": "New", "slug": "new"}),
    # for the one who is invited, who is none of these
    Row("invitation", "GET", "                 200 403 403 403 403 403"),
    Row("invitation", "POST", "                302 403 403 403 403 403"),
    # an organization's people and money
    Row("members", "GET", "                    302 404 404 200 200 200"),
    Row("invite", "GET", "                     302 404 404 403 403 200"),
    Row("invite", "POST", "                    302 404 404 403 403 200", {"email": "x@example.com", "role": "viewer"}),
    Row("invitation-revoke", "POST", "         302 404 404 403 403 302"),
    Row("member-role", "POST", "               302 404 404 403 403 302", {"role": "owner"}),
    Row("member-remove", "POST", "             302 404 404 403 403 302"),
    Row("leave", "POST", "                     302 404 404 302 302 409"),
    Row("tokens", "GET", "                     302 404 404 200 200 200"),
    Row("token-new", "GET", "                  302 404 404 200 200 200"),
    Row("token-new", "POST", "                 302 404 404 200 200 200", {"name": "laptop"}),
    Row("token-revoke", "POST", "              302 404 404 403 302 302"),  # a member's
    Row("wallet", "GET", "                     302 404 404 200 200 200"),
    Row("spending", "GET", "                   302 404 404 200 200 200"),
    Row("spending-csv", "GET", "               302 404 404 200 200 200"),
    Row("statements", "GET", "                 302 404 404 200 200 200"),
    Row("statement", "GET", "                  302 404 404 200 200 200"),
    Row("statement-pdf", "GET", "              302 404 404 200 200 200"),
    Row("statement-csv", "GET", "              302 404 404 200 200 200"),
    Row("payment-new", "GET", "                302 404 404 403 403 200"),
    Row("payment-new", "POST", "               302 404 404 403 403 400", {"credits": "0"}),
    Row("payment", "GET", "                    302 404 404 403 403 302"),
    Row("projects", "GET", "                   302 404 404 200 200 200"),
    Row("project-new", "GET", "                302 404 404 403 403 200"),
    Row("project-new", "POST", "               302 404 404 403 403 302", {"name": "New", "slug": "new"}),
    Row("project", "GET", "                    302 404 404 403 403 200"),
    Row("project", "POST", "                   302 404 404 403 403 302", {"name": "New", "monthly_limit": "5"}),
    Row("project-archive", "POST", "           302 404 404 403 403 302"),
    Row("member-limit", "POST", "              302 404 404 403 403 302", {"monthly_limit": "5"}),
    Row("notices", "GET", "                    302 404 404 200 200 200"),
    Row("notices-unread", "GET", "             302 404 404 200 200 200"),
    Row("notices-read", "POST", "              302 404 404 302 302 302"),
    Row("notice-settings", "GET", "            302 404 404 200 200 200"),
    Row("notice-settings", "POST", "           302 404 404 302 302 302", {"mail": "failed"}),
    Row("notice-settings", "POST", "           302 404 404 403 403 302", {"for": "all", "mail": "failed"}),
    Row("webhooks", "GET", "                   302 404 404 403 403 200"),
    Row("webhooks", "POST", "                  302 404 404 403 403 200", {"url": "https://example.com/hook"}),
    Row("webhook-rotate", "POST", "            302 404 404 403 403 200"),
    Row("webhook-remove", "POST", "            302 404 404 403 403 302"),
    Row("webhook-send-again", "POST", "        302 404 404 403 403 404"),  # none was given up
    Row("settings", "GET", "                   302 404 404 403 403 200"),
    Row("settings", "POST", "                  302 404 404 403 403 302", {"name": "New"}),
    # an organization's jobs, and the pools as it sees them
    Row("overview", "GET", "                   302 404 404 200 200 200"),
    Row("jobs", "GET", "                       302 404 404 200 200 200"),
    Row("job-new", "GET", "                    302 404 404 403 200 200"),
    Row("sweep-new", "GET", "                  302 404 404 403 200 200"),
    Row("sweep-new", "POST", "                 302 404 404 403 400 400", {"name": "nothing else"}),
    Row("batch", "GET", "                      302 404 404 200 200 200"),
    Row("job", "GET", "                        302 404 404 200 200 200"),
    Row("job-price", "GET", "                  302 404 404 200 200 200"),
    Row("job-cancel", "POST", "                302 404 404 403 302 302"),
    Row("job-log", "GET", "                    302 404 404 200 200 200"),
    Row("job-output", "GET", "                 302 404 404 200 200 200"),
    Row("job-file", "GET", "                   302 404 404 200 200 200"),
    Row("job-picture", "GET", "                302 404 404 200 200 200"),
    Row("job-sound", "GET", "                  302 404 404 404 404 404"),  # it is none
    Row("job-keep", "POST", "                  302 404 404 403 302 302", {"dataset": "kept"}),
    Row("job-archive", "GET", "                302 404 404 409 409 409"),  # it has not ended
    # datasets: a private one with version 1
    Row("datasets", "GET", "                   302 404 404 200 200 200"),
    Row("dataset-new", "GET", "                302 404 404 403 200 200"),
    Row("dataset-new", "POST", "               302 404 404 403 302 302", {"name": "new", "visibility": "private"}),
    Row("dataset", "GET", "                    302 404 404 200 200 200"),
    Row("dataset-settings", "GET", "           302 404 404 403 200 200"),
    Row("dataset-settings", "POST", "          302 404 404 403 302 302", {"description": "new"}),
    Row("dataset-visibility", "POST", "        302 404 404 403 403 302", {"visibility": "public"}),
    Row("dataset-grant", "POST", "             302 404 404 403 403 302", {"slug": "theirs"}),
    Row("dataset-revoke", "POST", "            302 404 404 403 403 404", {"slug": "theirs"}),  # it is not shared
    Row("dataset-delete", "POST", "            302 404 404 403 403 302", {"name": "digits"}),
    Row("dataset-version", "GET", "            302 404 404 200 200 200"),
    Row("dataset-version-delete", "POST", "    302 404 404 403 403 302"),
    Row("dataset-difference", "GET", "         302 404 404 200 200 200"),
    Row("dataset-archive", "GET", "            302 404 404 200 200 200"),
    Row("dataset-file", "GET", "               302 404 404 200 200 200"),
    Row("dataset-download", "GET", "           302 404 404 200 200 200"),
    Row("dataset-picture", "GET", "            302 404 404 200 200 200"),
    Row("dataset-sound", "GET", "              302 404 404 404 404 404"),  # it is none
    Row("draft-begin", "POST", "               302 404 404 403 302 302"),
    Row("draft-publish", "POST", "             302 404 404 403 409 409"),  # it is published
    Row("draft-abandon", "POST", "             302 404 404 403 409 409"),
    Row("draft-remove", "POST", "              302 404 404 403 409 409"),
    Row("draft-files", "GET", "                302 404 404 403 409 409"),
    Row("draft-uploads", "GET", "              302 404 404 403 409 409"),
    Row("draft-discard", "POST", "             302 404 404 403 409 409"),
    Row("pools", "GET", "                      302 404 404 200 200 200"),
    Row("pool", "GET", "                       302 404 404 200 200 200"),
    Row("pool-prices", "GET", "                302 404 404 200 200 200"),
    Row("pool-quote", "GET", "                 302 404 404 200 200 200", QUERY),
    Row("pool-reservations", "GET", "          302 404 404 200 200 200"),
    # the API: an outsider's token speaks for the outsider's own organization
    Row("api-me", "GET", "                     401 200 200 200 200 200"),
    Row("api-wallet", "GET", "                 401 200 200 200 200 200"),
    Row("api-wallet-transfers", "GET", "       401 200 200 200 200 200"),
    Row("api-notices", "GET", "                401 200 200 200 200 200"),
    Row("api-webhooks", "GET", "               401 200 200 403 403 200"),
    Row("api-webhooks", "POST", "              401 201 201 403 403 201", {"url": "https://example.com/hook"}),
    Row("api-webhook", "GET", "                401 404 404 403 403 200"),
    Row("api-webhook", "DELETE", "             401 404 404 403 403 204"),
    Row("api-webhook-rotate", "POST", "        401 404 404 403 403 200"),
    Row("api-projects", "GET", "               401 200 200 200 200 200"),
    Row("api-spending", "GET", "               401 200 200 200 200 200"),
    Row("api-statements", "GET", "             401 200 200 200 200 200"),
    Row("api-statement", "GET", "              401 200 200 200 200 200"),
    Row("api-statement-transfers", "GET", "    401 200 200 200 200 200"),
    Row("api-pools", "GET", "                  401 200 200 200 200 200"),
    Row("api-pool", "GET", "                   401 200 200 200 200 200"),
    Row("api-pool-prices", "GET", "            401 200 200 200 200 200"),
    Row("api-quotes", "POST", "                401 200 200 200 200 200", QUOTE),
    Row("api-jobs", "GET", "                   401 200 200 200 200 200"),
    Row("api-jobs", "POST", "                  401 201 402 403 201 201", SUBMIT),  # the operator has no credits
    Row("api-code", "POST", "                  401 415 415 403 415 415"),  # an archive is no JSON
    Row("api-batches", "POST", "               401 201 402 403 201 201", {"requests": [SUBMIT]}),
    Row("api-batch", "GET", "                  401 404 404 200 200 200"),
    Row("api-job", "GET", "                    401 404 404 200 200 200"),
    Row("api-job-cancel", "POST", "            401 404 404 403 200 200"),
    Row("api-job-cancellation-quote", "GET", " 401 404 404 200 200 200"),
    Row("api-job-receipt", "GET", "            401 404 404 200 200 200"),
    Row("api-job-events", "GET", "             401 404 404 200 200 200"),
    Row("api-job-samples", "GET", "            401 404 404 200 200 200"),
    Row("api-job-logs", "GET", "               401 404 404 200 200 200"),
    Row("api-job-outputs", "GET", "            401 404 404 200 200 200"),
    Row("api-job-outputs-archive", "GET", "    401 404 404 409 409 409", {"format": "zip"}),  # it has not ended
    Row("api-job-outputs-dataset", "POST", "   401 404 404 403 409 409", {"dataset": "kept"}),
    Row("api-job-output", "GET", "             401 404 404 200 200 200"),
    # a private dataset with a published version and a draft (tests/datasets has the whole table of visibilities)
    Row("api-datasets", "GET", "               401 200 200 200 200 200"),
    Row("api-datasets", "POST", "              401 201 201 403 201 201", {"name": "new"}),
    Row("api-dataset", "GET", "                401 404 404 200 200 200"),
    Row("api-dataset", "PATCH", "              401 404 404 403 200 200", {"description": "new"}),
    Row("api-dataset", "PATCH", "              401 404 404 403 403 200", {"visibility": "public"}),
    Row("api-dataset", "DELETE", "             401 404 404 403 403 204"),
    Row("api-dataset-grants", "GET", "         401 404 404 200 200 200"),
    Row("api-dataset-grant", "PUT", "          401 404 404 403 403 200"),
    Row("api-dataset-grant", "DELETE", "       401 404 404 403 403 404"),  # it is not shared
    Row("api-dataset-versions", "GET", "       401 404 404 200 200 200"),
    Row("api-dataset-versions", "POST", "      401 404 404 403 201 201"),
    Row("api-dataset-version", "GET", "        401 404 404 200 200 200"),
    Row("api-dataset-version", "DELETE", "     401 404 404 403 403 204"),
    Row("api-dataset-publish", "POST", "       401 404 404 403 409 409"),  # it is published
    Row("api-dataset-files", "GET", "          401 404 404 200 200 200"),
    Row("api-dataset-file", "GET", "           401 404 404 200 200 200"),
    Row("api-dataset-file", "PUT", "           401 404 404 403 409 409"),
    Row("api-dataset-file", "DELETE", "        401 404 404 403 409 409"),
    Row("api-dataset-remove", "POST", "        401 404 404 403 409 409", {"paths": ["a"]}),
    Row("api-dataset-archive", "GET", "        401 404 404 200 200 200"),
    Row("api-dataset-archive", "POST", "       401 404 404 403 409 409"),
    Row("api-dataset-diff", "GET", "           401 404 404 404 404 404"),  # there is no version before it
    Row("api-dataset-manifest", "GET", "       401 404 404 200 200 200"),
]


@dataclass(frozen=True)
class World:
    """Two organizations, an operator, and in `parts` one of each thing that an address can be about."""

    ours: Tenant
    theirs: Tenant
    operator: User
    parts: dict[str, Any]

    def address(self, name: str, **other: Any) -> str:
        given = self.parts | {"pk": self.parts.get(f"pk of {name}")} | other
        return reverse(name, kwargs={part: given[part] for part in addresses()[name]})

    def ask(self, row: Row, column: str) -> Any:
        address = self.address(row.name)
        if row.method == "GET":
            return self.client(column, address).get(address, row.data)
        if address.startswith("/api/"):
            body = json.dumps(row.data)
            return self.client(column, address).generic(row.method, address, body, "application/json")
        return self.client(column, address).post(address, row.data)

    def client(self, column: str, address: str) -> Client:
        if column == "anonymous":
            return a_client()
        person, organization = {
            "outsider": (self.theirs.owner, self.theirs.organization),
            "operator": (self.operator, memberships_of(self.operator)[0].organization),
        }.get(column) or (getattr(self.ours, column), self.ours.organization)
        return with_token(a_token(person, organization)) if address.startswith("/api/") else signed_in(person)


@pytest.fixture
def world(ours: Tenant, theirs: Tenant, tmp_path: Path, settings: Settings) -> World:
    settings.ERA_STORAGE_ROOT = tmp_path
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_only_for_tests", SECRET
    a_pool("local")
    _invitation, link = invitations.invite(
        actor=ours.owner, organization=ours.organization, email="invited@example.com", role=Role.VIEWER
    )
    a_token(ours.member, ours.organization)
    with scope(organization=ours.organization):
        viewer = Membership.objects.get(user=ours.viewer).pk
        parts = {
            "org": "ours",
            "slug": "local",
            "job_id": a_job(ours),
            "batch_id": a_batch(ours),
            "path": "result.txt",
            "owner": "ours",
            "name": a_dataset(ours),
            "version": "1",
            "month": "2026-11",
            "side": "thumbnail",
            "secret": link.rstrip("/").rsplit("/", 1)[1],
            "pk of invitation-revoke": _invitation.pk,
            "pk of member-role": viewer,
            "pk of member-limit": viewer,
            "project": a_project(ours),
            "webhook": a_webhook(ours),
            "payment_id": a_payment(ours).pk,
            "delivery": 0,
            "pk of member-remove": viewer,
            "pk of token-revoke": ApiToken.objects.get().pk,
        }
    return World(ours, theirs, a_user("operator@example.com", is_staff=True), parts)


def a_project(tenant: Tenant) -> str:
    made: Project = projects.create(actor=tenant.owner, organization=tenant.organization, slug="vision", name="Vision")
    return made.slug


def a_webhook(tenant: Tenant) -> int:
    made = webhooks.add(actor=tenant.owner, organization=tenant.organization, url="https://ours.example.com/hook")
    return made.pk


def a_job(tenant: Tenant) -> UUID:
    """Reserved, some time ahead, with a file among its outputs."""
    job: Job = submit(actor=tenant.member, organization=tenant.organization, request=a_request())
    outputs = storage.output_folder(job.pk, 1)
    outputs.mkdir(parents=True)
    (outputs / "result.txt").write_text("42")
    return job.pk


def a_batch(tenant: Tenant) -> UUID:
    """Of one job."""
    batch = submit_batch(
        actor=tenant.member,
        organization=tenant.organization,
        requests=[a_request()],
        mode=Batch.Mode.BEST_EFFORT,
    )
    return batch.pk


def a_dataset(tenant: Tenant) -> str:
    """Private, with a version that has one file."""
    return published(tenant, contents={"result.txt": b"42"}).dataset.name


def a_request() -> JobRequest:
    return JobRequest(
        pool="local",
        units=1,
        duration=60,
        earliest=clock.now() + timedelta(hours=1),
        deadline=clock.now() + timedelta(hours=2),
        value=MICRO,
        name="train",
        image="host",
        command=("true",),
    )


@cache
def addresses() -> dict[str, tuple[str, ...]]:
    """Each address's name, or its path where it has none, and the parts it takes."""
    return dict(_walk(get_resolver(), "", ()))


def _walk(resolver: URLResolver, prefix: str, parts: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if path.startswith(ELSEWHERE):
            continue
        taken = (*parts, *entry.pattern.converters)
        if isinstance(entry, URLPattern):
            yield entry.name or path, taken
        else:
            yield from _walk(entry, path, taken)


def test_every_address_is_in_the_table() -> None:
    assert addresses().keys() - {row.name for row in TABLE} == set(), "add a row for each to TABLE"


def test_every_row_is_about_an_address_that_exists() -> None:
    assert {row.name for row in TABLE} - addresses().keys() == set()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method}-{row.name}")
def test_each_address_answers_each_person_as_the_table_says(world: World, row: Row) -> None:
    answered = []
    for column, expected in zip(COLUMNS, row.statuses.split(), strict=True):
        status = str(undone(world, row, column).status_code)
        answered.append(expected if status in expected.split("/") else status)
    assert dict(zip(COLUMNS, answered, strict=True)) == dict(zip(COLUMNS, row.statuses.split(), strict=True))
    if answered[COLUMNS.index("outsider")] == "404":
        what_is_anothers_looks_like_what_is_not_there(world, row)


def what_is_anothers_looks_like_what_is_not_there(world: World, row: Row) -> None:
    """Not even the words of the answer differ, but for what was asked for and what is new in each answer."""
    absent = replace(world, parts=world.parts | ABSENT)
    words = []
    for each in (world, absent):
        answer = undone(each, row, "outsider")
        text = CSRF_TOKEN.sub("…", answer.content.decode())
        for own in (answer["X-Request-ID"], *(str(each.parts[part]) for part in ABSENT)):
            text = text.replace(own, "…")
        words.append(text)
    assert words[0] == words[1]


def undone(world: World, row: Row, column: str) -> Any:
    """The answer, with what it changed taken back."""
    before = transaction.savepoint()
    answer = world.ask(row, column)
    transaction.savepoint_rollback(before)
    return answer
