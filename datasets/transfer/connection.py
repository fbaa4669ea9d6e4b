"""One connection from its first frame to its last: who says what, and who still may."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from accounts.callers import Unauthenticated
from accounts.models import Membership
from datasets.transfer import frames, looking
from datasets.transfer.caller import membership_of_caller
from datasets.transfer.frames import BadFrame, Header
from datasets.transfer.incoming import Incoming
from datasets.transfer.limits import CHECK_AGAIN, CHUNK, FRAME, IDLE, LARGEST_NUMBER, PIPELINE
from datasets.transfer.outbox import Closed, Outbox, Send
from datasets.transfer.outgoing import Outgoing
from datasets.transfer.parts import Unavailable
from datasets.transfer.threads import Jobs
from era_platform.common.errors import NotFound, Problem

BAD_FRAME, NOT_AUTHENTICATED, NOT_FOUND, IS_IDLE = 4400, 4401, 4404, 4408
LONGEST_REASON = 120

Receive = Callable[[], Awaitable[dict[str, Any]]]


class UnknownOp(Problem):
    code = "unknown_op"


class Gone(Exception):
    """The client has left."""


class Connection:
    def __init__(self, scope: dict[str, Any], receive: Receive, send: Send, membership: Membership) -> None:
        self._scope, self._receive, self._membership = scope, receive, membership
        self.jobs, self._outbox = Jobs(), Outbox(send)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.incoming = Incoming(membership, self._outbox, self.jobs, self._spawn)
        self.outgoing = Outgoing(membership, self._outbox, self.jobs)
        self._last = 0
        self._heard = time.monotonic()
        self._text = {
            "open": self._open,
            "begin": self._begin,
            "end": self._end,
            "leave": self._leave,
            "get": self._get,
            "cancel": self._cancel,
            "list": self._list,
            "search": self._search,
        }
        self._binary = {"put": self._put, "data": self._data}

    async def run(self) -> None:
        """Until it ends. Raises Closed or Gone, which say how."""
        organization, role = self._membership.organization.slug, str(self._membership.role)
        self._outbox.say("ready", organization=organization, role=role, frame=FRAME, chunk=CHUNK, pipeline=PIPELINE)
        parts = (self._outbox, self.incoming, self.incoming.storing, self.outgoing)
        for work in (*(part.run() for part in parts), self._read(), self._check()):
            self._spawn(work)
        try:
            await self._failed
        finally:
            await self._stop()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside the others. The first that raises ends the connection with that."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not self._failed.done():
            self._failed.set_exception(error)

    async def _stop(self) -> None:
        """All tasks, then all threads; only then are files closed."""
        running = list(self._tasks)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        await self.jobs.ended()
        self.incoming.close()

    # --- reading ------------------------------------------------------------------------------------
    async def _read(self) -> None:
        while True:
            event = await self._receive()
            if event["type"] != "websocket.receive":
                raise Gone
            self._heard = time.monotonic()
            try:
                header, content = frames.read(event)
                await self._dispatch(header, content)
            except BadFrame as error:
                raise Closed(BAD_FRAME, str(error)) from error

    async def _dispatch(self, header: Header, content: memoryview | None) -> None:
        try:
            await self._handle(header, content)
        except Problem as problem:
            number = header.get("id")
            known = type(number) is int and 0 < number <= LARGEST_NUMBER
            self._outbox.fail(number if known else None, problem)

    async def _handle(self, header: Header, content: memoryview | None) -> None:
        op = header.get("op")
        if not isinstance(op, str) or not (op in self._text or op in self._binary):
            self._outbox.got(len(content or b""))
            raise UnknownOp(f"There is no op {op!r:.40}.")
        if content is None:
            if op in self._binary:
                raise BadFrame(f"{op} must be a binary frame")
            await self._text[op](header)
        elif op in self._text:
            raise BadFrame(f"{op} must be a text frame")
        else:
            await self._binary[op](header, content)

    def _new(self, header: Header) -> int:
        self._last = frames.number(header, "id", least=self._last + 1, most=LARGEST_NUMBER)
        return self._last

    def _known(self, header: Header) -> int:
        return frames.number(header, "id", least=1, most=self._last)

    def _or_got(self, number: Callable[[Header], int], header: Header, content: memoryview) -> int:
        """Content is told to be got, also of what is refused: or the client would wait for it for ever."""
        try:
            return number(header)
        except Problem:
            self._outbox.got(len(content))
            raise

    async def _open(self, header: Header) -> None:
        await self.incoming.open(header)

    async def _put(self, header: Header, content: memoryview) -> None:
        await self.incoming.put(self._or_got(self._new, header, content), header, content)

    async def _begin(self, header: Header) -> None:
        await self.incoming.begin(self._new(header), header)

    async def _data(self, header: Header, content: memoryview) -> None:
        await self.incoming.data(self._or_got(self._known, header, content), header, content)

    async def _end(self, header: Header) -> None:
        await self.incoming.end(self._known(header), header)

    async def _leave(self, header: Header) -> None:
        await self.incoming.leave(self._known(header), header)

    async def _get(self, header: Header) -> None:
        await self.outgoing.get(self._new(header), header)

    async def _cancel(self, header: Header) -> None:
        await self.outgoing.cancel(self._known(header), header)

    async def _list(self, header: Header) -> None:
        number = self._new(header)
        found = await self.jobs.in_database(looking.files, self._membership, header)
        self._outbox.say("files", id=number, **found)

    async def _search(self, header: Header) -> None:
        number = self._new(header)
        found = await self.jobs.in_database(looking.search, self._membership, header)
        self._outbox.say("found", id=number, **found)

    # --- watching -----------------------------------------------------------------------------------
    async def _check(self) -> None:
        """May the caller still do this? A database that doesn't answer for a moment ends nothing."""
        while True:
            await asyncio.sleep(CHECK_AGAIN)
            try:
                self._membership = await self.jobs.in_database(membership_of_caller, self._scope)
            except Unauthenticated as error:
                raise Closed(NOT_AUTHENTICATED, "the token or session is not good any more") from error
            except NotFound as error:
                raise Closed(NOT_FOUND, "no longer a member of the organization") from error
            except Unavailable:
                continue
            await self.incoming.check(self._membership)
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self.incoming.under_way or self.outgoing.under_way:
            self._heard = time.monotonic()
        elif time.monotonic() - self._heard > IDLE:
            raise Closed(IS_IDLE, "nothing was asked for")
