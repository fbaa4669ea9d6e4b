"""Sends files into a draft over one connection: small ones each in a frame, some large ones at the same time."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any

from era_client.transfer import sources
from era_client.transfer.link import Link
from era_client.transfer.outstanding import Outstanding
from era_client.transfer.pieces import opened
from era_client.transfer.sources import Changed, Large, Small
from era_client.transfer.window import Window
from era_client.transfer.words import Failure, LocalFile, TransferError

LARGE_AT_ONCE = 8
RESTARTS = 2
BUSY_WAIT = 0.5
LOTS_AHEAD = 4
AGAIN = {"unavailable", "part_gone", "not_open", "wrong_offset"}
"""Failures of single files after which they are sent once more, over another connection."""
FATAL = {"published", "draft_gone", "forbidden", "not_found", "quota_exceeded", "storage_full", "bad_request"}
"""Failures after which nothing else would do better."""

Answer = dict[str, Any]


class Sender:
    def __init__(self, link: Link, outstanding: Outstanding) -> None:
        self._link, self._out = link, outstanding
        self._window = Window(link.chunk)
        self._slots = asyncio.Semaphore(link.pipeline)
        self._small: dict[int, Small] = {}
        self._large: dict[int, asyncio.Queue[Answer]] = {}
        self._answered = asyncio.Event()

    async def run(self, version: str) -> bool:
        """Whether all is done; what isn't may do over another connection. Raises Broken, TransferError."""
        await self._open(version)
        await first_of(self._hear(), self._send_all(list(self._out.todo.values())))
        return not self._out.todo

    async def _open(self, version: str) -> None:
        await self._link.say("open", version=version)
        answer, _content = await self._link.receive()
        if answer["op"] != "opened":
            raise TransferError(answer.get("code", "protocol"), answer.get("detail", ""))

    async def _hear(self) -> None:
        while True:
            answer, _content = await self._link.receive()
            if answer["op"] == "got":
                self._window.give(answer["bytes"])
                self._out.moved()
            elif answer["op"] == "stored":
                for number, digest in zip(answer["ids"], answer["sha256"], strict=True):
                    self._stored(number, digest)
            elif answer.get("id") in self._large:
                self._large[answer["id"]].put_nowait(answer)
            elif answer["op"] == "failed":
                self._failed(answer)

    def _stored(self, number: int, digest: str) -> None:
        if small := self._over(number):
            self._out.stored(small.file, digest)
        elif number in self._large:
            self._large[number].put_nowait({"op": "stored", "id": number, "sha256": digest})

    def _failed(self, answer: Answer) -> None:
        small = self._over(answer.get("id", 0))
        if answer["code"] in FATAL:
            raise TransferError(answer["code"], answer["detail"])
        if small and answer["code"] not in AGAIN:
            self._out.failed(Failure(small.file.path, answer["code"], answer["detail"]))

    def _over(self, number: int) -> Small | None:
        small = self._small.pop(number, None)
        if small:
            self._slots.release()
            self._answered.set()
        return small

    # --- sending ------------------------------------------------------------------------------------
    async def _send_all(self, files: Sequence[LocalFile]) -> None:
        small = [file for file in files if file.size <= self._link.frame]
        large = deque(file for file in files if file.size > self._link.frame)
        workers = [self._send_large(large) for _ in range(min(LARGE_AT_ONCE, len(large)))]
        await together(self._send_small(small), *workers)
        while self._small:
            self._answered.clear()
            await self._answered.wait()

    async def _send_small(self, files: Sequence[LocalFile]) -> None:
        read: asyncio.Queue[list[Small | Failure] | None] = asyncio.Queue(LOTS_AHEAD)
        await together(_read_lots(files, read), self._send_lots(read))

    async def _send_lots(self, read: "asyncio.Queue[list[Small | Failure] | None]") -> None:
        while (lot := await read.get()) is not None:
            for one in lot:
                if isinstance(one, Failure):
                    self._out.failed(one)
                else:
                    await self._put(one)

    async def _put(self, small: Small) -> None:
        await self._slots.acquire()
        await self._window.take(small.file.size)
        number, file = self._link.next_id(), small.file
        self._small[number] = Small(file, b"", small.digest)
        await self._link.send(small.content, op="put", id=number, path=file.path, size=file.size, sha256=small.digest)
        self._out.sent(file.size)

    async def _send_large(self, files: deque[LocalFile]) -> None:
        """One after the other, until none is left; several of these share the files."""
        while files:
            file = files.popleft()
            large = self._out.large_of(file)
            try:
                while not await self._send_one(large):
                    await asyncio.sleep(BUSY_WAIT)
                    self._out.course.tell()
            except Changed:
                self._out.failed(sources.changed(file))
            except OSError as error:
                self._out.failed(sources.unreadable(file, error))

    async def _send_one(self, large: Large) -> bool:
        """Whether that is all that can be done now; False where it should be begun anew in a moment."""
        number, answers = self._link.next_id(), asyncio.Queue[Answer]()
        self._large[number] = answers
        try:
            await self._link.say("begin", id=number, path=large.file.path, size=large.file.size)
            answer = await answers.get()
            if answer["op"] == "at":
                answer = await self._send_content(large, number, answer["offset"])
            return self._settled(large, answer)
        except (Changed, OSError):
            await self._link.say("leave", id=number, discard=True)
            raise
        finally:
            del self._large[number]

    async def _send_content(self, large: Large, number: int, offset: int) -> Answer:
        """What the server says in the end."""
        large.position = offset
        answers = self._large[number]
        async with opened(large, offset) as pieces:
            async for content in pieces:
                for frame in _cut(content, self._link.frame):
                    await self._window.take(len(frame))
                    if not answers.empty():  # it failed: what it was given back is for others
                        self._window.give(len(frame))
                        return await answers.get()
                    await self._link.send(frame, op="data", id=number, offset=large.position)
                    large.position += len(frame)
                    self._out.sent(len(frame))
        await self._link.say("end", id=number, sha256=large.digest())
        return await answers.get()

    def _settled(self, large: Large, answer: Answer) -> bool:
        if answer["op"] == "stored":
            self._out.stored(large.file, answer["sha256"])
            return True
        code, detail = answer.get("code", "protocol"), answer.get("detail", "")
        if code in FATAL:
            raise TransferError(code, detail)
        if code == "busy" and not self._out.course.out_of_patience:
            return False
        if code == "wrong_hash" and large.restarts < RESTARTS:
            large.start_again()
            return False
        if code not in AGAIN:
            self._out.failed(Failure(large.file.path, code, detail))
        return True


async def _read_lots(files: Sequence[LocalFile], read: "asyncio.Queue[list[Small | Failure] | None]") -> None:
    for lot in sources.lots(files):
        await read.put(await asyncio.to_thread(sources.read_small, lot))
    await read.put(None)


def _cut(content: bytes, size: int) -> list[memoryview]:
    view = memoryview(content)
    return [view[at : at + size] for at in range(0, len(view), size)]


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """All of them; the first that raises ends the others, and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors


async def first_of(listening: Coroutine[Any, Any, None], work: Coroutine[Any, Any, None]) -> None:
    """Until the work is done, or listening ends, which it does only by raising."""
    tasks = [asyncio.create_task(listening), asyncio.create_task(work)]
    try:
        done, _running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
