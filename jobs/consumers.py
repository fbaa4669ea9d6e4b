"""WebSockets: a job's log from an offset on, and an organization's changes.

Who may see is asked again every few seconds, so that a revoked token or a lost membership ends what is open.
"""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError
from redis.exceptions import RedisError

from accounts.callers import Unauthenticated
from era_platform.common.errors import InvalidInput, NotFound
from jobs.logs import JobLog
from jobs.selectors import watching
from jobs.selectors.watching import JobView, OrganizationView
from jobs.services import announce

DONE, TROUBLE, BAD_OFFSET, NOT_AUTHENTICATED, NOT_FOUND = 1000, 1011, 4400, 4401, 4404
LOOK_AGAIN = 1.0
"""Seconds until the log is looked at though nobody announced that it grew."""
CHECK_AGAIN = 5.0
"""Seconds until the database is asked again how far the job is, and who may see."""

log = structlog.get_logger(__name__)


class FollowingConsumer(AsyncWebsocketConsumer):
    """Accepts, lets `follow` run beside the handlers, and closes with a code that says why it ended.

    A browser can't see why a handshake was refused, so none is.
    """

    groups: list[str]
    _task: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        await self.accept()
        self._task = asyncio.create_task(self._run())

    async def disconnect(self, code: int) -> None:
        if self._task:
            self._task.cancel()

    async def follow(self) -> None:
        """Check who asks, then send what there is to send until there is no more."""
        raise NotImplementedError

    async def join(self, group: str) -> bool:
        """Hear what is announced to `group`; False where the channel layer can't be reached."""
        try:
            await self.channel_layer.group_add(group, self.channel_name)
        except (RedisError, OSError) as error:
            log.warning("websocket_not_joined", group=group, error=str(error))
            return False
        self.groups = [*self.groups, group]  # Channels leaves these when the connection ends
        return True

    async def send_json(self, content: dict[str, Any]) -> None:
        await self.send(json.dumps(content))

    async def _run(self) -> None:
        """Whatever happens, the connection doesn't stay open with nobody behind it."""
        code: int | None = TROUBLE
        try:
            code = await self._followed()
        except asyncio.CancelledError:
            code = None  # the client has left
            raise
        finally:
            if code is not None:
                with suppress(OSError):
                    await self.close(code)

    async def _followed(self) -> int:
        try:
            await self.follow()
        except Unauthenticated:
            return NOT_AUTHENTICATED
        except NotFound:
            return NOT_FOUND
        except InvalidInput:
            return BAD_OFFSET
        except DatabaseError as error:
            log.warning("websocket_failed", error=str(error).strip())
            return TROUBLE
        except OSError:
            return TROUBLE  # the client or the channel layer has gone
        return DONE


class LogConsumer(FollowingConsumer):
    """Binary frames: the log's bytes from `offset` on. Text frames: the job's state, and the end.

    Announcements only wake it up: it reads the same bytes by the same offsets whether they are old or
    new, so nothing is lost or doubled between the two. It asks no database for them.
    """

    async def connect(self) -> None:
        self.wake = asyncio.Event()
        self.is_stale = True
        await super().connect()

    async def job_log(self, message: dict[str, Any]) -> None:
        self.wake.set()

    async def job_state(self, message: dict[str, Any]) -> None:
        self.is_stale = True
        self.wake.set()

    async def follow(self) -> None:
        offset = _offset(self.scope)
        await self._view()
        joined = await self.join(announce.job_group(self._job_id))
        view, looked_at = JobView("", JobLog(()), False), 0.0
        while True:
            self.wake.clear()
            if self.is_stale or time.monotonic() - looked_at > CHECK_AGAIN:
                self.is_stale, looked_at = False, time.monotonic()
                joined = joined or await self.join(announce.job_group(self._job_id))
                view = await self._look(view)
            chunk = await asyncio.to_thread(view.log.read, offset)
            if chunk:
                offset += len(chunk)
                await self.send(bytes_data=chunk)
            elif view.log_is_whole:
                return await self.send_json({"type": "end", "offset": offset})
            else:
                await self._sleep()

    @property
    def _job_id(self) -> UUID:
        return UUID(str(self.scope["url_route"]["kwargs"]["job_id"]))

    async def _view(self) -> JobView:
        view: JobView = await database_sync_to_async(watching.view_of_job)(self.scope, self._job_id)
        return view

    async def _look(self, before: JobView) -> JobView:
        view = await self._view()
        if view.state != before.state:
            await self.send_json({"type": "state", "state": view.state})
        return view

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self.wake.wait(), LOOK_AGAIN)
        except TimeoutError:
            return


class EventConsumer(FollowingConsumer):
    """Text frames: `joined`, from which on changes are told; `job`, one change of state of one of the
    organization's jobs; `batch`, how far the pricing of one is, or that it is `done`; `missed`, after
    changes that were announced while nobody could hear it.
    """

    async def connect(self) -> None:
        self.told_since_check = False
        await super().connect()

    async def org_job(self, message: dict[str, Any]) -> None:
        self.told_since_check = True
        await self.send_json({**message, "type": "job"})

    async def org_batch(self, message: dict[str, Any]) -> None:
        self.told_since_check = self.told_since_check or bool(message["done"])
        await self.send_json({**message, "type": "batch"})

    async def follow(self) -> None:
        before = await self._last_change()
        if not await self.join(announce.organization_group(before.organization_id)):
            raise ConnectionError
        await self.send_json({"type": "joined"})
        while True:
            await asyncio.sleep(CHECK_AGAIN)
            now = await self._last_change()
            if now != before and not self.told_since_check:
                await self.send_json({"type": "missed"})
            before, self.told_since_check = now, False

    async def _last_change(self) -> OrganizationView:
        slug = self.scope["url_route"]["kwargs"]["org"]
        view: OrganizationView = await database_sync_to_async(watching.view_of_organization)(self.scope, slug)
        return view


def _offset(scope: dict[str, Any]) -> int:
    text = parse_qs(scope["query_string"].decode("latin-1")).get("offset", ["0"])[-1]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidInput(f"{text!r:.40} is not an offset in bytes.", field="offset")
    return int(text)
