"""A small HTTP server that answers as a test says, also badly: for what a client does when things break."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from era_client.http import Connection


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """`cut`: close the connection after so many bytes of the body; 0 before anything is said."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


Give = Callable[[Asked], Answer]


@dataclass
class Served:
    url: str
    asked: list[Asked]

    def connection(self, **options: float) -> Connection:
        return Connection(self.url, "token", **options)  # type: ignore[arg-type]


@contextmanager
def served(give: Give) -> Iterator[Served]:
    """A server on a free port of this machine, until the block ends."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(Asked(self.command, self.path, dict(self.headers), body))
            answer = give(asked[-1])
            self.close_connection = True
            if answer.cut == 0:
                return
            self.send_response(answer.status)
            self.send_header("Connection", "close")  # or the client may ask again on what is being closed
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = answer

        def log_message(self, *_words: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def one_after_the_other(*answers: Answer) -> Give:
    """The last one from then on."""
    left = list(answers)
    return lambda _asked: left.pop(0) if len(left) > 1 else left[0]
