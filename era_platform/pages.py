"""Django behind ASGI, each request in one thread.

Django's own handler moves a request between the event loop and its threads half a dozen times, also where nothing
of it is asynchronous: for signals, middleware, view, log, and the closing of the response. Here the loop reads the
body and sends the answer, and all between is one piece of work in one thread.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from tempfile import SpooledTemporaryFile
from typing import Any, TypeVar

from asgiref.typing import HTTPScope
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http import FileResponse
from django.urls import set_script_prefix

from era_platform.common.downloads import PIECE, read_at
from era_platform.common.downloads import FileResponse as FileOfOurs

THREADS = 64
"""More than there are database connections: who waits for one doesn't keep those from answering who need none."""

READERS = 4
"""Threads that read files which are sent: they are not kept waiting by pages, nor the other way round."""

Result = TypeVar("Result")
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Pages(ASGIHandler):
    """Answers HTTP requests by middleware and views that are not asynchronous, in the threads of a pool."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page")
        self._files = ThreadPoolExecutor(READERS, thread_name_prefix="file")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        context = copy_context()  # the request's own: what it sets there, the thread's next one does not see
        response = await self._in_thread(context, self._answer, scope, body)
        if isinstance(response, FileOfOurs):
            await self._send_file(response, context, receive, send)
        elif response.streaming:
            await self._stream(response, context, receive, send)
        else:
            await self.send_response(response, send)

    async def _in_thread(self, context: Context, work: Callable[..., Result], *given: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, work, *given)

    def _answer(self, scope: HTTPScope, body: "SpooledTemporaryFile[bytes]") -> Any:
        """The response: complete and closed, or one that is still to be streamed."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=type(self), scope=scope)
        request, broken = self.create_request(scope, body)
        response: Any = self.get_response(request) if request is not None else broken
        response._handler_class = type(self)
        response._resource_closers.append(body.close)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()
        return response

    async def _stream(self, response: Any, context: Context, receive: Receive, send: Send) -> None:
        """Send piece by piece, until the end or until nobody listens any more."""
        gone = asyncio.ensure_future(receive())

        async def send_if_heard(event: Any) -> None:
            if gone.done():
                raise RequestAborted
            await send(event)

        if not response.is_async:
            response.streaming_content = self._one_by_one(iter(response), context)
        try:
            await self.send_response(response, send_if_heard)
        except RequestAborted:
            pass
        finally:
            gone.cancel()
            await self._in_thread(context, response.close)

    async def _send_file(self, response: FileOfOurs, context: Context, receive: Receive, send: Send) -> None:
        """Read a piece in a thread while the server sends the one before; nothing of Django's sees them."""
        gone = asyncio.ensure_future(receive())
        try:
            await self._send_pieces(response, gone, send)
        finally:
            gone.cancel()
            await self._in_thread(context, response.close)

    async def _send_pieces(self, response: FileOfOurs, gone: "asyncio.Future[Any]", send: Send) -> None:
        headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
        cookies = [(b"Set-Cookie", cookie.OutputString().encode("ascii")) for cookie in response.cookies.values()]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers + cookies})
        at, end = response.span
        ahead = self._read(response, at)
        try:
            while at < end and not gone.done():
                piece = await ahead
                at += len(piece)
                if not piece:
                    raise RuntimeError("the file has become shorter than was announced")  # the connection ends
                ahead = self._read(response, at)
                await send({"type": "http.response.body", "body": piece, "more_body": at < end})
            if response.span.start == end:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await asyncio.wait([ahead])  # the file is closed next

    def _read(self, response: FileOfOurs, at: int) -> "asyncio.Future[bytes]":
        size = min(PIECE, response.span.end - at)
        return asyncio.get_running_loop().run_in_executor(self._files, read_at, response.file, at, size)

    async def _one_by_one(self, pieces: Iterator[bytes], context: Context) -> AsyncIterator[bytes]:
        while (piece := await self._in_thread(context, next, pieces, None)) is not None:
            yield piece
