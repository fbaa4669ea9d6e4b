"""Calls of the API of datasets as a stranger to its documentation, or an enemy of it, may make them."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.datasets.fuzzing.bytestrings import NUMBERS, changed
from tests.datasets.fuzzing.names import STRANGE, a_name, in_a_path
from tests.datasets.fuzzing.packs import RARE, an_archive

Header = tuple[bytes, bytes]
OCTETS = (b"content-type", b"application/octet-stream")
JSON = (b"content-type", b"application/json")
TYPES = (
    b"application/octet-stream", b"application/json", b"multipart/form-data; boundary=x", b"text/plain; charset=none",
    b"application/x-www-form-urlencoded", b"", b"x", b"application/zip", b"image/png; a=\xff", b"a" * 3000,
)  # fmt: skip
RANGES = (
    b"bytes=0-0", b"bytes=0-", b"bytes=-1", b"bytes=-0", b"bytes=5-2", b"bytes=0-99999999999999999999",
    b"bytes=-" + b"9" * 30, b"bytes=99999999999999999999-", b"bytes=0-1,2-3", b"bytes=" + b",".join([b"0-0"] * 2000),
    b"bytes", b"bytes=", b"bytes=a-b", b"bytes= 0 - 1 ", b"items=0-1", b"bytes=--1", b"bytes=0x0-1", b"bytes=1e3-",
    b"\xff", b"bytes=\xc2\xb2-", b"BYTES=0-1", b"bytes=0-0;x", b"bytes=0.5-1", b"bytes=+1-2", b"0-1",
    b"bytes=0-1 " * 300,
)  # fmt: skip
MARKS = (
    b'"x"', b"*", b'W/"x"', b'"', b"x", b'"a","b"', b"", b"\xff", b"Thu, 01 Jan 1970 00:00:00 GMT", b'"' + b"a" * 9000,
)  # fmt: skip
STRANGERS: tuple[tuple[Header, ...], ...] = (
    (),
    ((b"authorization", b"Bearer"),),
    ((b"authorization", b"Bearer \xff\xfe"),),
    ((b"authorization", b"Basic eA=="),),
)
PACKS = (b"application/zip", b"application/gzip", b"application/octet-stream")


@dataclass(frozen=True)
class Call:
    """`target` is the address as it is sent, path and query. `kind` is what it is about, for counting."""

    kind: str
    method: str
    target: bytes
    headers: tuple[Header, ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class World:
    """What there is to be called: a token, a published version with files, drafts to add to, an ended job."""

    token: str
    owner: str
    dataset: str
    number: int
    drafts: tuple[str, ...]
    files: tuple[str, ...]
    job: str
    sizes: dict[str, int] = field(default_factory=dict)

    def version(self, version: str) -> bytes:
        return f"/api/v1/datasets/{self.owner}/{self.dataset}/versions/{version}".encode()

    def draft(self, random: Random) -> bytes:
        return self.version(random.choice(self.drafts))


def calls(random: Random, world: World, count: int, *, rare_every: int = 400) -> Iterator[Call]:
    """`count` of them; once in a while one that costs much, as a zip bomb does."""
    for number in range(count):
        make = _a_rare_archive if number % rare_every == rare_every - 1 else random.choice(_MAKERS)
        call = make(random, world)
        yield Call(call.kind, call.method, call.target, (*_who(random, world), *call.headers), call.body)


def _who(random: Random, world: World) -> tuple[Header, ...]:
    if random.random() < 0.97:
        return ((b"authorization", b"Bearer " + world.token.encode()),)
    return random.choice(STRANGERS)


def _put(random: Random, world: World) -> Call:
    """A file under a name that may be anything."""
    body = random.randbytes(random.choice((0, 1, 100, 5000)))
    headers = [OCTETS]
    if random.random() < 0.3:
        headers.append((b"x-content-sha256", _a_digest(random, body)))
    return Call("names", "PUT", world.draft(random) + b"/files/" + in_a_path(random), tuple(headers), body)


def _put_with_headers(random: Random, world: World) -> Call:
    """A file whose headers may say anything."""
    body = random.randbytes(random.choice((0, 1, 100)))
    headers = [(b"content-type", random.choice(TYPES)), (b"x-content-sha256", _a_digest(random, body))]
    for name in (b"content-encoding", b"range", b"if-match", b"x-request-id", b"idempotency-key", b"accept", b"expect"):
        if random.random() < 0.25:
            headers.append((name, random.choice((*RANGES, *MARKS, b"gzip", b"100-continue", b"chunked"))))
    return Call("headers", "PUT", world.draft(random) + b"/files/" + b"headers.bin", tuple(headers), body)


def _a_digest(random: Random, body: bytes) -> bytes:
    right = hashlib.sha256(body).hexdigest()
    return random.choice(
        (right, right, right.upper(), right[:-1], right + "0", "0" * 64, "", "x" * 64, right[:63] + "é", right * 99)
    ).encode()


def _read(random: Random, world: World) -> Call:
    """A part of a file, by a range that may be any."""
    headers = [(b"range", random.choice(RANGES) if random.random() < 0.6 else changed(random, b"bytes=10-20").strip())]
    for name in (b"if-range", b"if-none-match", b"if-modified-since", b"accept-encoding"):
        if random.random() < 0.3:
            headers.append((name, random.choice(MARKS)))
    path = random.choice(world.files).encode() if random.random() < 0.8 else in_a_path(random)
    method = random.choice(("GET", "GET", "GET", "HEAD"))
    return Call("headers", method, world.version(str(world.number)) + b"/files/" + path, _sendable(headers))


def _delete(random: Random, world: World) -> Call:
    return Call("names", "DELETE", world.draft(random) + b"/files/" + in_a_path(random))


def _unpack(random: Random, world: World) -> Call:
    folder = b"?folder=" + in_a_path(random).replace(b"#", b"") if random.random() < 0.2 else b""
    headers = ((b"content-type", random.choice(PACKS)),)
    return Call("archives", "POST", world.draft(random) + b"/archive" + folder, headers, an_archive(random))


def _a_rare_archive(random: Random, world: World) -> Call:
    return Call("archives", "POST", world.draft(random) + b"/archive", (OCTETS,), random.choice(RARE)(random))


def _look(random: Random, world: World) -> Call:
    """A listing, a difference, an archive, with a query that may be any."""
    where, names = random.choice(
        (
            (world.version(_a_version(random, world)) + b"/files", ("prefix", "search", "cursor", "page_size")),
            (world.version(_a_version(random, world)) + b"/archive", ("format", "prefix")),
            (world.version(_a_version(random, world)) + b"/diff", ("against",)),
            (world.version(_a_version(random, world)) + b"/manifest", ()),
            (world.version(_a_version(random, world)), ()),
            (b"/api/v1/datasets", ("owner", "search", "tag", "cursor", "page_size")),
            (b"/api/v1/datasets/" + in_a_path(random) + b"/" + in_a_path(random), ()),
            (f"/api/v1/jobs/{world.job}/outputs/archive".encode(), ("format",)),
            (f"/api/v1/jobs/{world.job}/outputs/".encode() + in_a_path(random), ()),
        )
    )
    query = b"&".join(name.encode() + b"=" + _a_value(random) for name in names if random.random() < 0.6)
    return Call("names", random.choice(("GET", "GET", "HEAD")), where + (b"?" + query if query else b""))


def _a_version(random: Random, world: World) -> str:
    usual = (str(world.number), "latest", random.choice(world.drafts))
    odd = ("0", "-1", "99999999999999999999", "01", "x", "%00", "1%2f2", "1e1", "latest%20", "%ff")
    return random.choice(usual if random.random() < 0.7 else odd)


def _a_value(random: Random) -> bytes:
    known = (b"zip", b"tar", b"json", b"latest", b"1", b"-1", b"0", b"all", b"mine", b"%25", b"_", b"%00", b"%ff")
    value = random.choice(known) if random.random() < 0.5 else in_a_path(random)
    return value.replace(b"#", b"%23")[:6000]


def _say(random: Random, world: World) -> Call:
    """A JSON body in which any value may be any other."""
    method, where, body = random.choice(
        (
            ("POST", b"/api/v1/datasets", {"name": "x", "description": "d", "tags": ["a"], "licence": "MIT"}),
            ("PATCH", f"/api/v1/datasets/{world.owner}/{world.dataset}".encode(), {"description": "d", "tags": ["a"]}),
            ("POST", f"/api/v1/datasets/{world.owner}/{world.dataset}/versions".encode(), {"base": "1", "note": "n"}),
            ("POST", world.version("none") + b"/publish", {"note": "n"}),
            ("PUT", f"/api/v1/datasets/{world.owner}/{world.dataset}/grants/".encode() + in_a_path(random), {}),
            ("POST", f"/api/v1/jobs/{world.job}/outputs/dataset".encode(), {"dataset": "kept", "publish": False}),
        )
    )
    wrong = {name: _anything(random) if random.random() < 0.6 else value for name, value in body.items()}
    wrong |= {"name" if where.endswith(b"datasets") else "note": _anything(random)}
    text = json.dumps(wrong).encode()
    if random.random() < 0.3:
        text = changed(random, text)
    return Call("bodies", method, where, (JSON,), text)


def _anything(random: Random) -> Any:
    return random.choice(
        (
            *(None, True, 0, -1, 1.5, "", [], {}, [[]], ["x"] * 50, "x" * 3000, "\ud800", float("inf")),
            *(random.choice(NUMBERS), a_name(random), random.choice(STRANGE), [a_name(random)], {"a": a_name(random)}),
        )
    )


def _sendable(headers: list[Header]) -> tuple[Header, ...]:
    """Without the bytes that would end a header."""
    return tuple((name, bytes(byte for byte in value if byte not in b"\r\n\0")) for name, value in headers)


_MAKERS: tuple[Callable[[Random, World], Call], ...] = (
    *(_unpack,) * 6, *(_put,) * 5, *(_put_with_headers,) * 3, *(_read,) * 4, *(_look,) * 3, _delete, *(_say,) * 2,
)  # fmt: skip
