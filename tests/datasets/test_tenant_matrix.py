"""The tenant matrix over datasets: every cell of tests/datasets/matrix.py, and nothing of datasets left out of it."""

import asyncio
import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Organization, User
from datasets import store
from datasets.api_urls import urlpatterns as api
from datasets.services import files
from datasets.services.drafting import Wanted
from datasets.transfer.connection import Connection
from datasets.urls import urlpatterns as pages
from jobs.engines import engine, sandbox
from tests.datasets.asking import addresses, ask
from tests.datasets.matrix import ROLES, STATES, TABLE, Row, rows
from tests.datasets.matrix_inside import read_in_a_job
from tests.datasets.matrix_sockets import told_over_sockets
from tests.datasets.matrix_world import World, a_world
from tests.datasets.ways import a_dataset, a_draft, digest_of, published, stored
from tests.factories import Tenant, a_pool
from tests.jobs.engine import remove_all

pytestmark = pytest.mark.django_db
CSRF_TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b")


@pytest.fixture
def world(storage: Any) -> World:
    a_pool("local", units=1000)
    return a_world()


def undone(world: World, row: Row, state: str, role: str) -> tuple[str, Any]:
    """The answer, with what it changed in the database taken back."""
    before = transaction.savepoint()
    answer = ask(world, row, state, role)
    transaction.savepoint_rollback(before)
    return answer


def differences(world: World, channel: str) -> str:
    got = [
        {state: "".join(undone(world, row, state, role)[0] for role in ROLES) for state in STATES}
        for row in rows(channel)
    ]
    return said_otherwise(rows(channel), got)


def said_otherwise(wanted: list[Row], got: list[dict[str, str]]) -> str:
    """The rows in which what came is not what the table says, as they would have to be written."""
    return "\n".join(
        f"{row.verb:26}| {' '.join(letters.values())}\n{'not':26}| {' '.join(row.expected.values())}"
        for row, letters in zip(wanted, got, strict=True)
        if letters != row.expected
    )


def test_through_the_api_everybody_gets_what_the_table_says(world: World) -> None:
    wrong = differences(world, "api")
    assert not wrong, wrong


def test_on_the_pages_everybody_gets_what_the_table_says(world: World) -> None:
    wrong = differences(world, "page")
    assert not wrong, wrong


def test_what_is_not_to_be_seen_looks_like_what_is_not_there(world: World) -> None:
    """Not even the words of the answer differ, but for the name that was asked for."""
    for row in [*rows("api"), *rows("page")]:
        if row.expected["private"][1] == "n" and not hides(row):
            there, absent = (told(world, row, state) for state in ("private", "deleted"))
            assert there == absent, row.verb


def hides(row: Row) -> bool:
    """Lists leave out what is not to be seen."""
    return row.name in ("api-datasets", "datasets")


def told(world: World, row: Row, state: str) -> str:
    """What an outsider is told, without what was asked for and what is new in each answer."""
    _letter, answer = undone(world, row, state, "outsider")
    place = world.places[state]
    text = CSRF_TOKEN.sub("…", answer.content.decode())
    for own in (answer["X-Request-ID"], place.dataset.name, place.called):
        text = text.replace(own, "…")
    return text


def test_whether_another_tenant_has_the_same_bytes_shows_nowhere(ours: Tenant, theirs: Tenant) -> None:
    """Not in the answer, not in what is counted, not in what is done for it, and so not in how long it takes."""
    published(theirs, contents={"secret.bin": b"secret bytes"})
    draft = a_draft(ours)
    api, told = ours.api(), []
    for content in (b"the first one", b"secret bytes", b"nobody's own"):
        before = stored(ours)
        address = f"/api/v1/datasets/ours/digits/versions/{draft.pk}/files/{content.hex()}"
        with CaptureQueriesContext(connection) as asked:
            answer = api.put(address, content, "application/octet-stream")
        assert answer.json() == {"path": content.hex(), "size": len(content), "sha256": digest_of(content)}
        kept = store.blob_path(ours.organization.pk, digest_of(content))
        statements = [re.sub(r"'[^']*'|\b[0-9a-f-]{8,}\b|\d+", "…", query["sql"]) for query in asked.captured_queries]
        told.append((answer.status_code, statements, stored(ours) - before, kept.stat().st_nlink))
    assert told[1] == told[2]
    wanted = [Wanted("a", digest_of(b"secret bytes"), 12), Wanted("b", digest_of(b"never"), 5)]
    other = a_draft(theirs, a_dataset(theirs, "other"))
    assert files.reuse(actor=theirs.member, version=other, files=wanted) == {"a"}
    never_had = [Wanted("x", digest_of(b"what it is"), 10)]
    published(ours, a_dataset(ours, "own"), {"readme.txt": b"what it is"})
    assert files.reuse(actor=theirs.member, version=other, files=never_had) == set()


@pytest.mark.django_db(transaction=True)
def test_over_the_socket_everybody_gets_what_the_table_says(world: World) -> None:
    wrong = said_otherwise(rows("socket"), asyncio.run(told_over_sockets(world, rows("socket"))))
    assert not wrong, wrong


@pytest.mark.engine
@pytest.mark.skipif(bool(sandbox.isolation_refused()), reason="this machine lets us make no namespaces")
@pytest.mark.django_db(transaction=True)
def test_in_a_job_everybody_reads_what_the_table_says(world: World) -> None:
    try:
        [row] = rows("mount")
        got = {state: "".join(read_in_a_job(world, state, role) for role in ROLES) for state in STATES}
        assert got == row.expected
    finally:
        remove_all(set(engine().instances()))


def test_no_operation_of_the_socket_is_left_out() -> None:
    """But for those which name only what the same connection has begun."""

    async def operations() -> set[str]:
        nobody = Membership(user=User(), organization=Organization())
        waits = Connection({}, asyncio.Event().wait, print, nobody)  # type: ignore[arg-type]
        return {*waits._text, *waits._binary}

    assert asyncio.run(operations()) == {row.name for row in rows("socket")} | {"data", "end", "leave", "cancel"}


def test_no_address_and_no_method_of_datasets_is_left_out() -> None:
    here = {entry.name: entry.callback for patterns in (api, pages) for entry in patterns}
    known = {(row.name, row.method) for row in TABLE}
    missing = [
        (name, method) for name, view in here.items() for method in methods_of(view) if (name, method) not in known
    ]
    assert missing == []
    assert {row.name for row in TABLE if row.channel in ("api", "page")} <= addresses().keys()


def methods_of(view: Any) -> list[str]:
    """What a view of the API has; of a page's view, GET or POST, whichever the table has for it."""
    if hasattr(view, "view_class"):
        names = ("get", "post", "put", "patch", "delete")
        return [name.upper() for name in names if hasattr(view.view_class, name)]
    [*tried] = (method for method in ("GET", "POST") if allows(view, method))
    return tried


def allows(view: Any, method: str) -> bool:
    request = getattr(RequestFactory(), method.lower())("/")
    request.user = AnonymousUser()
    return bool(view(request, org="x").status_code != 405)
