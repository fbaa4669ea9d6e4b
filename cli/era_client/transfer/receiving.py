"""Receives files of a version over one connection: asked for in advance, written in a thread as they come."""

import asyncio
from pathlib import Path
from typing import Any

from era_client.transfer.link import Link, Message
from era_client.transfer.placing import Arriving, WrongHash, unwritable
from era_client.transfer.sending import first_of, together
from era_client.transfer.trying import Course
from era_client.transfer.words import Failure, RemoteFile, TransferError

ASKED = 400
FRAMES_AHEAD = 64
WRITTEN_AT_ONCE = 2 * 1024 * 1024
RESTARTS = 2
AGAIN = {"unavailable"}
FATAL = {"bad_request", "forbidden"}

Todo = dict[str, Arriving]


class Awaited:
    """What is still to come, across connections."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.todo: Todo = {}
        self.failures: list[Failure] = []
        self.digests: dict[str, str] = {}

    def add(self, file: RemoteFile, place: Path) -> None:
        self.todo[file.path] = Arriving(file, place)

    def done(self, arriving: Arriving) -> None:
        del self.todo[arriving.file.path]
        self.digests[arriving.file.path] = arriving.file.sha256
        self.course.progress.files_done += 1
        self.course.moved()

    def failed(self, failure: Failure) -> None:
        self.todo.pop(failure.path).close()
        self.failures.append(failure)

    def came(self, size: int) -> None:
        self.course.progress.sent += size
        self.course.progress.bytes_done += size
        self.course.moved()

    def lost(self, size: int) -> None:
        """So many bytes have to come again."""
        self.course.progress.bytes_done -= size


class Receiver:
    def __init__(self, link: Link, awaited: Awaited, reference: str) -> None:
        self._link, self._awaited, self._reference = link, awaited, reference
        self._asked: dict[int, Arriving] = {}
        self._frames: asyncio.Queue[Message] = asyncio.Queue(FRAMES_AHEAD)
        self._slots = asyncio.Semaphore(min(ASKED, link.pipeline))
        self._answered = asyncio.Event()

    async def run(self) -> bool:
        """Whether all is here. Raises Broken, TransferError."""
        try:
            await first_of(self._listen(), self._ask_all(list(self._awaited.todo.values())))
        finally:
            for arriving in self._asked.values():
                arriving.close()
        return not self._awaited.todo

    async def _listen(self) -> None:
        await together(self._hear(), self._write())

    async def _ask_all(self, files: list[Arriving]) -> None:
        for arriving in files:
            await self._slots.acquire()
            await self._ask(arriving)
        while self._asked:
            self._answered.clear()
            await self._answered.wait()

    async def _ask(self, arriving: Arriving) -> None:
        before = arriving.offset
        if arriving.part.exists() or before:
            await asyncio.to_thread(arriving.look)
        self._awaited.lost(before - arriving.offset)
        number, file = self._link.next_id(), arriving.file
        self._asked[number] = arriving
        await self._link.say("get", id=number, reference=self._reference, path=file.path, offset=arriving.offset)

    async def _hear(self) -> None:
        while True:
            await self._frames.put(await self._link.receive())

    async def _write(self) -> None:
        while True:
            some = await self._some()
            working = asyncio.get_running_loop().run_in_executor(None, self._take, some)
            try:
                await asyncio.shield(working)
            finally:
                await asyncio.wait([working])  # no file is closed while a thread writes to it
            for number, error in working.result():
                self._over(number, error)
            self._awaited.came(sum(len(content) for _header, content in some))

    async def _some(self) -> list[Message]:
        some = [await self._frames.get()]
        size = len(some[0][1])
        while size < WRITTEN_AT_ONCE and not self._frames.empty():
            some.append(self._frames.get_nowait())
            size += len(some[-1][1])
        return some

    def _take(self, messages: list[Message]) -> list[tuple[int, Any]]:
        """In a thread. The ids of what is over with that, and what went wrong with it: an exception, or an answer."""
        over = [(header.get("id", 0), self._take_one(header, content)) for header, content in messages]
        return [(number, error) for number, error in over if error is not None]

    def _take_one(self, header: dict[str, Any], content: memoryview) -> Any:
        """None while there is more to come; False where it is done."""
        if header["op"] != "bytes":
            return header
        arriving = self._asked.get(header["id"])
        if arriving is None:
            return None
        try:
            arriving.write(content)
            if not header.get("last"):
                return None
            arriving.finish()
        except (OSError, ValueError, WrongHash) as error:
            return error
        return False

    def _over(self, number: int, error: Any) -> None:
        arriving = self._asked.pop(number, None)
        if arriving is None:
            if isinstance(error, dict) and error["op"] == "failed":
                raise TransferError(error["code"], error["detail"])
            return
        self._slots.release()
        self._answered.set()
        arriving.close()
        if error is False:
            self._awaited.done(arriving)
        elif isinstance(error, dict):
            self._refused(arriving, error)
        else:
            self._spoilt(arriving, error)

    def _refused(self, arriving: Arriving, answer: dict[str, Any]) -> None:
        code, detail = answer.get("code", "protocol"), answer.get("detail", "")
        if code in FATAL:
            raise TransferError(code, detail)
        if code == "wrong_offset":
            arriving.part.unlink(missing_ok=True)
        elif code not in AGAIN:
            self._awaited.failed(Failure(arriving.file.path, code, detail))

    def _spoilt(self, arriving: Arriving, error: Exception) -> None:
        arriving.restarts += 1
        if isinstance(error, OSError | ValueError):
            self._awaited.failed(unwritable(arriving.file, error))
        elif arriving.restarts > RESTARTS:
            detail = f"{arriving.file.path!r} did not come as it was announced."
            self._awaited.failed(Failure(arriving.file.path, "wrong_hash", detail))
