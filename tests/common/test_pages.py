"""Requests are answered whole in one thread, streamed piece by piece, and leave nothing behind for the next one."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils import translation
from pytest_django import Settings

from era_platform.pages import Pages

PIECES = [b"one", b"two", b"three"]
closed = threading.Event()


def thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{threading.current_thread().name} {translation.get_language()}")


def in_french(request: HttpRequest) -> HttpResponse:
    translation.activate("fr")
    return thread(request)


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body, status=201, headers={"X-Length": str(len(request.body))})


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("out of order")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(pieces())


def endless(request: HttpRequest) -> StreamingHttpResponse:
    def same() -> Iterator[bytes]:
        try:
            while True:
                yield b"more"
        finally:
            closed.set()

    return StreamingHttpResponse(same())


def pieces() -> Iterator[bytes]:
    yield from PIECES


urlpatterns = [path(view.__name__, view) for view in (thread, in_french, echo, broken, stream, endless)]


@pytest.fixture
def pages(settings: Settings) -> Pages:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    return Pages()


def request(pages: Pages, name: str, method: str = "GET") -> ApplicationCommunicator:
    scope = {"type": "http", "method": method, "path": f"/{name}", "headers": [(b"host", b"localhost")]}
    return ApplicationCommunicator(pages, scope)


async def ask(pages: Pages, name: str, *parts: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The head of the answer, and its pieces."""
    asked = request(pages, name, "POST" if parts else "GET")
    for number, part in enumerate(parts or [b""], start=1):
        await asked.send_input({"type": "http.request", "body": part, "more_body": number < len(parts)})
    head = await asked.receive_output()
    bodies = [await asked.receive_output()]
    while bodies[-1].get("more_body"):
        bodies.append(await asked.receive_output())
    await asked.wait()
    return head, [body.get("body", b"") for body in bodies]


async def test_the_body_comes_in_parts_and_the_answer_goes_out_whole(pages: Pages) -> None:
    head, body = await ask(pages, "echo", b"half ", b"and half")
    assert head["status"] == 201
    assert (b"X-Length", b"13") in head["headers"]
    assert body == [b"half and half"]


async def test_a_thread_takes_the_next_request_without_what_the_last_one_set(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("era_platform.pages.THREADS", 1)
    pages = Pages()
    first, *_ = (await ask(pages, "in_french"))[1]
    second, *_ = (await ask(pages, "thread"))[1]
    (its_thread, language), (same_thread, usual) = first.split(), second.split()
    assert its_thread == same_thread
    assert (language, usual) == (b"fr", b"en")


async def test_an_error_in_a_view_is_answered_and_the_next_request_too(pages: Pages) -> None:
    assert (await ask(pages, "broken"))[0]["status"] == 500
    assert (await ask(pages, "thread"))[0]["status"] == 200


async def test_a_stream_is_sent_piece_by_piece_and_then_closed(pages: Pages) -> None:
    finished = []
    request_finished.connect(receiver := lambda **_: finished.append(True))
    try:
        _head, body = await ask(pages, "stream")
    finally:
        request_finished.disconnect(receiver)
    assert body == [*PIECES, b""]
    assert finished == [True]


async def test_a_stream_ends_when_nobody_listens_any_more(pages: Pages) -> None:
    closed.clear()
    asked = request(pages, "endless")
    await asked.send_input({"type": "http.request", "body": b""})
    await asked.receive_output()
    assert (await asked.receive_output())["body"] == b"more"
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(timeout=10)
    assert await asyncio.to_thread(closed.wait, 10)


async def test_a_client_that_leaves_before_its_body_is_there_gets_nothing(pages: Pages) -> None:
    asked = request(pages, "echo", "POST")
    await asked.send_input({"type": "http.request", "body": b"half", "more_body": True})
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(timeout=10)
    assert await asked.receive_nothing()
