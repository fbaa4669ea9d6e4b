"""How each row of the tenant matrix is asked, and which letter its answer is."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.datasets.matrix import Row
from tests.datasets.matrix_world import FOLDERS, ON_ITS_WAY, README_DIGEST, WORD, World

Said = dict[str, Any]
JSON, OCTETS = "application/json", "application/octet-stream"
JOB = {
    "pool": "local",
    "units": 1,
    "duration": 60,
    "deadline": "2100-01-01T00:00:00Z",
    "value": "5.00",
    "name": "train",
}
JOB |= {"image": "host", "command": ["cat"]}


@dataclass(frozen=True)
class How:
    """What is sent. `lists`: what was asked for is there if it is named in the answer."""

    query: Said = field(default_factory=dict)
    body: Any = None
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    parts: Said = field(default_factory=dict)
    lists: bool = False


Maker = Callable[[World, str, str], How]


def ask(world: World, row: Row, state: str, role: str) -> tuple[str, Any]:
    """The letter, and the answer."""
    how = _HOW[row.channel, row.verb](world, state, role)
    given = world.parts(role, state) | how.parts
    address = reverse(row.name, kwargs={name: given[name] for name in addresses()[row.name]})
    if how.query:
        address += f"?{urlencode(how.query)}"
    answer = _send(world.clients[row.channel, role], row, address, how)
    return _letter(answer, world, state, how), answer


def _send(client: Client, row: Row, address: str, how: How) -> Any:
    if row.channel == "page" and row.method == "POST":
        return client.post(address, how.body or {})
    body = how.body if isinstance(how.body, bytes) else json.dumps(how.body)
    return client.generic(row.method, address, b"" if how.body is None else body, how.kind, headers=how.headers)


def _letter(answer: Any, world: World, state: str, how: How) -> str:
    if answer.status_code == 302 and "/accounts/login" in answer["Location"]:
        return "u"
    letters = {400: "r", 401: "u", 403: "f", 404: "n", 409: "c"}
    letter = letters.get(answer.status_code, "y" if answer.status_code < 400 else str(answer.status_code))
    if letter == "y" and how.lists:
        name = f"{world.owners.slug}/{_name_of(world, state)}"  # as links and references have it
        return "y" if name.encode() in b"".join(answer) else "n"
    return letter


def _name_of(world: World, state: str) -> str:
    return world.places[state].dataset.name


@cache
def addresses() -> dict[str, tuple[str, ...]]:
    """Each address's name and the parts it takes."""

    def walk(resolver: Any, parts: tuple[str, ...]) -> Any:
        for entry in resolver.url_patterns:
            taken = (*parts, *entry.pattern.converters)
            if isinstance(entry, URLPattern):
                yield entry.name, taken
            elif isinstance(entry, URLResolver):
                yield from walk(entry, taken)

    return dict(walk(get_resolver(), ()))


# --- what is sent ---------------------------------------------------------------------------------


def _same(**fields: Any) -> Maker:
    return lambda world, state, role: How(**fields)


def _listed(**query: str) -> Maker:
    """`{state}` and `{name}` stand for those of the dataset."""
    return lambda world, state, role: How(
        query={name: text.format(state=state, name=_name_of(world, state)) for name, text in query.items()}, lists=True
    )


def _on_its_page(world: World, state: str, role: str, **query: str) -> How:
    """On the page of one's own datasets, or on that of those which are shared or public."""
    others = "shared" if state in ("private", "shared") else "public"
    return How(query={"owner": "mine" if role in ("viewer", "member", "owner") else others, **query}, lists=True)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("new.txt", b"new")
    return out.getvalue()


def _job(world: World, state: str, role: str) -> How:
    return How(body=JOB | {"datasets": [f"{world.owners.slug}/{_name_of(world, state)}"]})


def _jobs(world: World, state: str, role: str) -> How:
    return How(body={"requests": [_job(world, state, role).body]})


_API: dict[str, Maker] = {
    "is listed": _listed(),
    "is found by its name": _listed(search="{name}"),
    "is found by its words": _listed(search=f"{WORD} of {{state}}"),
    "is found by its tag": _listed(tag="t-{state}"),
    "is found by a path": lambda world, state, role: How(query={"search": FOLDERS[state]}, lists=True),
    "see": _same(),
    "list its versions": _same(),
    "see a version": _same(),
    "list files": _same(),
    "read a file": _same(),
    "read a file's head": _same(),
    "ask whether it has a hash": _same(headers={"If-None-Match": f'"{README_DIGEST}"'}),
    "download an archive": _same(query={"format": "tar"}),
    "read the manifest": _same(),
    "compare versions": lambda world, state, role: How(query={"against": world.places[state].called}),
    "see who it is shared with": _same(),
    "describe": _same(body={"licence": "MIT"}),
    "show to others": _same(body={"visibility": "public"}),
    "share": _same(parts={"slug": "nobody"}),
    "share no longer": _same(),
    "begin a draft": _same(body={}),
    "begin a draft from it": _same(body={"base": "latest"}),
    "put a file": _same(body=b"new", kind=OCTETS, parts={"path": "new.txt"}),
    "unpack an archive": _same(body=_zip(), kind=OCTETS),
    "take out a file": _same(),
    "take out files": _same(body={"paths": ["readme.txt"]}),
    "publish": _same(body={}),
    "delete or abandon": _same(),
    "delete all of it": _same(),
    "use it in a job": _job,
    "use it in many jobs": _jobs,
    "make one of ones own": _same(body={"name": "new"}),
}
_PAGE: dict[str, Maker] = {
    "is listed": lambda world, state, role: _on_its_page(world, state, role),
    "is found by its name": lambda world, state, role: _on_its_page(world, state, role, search=_name_of(world, state)),
    "is found by its words": lambda world, state, role: _on_its_page(world, state, role, search=f"{WORD} of {state}"),
    "is found by a path": lambda world, state, role: _on_its_page(world, state, role, search=FOLDERS[state]),
    "see": _same(),
    "see a version": _same(),
    "compare versions": lambda world, state, role: How(query={"against": world.places[state].called}),
    "download an archive": _same(),
    "look into a file": _same(),
    "download a file": _same(),
    "see a thumbnail": _same(parts={"path": "picture.png"}),
    "hear a sound": _same(parts={"path": "sound.wav"}),
    "see its settings": _same(),
    "describe": _same(body={"description": "new"}),
    "show to others": _same(body={"visibility": "public"}),
    "share": _same(body={"slug": "nobody"}),
    "share no longer": lambda world, state, role: How(body={"slug": world.friends.slug}),
    "begin a draft": _same(),
    "see the files of a draft": _same(),
    "see what is on its way": _same(),
    "forget what is on its way": _same(body={"path": ON_ITS_WAY}),
    "take out a file": _same(body={"path": "readme.txt"}),
    "publish": _same(),
    "abandon": _same(),
    "delete a version": _same(),
    "delete all of it": lambda world, state, role: How(body={"name": _name_of(world, state)}),
    "be asked for a new one": _same(),
    "make one of ones own": _same(body={"name": "new", "visibility": "private"}),
}
_HOW = {("api", verb): maker for verb, maker in _API.items()} | {("page", verb): maker for verb, maker in _PAGE.items()}
