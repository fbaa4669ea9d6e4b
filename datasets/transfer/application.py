"""The ASGI application: lets a connection in, runs it, and closes it with a code that says why.

Not a consumer of Channels, which would hand each frame over by two queues and two tasks. As with the other
WebSockets each handshake is accepted, since a browser can't see why one was refused.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog

from accounts.callers import Unauthenticated
from accounts.models import Membership
from datasets.transfer.caller import membership_of_caller
from datasets.transfer.connection import NOT_AUTHENTICATED, NOT_FOUND, Connection, Gone, Receive
from datasets.transfer.limits import OF_ALL, OF_ONE_ORGANIZATION
from datasets.transfer.outbox import Closed, Send
from datasets.transfer.threads import Jobs
from era_platform.common.errors import NotFound, Problem

TROUBLE, TOO_MANY = 1011, 4429
LONGEST_REASON = 120

connected: Counter[int] = Counter()
"""Connections to this process, by organization."""

log = structlog.get_logger(__name__)


async def transfer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    try:
        await _serve(scope, receive, send)
    except Closed as closed:
        reason = closed.reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        with suppress(OSError):
            await send({"type": "websocket.close", "code": closed.code, "reason": reason})
    except (Gone, OSError):
        return  # the client has left


async def _serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Raises Closed or Gone when it ends."""
    membership = await _membership(scope)
    with _counted(membership.organization_id):
        connection = Connection(scope, receive, send, membership)
        began, how = time.monotonic(), "failed"
        try:
            await connection.run()
        except Gone:
            how = "left"
            raise
        except Closed as closed:
            how = str(closed.code)
            raise
        except Problem as problem:
            how = problem.code
            raise Closed(TROUBLE, problem.code) from problem
        finally:
            _log(connection, membership, time.monotonic() - began, how)


async def _membership(scope: dict[str, Any]) -> Membership:
    try:
        return await Jobs().in_database(membership_of_caller, scope)
    except Unauthenticated as error:
        raise Closed(NOT_AUTHENTICATED, "no token or session that is good") from error
    except NotFound as error:
        raise Closed(NOT_FOUND, "no such organization, or not a member of it") from error
    except Problem as problem:
        raise Closed(TROUBLE, problem.code) from problem


@contextmanager
def _counted(organization_id: int) -> Iterator[None]:
    if connected[organization_id] >= OF_ONE_ORGANIZATION or connected.total() >= OF_ALL:
        raise Closed(TOO_MANY, "too many connections at once; try again later")
    connected[organization_id] += 1
    try:
        yield
    finally:
        connected[organization_id] -= 1
        if not connected[organization_id]:
            del connected[organization_id]


def _log(connection: Connection, membership: Membership, seconds: float, how: str) -> None:
    log.info(
        "transfer_ended",
        organization=membership.organization.slug,
        user_id=membership.user_id,
        stored=connection.incoming.storing.stored,
        bytes_in=connection.incoming.bytes,
        bytes_out=connection.outgoing.bytes,
        seconds=round(seconds, 3),
        how=how,
    )
