"""Whatever a client sends, it gets an answer of the protocol, and nothing lands where it should not.

ERA_FUZZ_CASES and ERA_FUZZ_SEED try more, or others.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from accounts.models import Membership
from datasets import store
from datasets.models import Entry, Upload
from datasets.transfer.connection import BAD_FRAME, Connection, Gone
from datasets.transfer.incoming import in_memory
from datasets.transfer.limits import IN_MEMORY
from datasets.transfer.outbox import Closed
from tests.datasets.transfer.fuzzing import Client, Event
from tests.datasets.ways import a_draft
from tests.factories import Tenant

pytestmark = pytest.mark.django_db(transaction=True)
CASES, SEED = int(os.environ.get("ERA_FUZZ_CASES", "6000")), int(os.environ.get("ERA_FUZZ_SEED", "1"))
OF_ONE_CLIENT = 400
CODES = {
    "bad_request", "unknown_op", "not_open", "invalid", "path_conflict", "not_found", "conflict", "busy",
    "wrong_offset", "wrong_length", "wrong_hash", "too_many", "quota_exceeded", "cancelled",
    "upload_under_way", "part_gone",
}  # fmt: skip


class Played:
    """What became of the frames of one client."""

    def __init__(self, client: Client, membership: Membership, *, waits: bool) -> None:
        self._events, self._waits = client.events(OF_ONE_CLIENT), waits
        self._connection = Connection({}, self.receive, self.send, membership)
        self.taken = 0
        self.said: list[Event] = []

    async def receive(self) -> Event:
        event = next(self._events, None)
        if event is None:
            if self._waits:
                await self._quiet(lambda: self._connection.incoming.storing.waiting == 0)
            return {"type": "websocket.disconnect", "code": 1006}
        self.taken += 1
        if self.taken % 25 == 0:  # as on a network, the disk has its turn as well
            await self._quiet(lambda: not self._connection.incoming._queue)
        return {"type": "websocket.receive", **event}

    async def _quiet(self, is_quiet: Callable[[], bool]) -> None:
        for _ in range(1000):
            await asyncio.sleep(0.001)
            if is_quiet():
                return

    async def send(self, message: Event) -> None:
        self.said.append(message)

    async def play(self) -> str:
        try:
            await self._connection.run()
        except Gone:
            return "left"
        except Closed as closed:
            return f"{closed.code}, {'with' if closed.reason else 'without'} a reason"
        raise AssertionError("it ended by itself")


async def play_all(membership: Membership, draft: str) -> tuple[int, set[str], set[str]]:
    random, taken, ends, codes = Random(SEED), 0, set(), set()
    while taken < CASES:
        played = Played(Client(random, draft), membership, waits=random.random() < 0.5)
        ends.add(await asyncio.wait_for(played.play(), 60))
        taken += played.taken
        codes |= {_code(message) for message in played.said}
    return taken, ends, codes - {""}


def _code(message: Event) -> str:
    text: str = message.get("text") or "{}"
    return text.partition('"code":"')[2].partition('"')[0]


def files_of(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.timeout(900)
def test_no_frame_does_harm(ours: Tenant, storage: Path) -> None:
    draft = a_draft(ours)
    with scope(organization=ours.organization):
        membership = Membership.objects.select_related("organization", "user").get(user=ours.member)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    taken, ends, codes = asyncio.run(play_all(membership, str(draft.pk)))
    assert taken >= CASES
    assert ends <= {"left", f"{BAD_FRAME}, with a reason"}
    assert f"{BAD_FRAME}, with a reason" in ends  # whether a client lives to leave by itself is a matter of chance
    assert codes <= CODES, codes - CODES
    assert len(codes) >= 8, f"the frames are too far from what is right: {codes}"
    assert in_memory._free == IN_MEMORY
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 20
    _only_what_belongs_there(ours, storage)


def _only_what_belongs_there(ours: Tenant, storage: Path) -> None:
    with scopes_disabled():
        blobs = set(Entry.objects.values_list("blob__digest", flat=True))
        uploads = {str(pk) for pk in Upload.objects.values_list("pk", flat=True)}
        paths: list[Any] = list(Entry.objects.values_list("path", flat=True))
    assert blobs, "nothing was right"
    kept = {store.blob_path(ours.organization.pk, digest) for digest in blobs}
    there = files_of(storage.parent)
    assert kept <= there
    for path in there - kept:
        is_upload = path.parent.name == "parts" and path.name in uploads
        assert is_upload or path.parent.parent.name == "blobs", path  # one that was replaced is swept later
    for path in kept:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    assert all(".." not in path.split("/") and not path.startswith("/") for path in paths)
