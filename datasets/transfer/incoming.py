"""The way in: which files are under way into which draft, and what is done with each frame of theirs."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Membership
from datasets import store
from datasets.models import Upload, Version
from datasets.selectors import access
from datasets.services import files, uploads
from datasets.transfer import frames, writing
from datasets.transfer.budget import Budget
from datasets.transfer.frames import Header
from datasets.transfer.limits import FRAME, IN_MEMORY, LARGE_AT_ONCE, LARGEST_NUMBER, PATH, PIPELINE
from datasets.transfer.outbox import Outbox
from datasets.transfer.parts import Part, Unavailable, require_space
from datasets.transfer.storing import Storing
from datasets.transfer.threads import Jobs
from datasets.transfer.writing import Data, End, GiveUp, Item, Large, Leave, Outcome, Put
from era_platform.common.errors import Conflict, NotFound, Problem

AT_ONCE = 2 * 1024 * 1024
"""Bytes that one thread writes before the client is told that they are got."""
TOUCHED_EVERY = 600.0

in_memory = Budget(IN_MEMORY)


class NotOpen(Problem):
    code = "not_open"


class TooMany(Problem):
    code = "too_many"


class Incoming:
    """Of one connection. `bytes` of content have come."""

    def __init__(self, membership: Membership, outbox: Outbox, jobs: Jobs, spawn: Callable[..., None]) -> None:
        self._membership, self._outbox, self._jobs, self._spawn = membership, outbox, jobs, spawn
        self.storing = Storing(membership.user, outbox, jobs)
        self._draft: Version | None = None
        self._large: dict[int, Large | None] = {}
        """By id; None while it is just beginning."""
        self._queue: deque[Item] = deque()
        self._outcomes: list[Outcome] = []
        """What a thread has done that was not accounted for yet."""
        self._wake = asyncio.Event()
        self._held = 0
        self._touched = time.monotonic()
        self.bytes = 0

    @property
    def under_way(self) -> int:
        return len(self._large) + len(self._queue) + self.storing.waiting

    # --- what the client says ---------------------------------------------------------------------
    async def open(self, header: Header) -> None:
        version = _uuid(frames.string(header, "version", most=40))
        if self.under_way:
            raise Conflict(_("Files are under way into another draft; wait until they are stored."))
        draft = await self._jobs.in_database(access.find_draft, self._membership, version)
        self._draft = self.storing.draft = draft
        owner = draft.dataset.organization.slug
        self._outbox.say("opened", version=str(draft.pk), dataset=f"{owner}/{draft.dataset.name}")

    async def put(self, number: int, header: Header, content: memoryview) -> None:
        try:
            self._open_draft()
            size = frames.number(header, "size", most=FRAME)
            path, digest = files.check_path(frames.string(header, "path", most=PATH)), frames.digest(header)
            if size != len(content):
                text = _("{found} bytes came of {size}.").format(found=len(content), size=size)
                raise writing.WrongLength(text)
        except Problem:
            self._outbox.got(len(content))
            raise
        while len(self._queue) + self.storing.waiting >= PIPELINE:
            await self.storing.progress()
        await self._enqueue(Put(number, path, digest, content))

    async def begin(self, number: int, header: Header) -> None:
        draft = self._open_draft()
        path = files.check_path(frames.string(header, "path", most=PATH))
        size = frames.number(header, "size", most=LARGEST_NUMBER)
        if len(self._large) >= LARGE_AT_ONCE:
            raise TooMany(_("{most} large files are under way; wait for one.").format(most=LARGE_AT_ONCE))
        self._large[number] = None
        self._spawn(self._begin(number, draft, path, size))

    async def data(self, number: int, header: Header, content: memoryview) -> None:
        if number not in self._large:
            self._outbox.got(len(content))  # of a file that failed meanwhile
            return
        try:
            large = self._begun(number)
            offset = frames.number(header, "offset", most=LARGEST_NUMBER)
            if not 0 < len(content) <= FRAME:
                raise frames.bad("content", f"must have 1 to {FRAME} bytes")
        except Problem:
            self._outbox.got(len(content))
            raise
        await self._enqueue(Data(large, offset, content))

    async def end(self, number: int, header: Header) -> None:
        if number in self._large:
            await self._enqueue(End(self._begun(number), frames.digest(header)))

    async def leave(self, number: int, header: Header) -> None:
        if number in self._large:
            await self._enqueue(Leave(self._begun(number), header.get("discard") is True))
        else:
            self._outbox.say("left", id=number)

    # --- what is done about it --------------------------------------------------------------------
    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                await self._work(self._some())

    async def check(self, membership: Membership) -> None:
        """While files come: is it still allowed, and is there still room for them?"""
        self._membership = membership
        if self._draft is None or not self.under_way:
            return
        try:
            await self._jobs.in_database(access.find_draft, membership, self._draft.pk)
            await self._touch()
        except Unavailable:
            return
        except Problem as problem:
            self._draft = None
            self.give_up(problem)

    async def _touch(self) -> None:
        """What takes days is not abandoned."""
        if time.monotonic() - self._touched > TOUCHED_EVERY:
            self._touched = time.monotonic()
            for large in [large for large in self._large.values() if large]:
                await self._jobs.in_database(uploads.touch, upload=large.upload)

    def give_up(self, problem: Problem) -> None:
        for number, large in list(self._large.items()):
            if large is None:
                self._over(number, None)
                self._outbox.fail(number, problem)
            else:
                self._queue.append(GiveUp(large, problem))
        self._wake.set()

    def close(self) -> None:
        """When nothing of this runs any more, in no thread either."""
        in_memory.give(self._held)
        for outcome in self._outcomes:
            if outcome.arrived:
                self.storing.hand_over(outcome.number, outcome.arrived, outcome.large)
        self.storing.drop()
        for large in self._large.values():
            if large:
                large.part.close()

    async def _enqueue(self, item: Item) -> None:
        size = writing.size_of(item)
        await in_memory.take(size)
        self._held += size
        self.bytes += size
        self._queue.append(item)
        self._wake.set()

    def _some(self) -> list[Item]:
        items: list[Item] = []
        size = 0
        while self._queue and size < AT_ONCE:
            items.append(self._queue.popleft())
            size += writing.size_of(items[-1])
        return items

    async def _work(self, items: list[Item]) -> None:
        await self._jobs.on_disk(writing.work, self._membership.organization_id, items, self._outcomes)
        size = sum(map(writing.size_of, items))
        in_memory.give(size)
        self._held -= size
        self._outbox.got(size)
        outcomes, self._outcomes = self._outcomes, []
        for outcome in outcomes:
            self._account(outcome)
        self.storing.advance()  # files that were refused make room, too

    def _account(self, outcome: Outcome) -> None:
        number, large = outcome.number, outcome.large
        if outcome.arrived:
            self._large.pop(number, None)
            self.storing.hand_over(number, outcome.arrived, large)
            return
        if outcome.problem:
            self._outbox.fail(number, outcome.problem)
        elif large and outcome.is_discarded:
            self._spawn(self._discard(large))
        else:
            self._outbox.say("left", id=number)
        if large:
            self._over(number, large)

    async def _discard(self, large: Large) -> None:
        """The room that was kept for it is free again."""
        try:
            await self._jobs.in_database(uploads.discard, upload=large.upload)
            self._outbox.say("left", id=large.number)
        except Problem as problem:
            self._outbox.fail(large.number, problem)

    def _over(self, number: int, large: Large | None) -> None:
        self._large.pop(number, None)
        if large:
            large.part.close()

    async def _begin(self, number: int, draft: Version, path: str, size: int) -> None:
        try:
            upload, part = await self._jobs.in_database(_opened, self._membership, draft, path, size)
        except Problem as problem:
            if self._large.pop(number, 0) is None:
                self._outbox.fail(number, problem)
            return
        if number in self._large:
            self._large[number] = Large(number, path, part, upload)
            self._outbox.say("at", id=number, offset=part.offset)
        else:
            part.close()

    def _open_draft(self) -> Version:
        if self._draft is None:
            raise NotOpen(_("Open a draft first."))
        return self._draft

    def _begun(self, number: int) -> Large:
        """Raises InvalidInput where the client did not wait until it was told where the file is."""
        large = self._large[number]
        if large is None:
            del self._large[number]
            raise frames.bad("id", "names a file that the server has not said “at” of")
        return large


def _opened(membership: Membership, draft: Version, path: str, size: int) -> tuple[Upload, Part]:
    upload = uploads.open(actor=membership.user, version=draft, path=path, size=size)
    part = Part(store.part_path(membership.organization_id, upload.pk), size)
    try:
        require_space(part.path.parent, size - part.offset)
    except Problem:
        part.close()
        raise
    return upload, part


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(_("There is no draft {id}.").format(id=repr(text))) from error
