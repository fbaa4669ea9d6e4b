"""The way out: what was asked for, in this order; the next piece is read while one is sent."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import islice

from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from accounts.models import Membership, Organization
from datasets import store
from datasets.models import Entry
from datasets.selectors import access
from datasets.transfer import frames, reading
from datasets.transfer.frames import Header
from datasets.transfer.limits import CHECK_AGAIN, GROUP, LARGEST_NUMBER, PATH, PIECE, PIPELINE
from datasets.transfer.outbox import Outbox
from datasets.transfer.reading import Asked, Found, Piece, Sent, Together
from datasets.transfer.threads import Jobs
from era_platform.common.errors import Conflict, InvalidInput, NotFound, Problem

REFERENCE = 150


class Cancelled(Conflict):
    code = "cancelled"


class Outgoing:
    """Of one connection. `bytes` of content have been sent."""

    def __init__(self, membership: Membership, outbox: Outbox, jobs: Jobs) -> None:
        self._organization: Organization = membership.organization
        self._outbox, self._jobs = outbox, jobs
        self._queue: deque[Asked] = deque()
        self._current: set[int] = set()
        """Ids of what is being sent; one that is missing here was cancelled, or failed."""
        self._wake, self._progress = asyncio.Event(), asyncio.Event()
        self.bytes = 0

    @property
    def under_way(self) -> int:
        return len(self._queue) + len(self._current)

    async def get(self, number: int, header: Header) -> None:
        reference = frames.string(header, "reference", most=REFERENCE)
        access.parse_reference(reference)
        path = frames.string(header, "path", most=PATH)
        offset = frames.number(header, "offset", most=LARGEST_NUMBER, default=0)
        while self.under_way >= PIPELINE:
            self._progress.clear()
            await self._progress.wait()
        self._queue.append(Asked(number, reference, path, offset))
        self._wake.set()

    async def cancel(self, number: int, header: Header) -> None:
        waiting = [asked for asked in self._queue if asked.number == number]
        for asked in waiting:
            self._queue.remove(asked)
        if waiting or number in self._current:
            self._fail(number, Cancelled(_("The client asked for it.")))

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                await self._send_group(self._group())
                self._current.clear()
                self._progress.set()

    def _group(self) -> list[Asked]:
        """What comes next, as far as it is of the same version."""
        reference = self._queue[0].reference
        group: list[Asked] = []
        while self._queue and len(group) < GROUP and self._queue[0].reference == reference:
            group.append(self._queue.popleft())
        self._current = {asked.number for asked in group}
        return group

    async def _send_group(self, group: list[Asked]) -> None:
        places: list[Found | Problem]
        try:
            places = await self._jobs.in_database(find, self._organization, group)
        except Problem as problem:
            places = [problem] * len(group)
        found = []
        for asked, place in zip(group, places, strict=True):
            if isinstance(place, Problem):
                self._fail(asked.number, place)
            else:
                found.append(place)
        for lot in reading.together(found):
            await self._send_lot(lot)

    async def _send_lot(self, lot: list[Found]) -> None:
        lot = [found for found in lot if found.asked.number in self._current]
        if not lot:
            return
        try:
            async with aclosing(self._frames(lot)) as frames_of_lot:
                async for sent in frames_of_lot:
                    await self._send(sent)
        except Problem as problem:
            for found in lot:
                self._fail(found.asked.number, problem)

    async def _send(self, sent: Sent) -> None:
        for number, frame in sent:
            if isinstance(frame, Problem):
                self._fail(number, frame)
            elif number in self._current:
                self.bytes += len(frame)
                await self._outbox.content(frame)

    async def _frames(self, lot: list[Found]) -> AsyncGenerator[Sent, None]:
        if not reading.is_large(lot):
            yield await self._jobs.on_disk(Together(lot).read)
            return
        [found] = lot
        with await self._jobs.on_disk(reading.opened, found.file) as file:
            pieces = [Piece(found, file, offset) for offset in range(found.asked.offset, found.size, PIECE)]
            async with aclosing(self._ahead(found, pieces)) as read:
                async for sent in read:
                    yield sent

    async def _ahead(self, found: Found, pieces: Sequence[Piece]) -> AsyncGenerator[Sent, None]:
        """One is read while the one before is sent, as long as it may still be read."""
        checked = time.monotonic()
        ahead = asyncio.ensure_future(self._jobs.on_disk(pieces[0].read))
        try:
            for piece in islice(pieces, 1, None):
                sent, ahead = await ahead, asyncio.ensure_future(self._jobs.on_disk(piece.read))
                yield sent
                if found.asked.number not in self._current:
                    return
                if time.monotonic() - checked > CHECK_AGAIN:
                    checked = time.monotonic()
                    await self._jobs.in_database(may_read, self._organization, found.asked)
            yield await ahead
        finally:
            await asyncio.wait([ahead])  # the file is closed next

    def _fail(self, number: int, problem: Problem) -> None:
        if number in self._current or isinstance(problem, Cancelled):
            self._current.discard(number)
            self._outbox.fail(number, problem)


def may_read(organization: Organization, asked: Asked) -> None:
    """Raises NotFound where it isn't visible any more."""
    reference = access.parse_reference(asked.reference)
    access.find_version(organization, reference.owner, reference.name, reference.version)


def find(organization: Organization, group: Sequence[Asked]) -> list[Found | Problem]:
    """Where the files are that were asked for, all of one version. Raises NotFound for the version."""
    reference = access.parse_reference(group[0].reference)
    version = access.find_version(organization, reference.owner, reference.name, reference.version)
    paths = [asked.path for asked in group]
    with scopes_disabled():
        entries = Entry.objects.filter(version=version, path__in=paths)
        known = {
            path: (digest, size) for path, digest, size in entries.values_list("path", "blob__digest", "blob__size")
        }
    return [_place(version.organization_id, asked, known.get(asked.path)) for asked in group]


def _place(owner_id: int, asked: Asked, known: tuple[str, int] | None) -> Found | Problem:
    if known is None:
        return NotFound(_("There is no file {path}.").format(path=repr(asked.path)))
    digest, size = known
    if asked.offset > size:
        return InvalidInput(_("The file has {size} bytes.").format(size=size), code="wrong_offset", offset=size)
    return Found(asked, store.blob_path(owner_id, digest), size, digest)
