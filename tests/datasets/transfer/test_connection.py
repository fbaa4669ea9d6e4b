"""Who is let in, for how long, and what ends a connection."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from django_scopes import scope

from accounts.models import Membership, Role
from accounts.services import memberships, tokens
from datasets.models import Version
from datasets.transfer import application, connection, frames, limits
from datasets.transfer.threads import Jobs
from era_platform.asgi import application as whole
from tests.datasets.transfer.talk import Talk, talking
from tests.datasets.ways import a_draft
from tests.factories import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def draft(ours: Tenant) -> Version:
    return a_draft(ours)


@pytest.fixture
def checked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CHECK_AGAIN", 0.05)


def end_of(*, application: Any = application.transfer, **caller: str) -> tuple[int, str]:
    """How a connection ends on which nobody says anything."""

    async def played() -> tuple[int, str]:
        talk = Talk(application=application, **caller)
        await talk.begin()
        closed = await talk.closed()
        await talk.end()
        return closed

    return asyncio.run(played())


def ready(**caller: str) -> dict[str, Any]:
    async def played() -> dict[str, Any]:
        talk = Talk(application=whole, **caller)
        await talk.begin()
        said = await talk.hear("ready")
        await talk.end()
        return said

    return asyncio.run(played())


def cookie(tenant: Tenant, role: str = "member") -> str:
    return str(tenant.client(role).cookies["sessionid"].value)


def test_a_token_and_a_session_are_let_in(ours: Tenant, theirs: Tenant) -> None:
    by_token = ready(token=ours.token("viewer"))
    by_session = ready(cookie=cookie(ours), query="org=ours")
    assert (by_token["organization"], by_token["role"]) == ("ours", "viewer")
    assert (by_session["organization"], by_session["role"]) == ("ours", "member")
    assert (by_token["frame"], by_token["chunk"]) == (limits.FRAME, limits.CHUNK)


def test_nobody_else_is(ours: Tenant, theirs: Tenant) -> None:
    assert end_of()[0] == 4401
    assert end_of(token="era_nothing")[0] == 4401
    assert end_of(application=whole, cookie="x")[0] == 4401
    assert end_of(application=whole, cookie=cookie(ours))[0] == 4404, "no organization was named"
    assert end_of(application=whole, cookie=cookie(ours), query="org=theirs")[0] == 4404
    assert end_of(token=ours.token(), query="org=theirs")[0] == 4404
    assert end_of(token=ours.token(), query="org=%00")[0] == 4404


def ended_while_open(secret: str, draft: Version, change: Callable[[], None]) -> int:
    """The code with which a connection ends on which a draft is open while something changes."""

    async def played() -> int:
        async with talking(secret) as talk:
            await talk.open(draft.pk)
            await Jobs().in_database(change)
            return (await talk.closed())[0]

    return asyncio.run(played())


def test_a_revoked_token_ends_what_is_open(ours: Tenant, draft: Version, checked_often: None) -> None:
    token, secret = tokens.create_token(actor=ours.member, organization=ours.organization, name="test")
    assert ended_while_open(secret, draft, lambda: tokens.revoke_token(actor=ours.member, token=token)) == 4401


def test_a_lost_membership_ends_what_is_open(ours: Tenant, draft: Version, checked_often: None) -> None:
    with scope(organization=ours.organization):
        membership = Membership.objects.get(user=ours.member)

    def remove() -> None:
        with scope(organization=ours.organization):
            memberships.remove(actor=ours.owner, membership=membership)

    assert ended_while_open(ours.token(), draft, remove) in (4401, 4404)


def test_a_role_that_is_too_low_now_ends_the_files_under_way(ours: Tenant, draft: Version, checked_often: None) -> None:
    with scope(organization=ours.organization):
        membership = Membership.objects.get(user=ours.member)
    secret = ours.token()

    def lower() -> None:
        with scope(organization=ours.organization):
            memberships.change_role(actor=ours.owner, membership=membership, role=Role.VIEWER)

    async def played() -> tuple[str, str]:
        async with talking(secret) as talk:
            await talk.open(draft.pk)
            talk.say("begin", id=1, path="large", size=limits.FRAME + 1)
            await talk.hear("at")
            await Jobs().in_database(lower)
            failed = await talk.hear("failed")
            talk.send(b"x", "put", id=2, path="small", size=1)
            return failed["code"], (await talk.hear("failed"))["code"]

    assert asyncio.run(played()) == ("forbidden", "not_open")


def ended_by(secret: str, *events: dict[str, Any]) -> tuple[int, str]:
    """How the server ends a connection on which the client sends this."""

    async def played() -> tuple[int, str]:
        async with talking(secret) as talk:
            for event in events:
                talk.event(event)
            return await talk.closed()

    return asyncio.run(played())


def test_what_can_not_be_read_ends_the_connection_and_says_why(ours: Tenant) -> None:
    header = b'{"op":"put","id":1,"path":"a","size":0}'
    unreadable: list[dict[str, Any]] = [
        {"bytes": b""},
        {"bytes": b"\0\0\0"},
        {"bytes": b"\0\0\0\0"},
        {"bytes": b"\xff\xff\xff\xff" + header},
        {"bytes": (limits.HEADER + 1).to_bytes(4, "big") + b" " * (limits.HEADER + 1)},
        {"bytes": (len(header) + 1).to_bytes(4, "big") + header},
        {"bytes": b"\0\0\0\x04\xff\xfe{}"},
        {"bytes": frames.head(op="begin", id=1, path="a", size=1)},
        {"text": header.decode()},
        {"text": "no JSON"},
        {"text": "[" * limits.HEADER},
        {"text": "[]"},
        {"text": "1" * 5000},
        {"text": " " * (limits.HEADER + 1)},
    ]
    secret = ours.token()
    for event in unreadable:
        code, reason = ended_by(secret, event)
        assert (code, bool(reason)) == (4400, True), event


def test_what_is_readable_but_wrong_is_told_and_the_connection_goes_on(ours: Tenant, draft: Version) -> None:
    wrong: list[tuple[dict[str, Any], str, int | None]] = [
        ({"op": "nonsense", "id": 3}, "unknown_op", 3),
        ({"op": None}, "unknown_op", None),
        ({}, "unknown_op", None),
        ({"op": ["get"]}, "unknown_op", None),
        ({"op": "open"}, "bad_request", None),
        ({"op": "open", "version": "x"}, "not_found", None),
        ({"op": "get", "id": 0}, "bad_request", None),
        ({"op": "get", "id": "1"}, "bad_request", None),
        ({"op": "get", "id": 2**53}, "bad_request", None),
        ({"op": "end", "id": 7}, "bad_request", 7),
        ({"op": "begin", "id": 1, "path": "a", "size": 1}, "not_open", 1),
        ({"op": "list", "id": 2, "reference": "x"}, "invalid", 2),
        ({"op": "list", "id": 2, "reference": "ours/digits"}, "bad_request", 2),
        ({"op": "list", "id": 4, "reference": "ours/digits", "limit": 0}, "bad_request", 4),
        ({"op": "search", "id": 5, "owner": "everybody"}, "bad_request", 5),
    ]
    secret = ours.token()

    async def played() -> list[tuple[str, int | None]]:
        async with talking(secret) as talk:
            told = []
            for message, _code, _number in wrong:
                talk.event({"text": json.dumps(message)})
                failed = await talk.hear("failed")
                told.append((failed["code"], failed.get("id")))
            await talk.open(draft.pk)
            return told

    assert asyncio.run(played()) == [(code, number) for _message, code, number in wrong]


def test_connections_are_counted(ours: Tenant, theirs: Tenant) -> None:
    secret, other = ours.token(), theirs.token()

    async def played() -> tuple[int, int]:
        async with AsyncExitStack() as stack:
            for _ in range(limits.OF_ONE_ORGANIZATION):
                await stack.enter_async_context(talking(secret))
            one_more = Talk(secret)
            await one_more.begin()
            code, _reason = await one_more.closed()
            await stack.enter_async_context(talking(other))
            return code, application.connected.total()

    assert asyncio.run(played()) == (4429, limits.OF_ONE_ORGANIZATION + 1)
    assert application.connected.total() == 0


def test_one_on_which_nothing_is_asked_for_is_closed(
    ours: Tenant, checked_often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE", 0.2)
    assert ended_by(ours.token())[0] == 4408
