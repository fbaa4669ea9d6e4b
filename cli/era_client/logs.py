"""A job's log, live, over a WebSocket: taken up after a break at the byte where it broke off."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from era_client.errors import NetworkError, UsageError, api_error
from era_client.http import Connection, pause, segment

BAD_OFFSET, NOT_AUTHENTICATED, NOT_FOUND = 4400, 4401, 4404
PATIENCE = 300.0
"""Seconds without a connection until we give up."""


@dataclass(frozen=True)
class LogText:
    """Bytes as the job wrote them; `offset` is that of the first."""

    offset: int
    data: bytes


@dataclass(frozen=True)
class LogState:
    """The job came to this state."""

    state: str


@dataclass(frozen=True)
class LogEnd:
    """Nothing will come after byte `offset`."""

    offset: int


@dataclass(frozen=True)
class LogBreak:
    """The connection broke; it is being made anew."""

    offset: int
    reason: str


LogEvent = LogText | LogState | LogEnd | LogBreak


class LogLost(NetworkError):
    """The connection broke and could not be made again; `offset` is where to go on."""

    def __init__(self, detail: str, offset: int) -> None:
        super().__init__(detail)
        self.offset = offset


def follow(connection: Connection, job: str, *, offset: int = 0, patience: float = PATIENCE) -> Iterator[LogEvent]:
    """The log from byte `offset` on, until it ends. Raises NotFound, NotSignedIn, UsageError, LogLost."""
    alive, attempt = time.monotonic(), 0
    while True:
        try:
            for event in _once(connection, job, offset):
                alive, attempt = time.monotonic(), 0
                offset = event.offset + len(event.data) if isinstance(event, LogText) else offset
                yield event
                if isinstance(event, LogEnd):
                    return
            reason = "it was closed before the log's end"
        except ConnectionClosed as closed:
            _check_code(closed, job)
            reason = f"it was closed ({closed.rcvd.code if closed.rcvd else 'without a word'})"
        except InvalidStatus as refused:
            if refused.response.status_code < 500:
                raise NetworkError(f"{connection.url} does not offer logs here: {refused}.") from refused
            reason = str(refused)
        except (OSError, WebSocketException) as error:
            reason = str(error) or type(error).__name__
        attempt += 1
        if time.monotonic() - alive > patience:
            raise LogLost(f"The connection to {connection.url} broke and did not come back: {reason}.", offset)
        yield LogBreak(offset, reason)
        time.sleep(pause(attempt))


def _once(connection: Connection, job: str, offset: int) -> Iterator[LogEvent]:
    address = connection.socket_url(f"/ws/v1/jobs/{segment(job)}/logs?offset={offset}")
    with connect(address, additional_headers=connection.headers, max_size=None, open_timeout=15) as socket:
        yield from _events(socket, offset)


def _events(socket: ClientConnection, offset: int) -> Iterator[LogEvent]:
    for message in _messages(socket):
        if isinstance(message, bytes):
            yield LogText(offset, message)
            offset += len(message)
            continue
        told = json.loads(message)
        if told.get("type") == "state":
            yield LogState(str(told["state"]))
        elif told.get("type") == "end":
            yield LogEnd(int(told["offset"]))
            return


def _messages(socket: ClientConnection) -> Iterator[str | bytes]:
    """Until it is closed, which raises ConnectionClosed whatever the code."""
    while True:
        yield socket.recv()


def _check_code(closed: ConnectionClosed, job: str) -> None:
    code = closed.rcvd.code if closed.rcvd else 0
    if code == NOT_AUTHENTICATED:
        raise api_error(401, {"detail": "The token is not valid any more: it is revoked or expired."}) from closed
    if code == NOT_FOUND:
        raise api_error(404, {"detail": f"There is no job {job}.", "code": "not_found"}) from closed
    if code == BAD_OFFSET:
        raise UsageError("The offset is not one of this log.") from closed
