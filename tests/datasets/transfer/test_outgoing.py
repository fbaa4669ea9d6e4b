"""The way out, frame by frame, and a look around: what is asked for comes in order, and only to who may have it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from datasets import store
from datasets.models import Version
from datasets.services import datasets
from datasets.transfer import limits
from tests.datasets.transfer.talk import Talk, talking
from tests.datasets.ways import a_draft, digest_of, published
from tests.factories import Tenant

pytestmark = pytest.mark.django_db(transaction=True)
LARGE = random.Random(4).randbytes(3 * limits.PIECE + 5)
CONTENTS = {"a": b"1", "b/c": b"", "b/d": b"22", "é": LARGE, "z": b"333"}


@pytest.fixture
def version(ours: Tenant) -> Version:
    return published(ours, contents=CONTENTS)


def play(tenant: Tenant, scene: Callable[[Talk], Awaitable[Any]]) -> Any:
    token = tenant.token("viewer")

    async def played() -> Any:
        async with talking(token) as talk:
            return await scene(talk)

    return asyncio.run(played())


def get(talk: Talk, number: int, path: str, **members: Any) -> None:
    talk.say("get", **{"id": number, "reference": "ours/digits@1", "path": path, **members})


async def whole(talk: Talk, number: int) -> tuple[bytes, dict[str, Any]]:
    """All content of one file, and its first header."""
    first = frame = await talk.hear("bytes")
    content = frame["content"]
    while not frame.get("last"):
        frame = await talk.hear("bytes")
        assert (frame["id"], frame["offset"]) == (number, first["offset"] + len(content))
        content += frame["content"]
    assert first["id"] == number
    return content, first


def test_files_come_in_the_order_in_which_they_were_asked_for(ours: Tenant, version: Version) -> None:
    async def scene(talk: Talk) -> Any:
        for number, path in enumerate(CONTENTS, start=1):
            get(talk, number, path)
        return [await whole(talk, number) for number in range(1, len(CONTENTS) + 1)]

    came = play(ours, scene)
    assert [content for content, _header in came] == list(CONTENTS.values())
    assert [header["sha256"] for _content, header in came] == [digest_of(content) for content in CONTENTS.values()]
    assert [header["size"] for _content, header in came] == [len(content) for content in CONTENTS.values()]


def test_a_file_is_gone_on_with_from_any_byte(ours: Tenant, version: Version) -> None:
    offsets = [0, 1, limits.PIECE, len(LARGE) - 1, len(LARGE)]

    async def scene(talk: Talk) -> Any:
        for number, offset in enumerate(offsets, start=1):
            get(talk, number, "é", offset=offset)
        return [(await whole(talk, number))[0] for number in range(1, len(offsets) + 1)]

    assert play(ours, scene) == [LARGE[offset:] for offset in offsets]


def test_what_is_not_there_or_not_asked_for_properly_fails_alone(ours: Tenant, version: Version) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"path": "nothing"}, "not_found"),
        ({"reference": "ours/digits@2"}, "not_found"),
        ({"reference": "ours/nothing"}, "not_found"),
        ({"reference": "nobody/digits"}, "not_found"),
        ({"reference": "../digits"}, "invalid"),
        ({"offset": 2}, "wrong_offset"),
        ({"offset": -1}, "bad_request"),
        ({"offset": 1.0}, "bad_request"),
        ({"path": 7}, "bad_request"),
        ({"path": "a\x00"}, "bad_request"),
    ]

    async def scene(talk: Talk) -> Any:
        codes = []
        for number, (members, _code) in enumerate(wrong, start=1):
            get(talk, number, **{"path": "a", **members})
            failed = await talk.hear("failed")
            assert failed["id"] == number
            codes.append(failed["code"])
        get(talk, 100, "a")
        return codes, (await whole(talk, 100))[0]

    codes, content = play(ours, scene)
    assert codes == [code for _members, code in wrong]
    assert content == b"1"


def test_a_get_can_be_cancelled(ours: Tenant, version: Version) -> None:
    async def scene(talk: Talk) -> Any:
        for number in range(1, 30):
            get(talk, number, "é")
        get(talk, 30, "a")
        for number in range(2, 30):
            talk.say("cancel", id=number)
        ends: dict[int, str] = {}
        while 30 not in ends:
            message = await talk.next()
            if message["op"] == "failed" or message.get("last"):
                assert message["id"] not in ends, "told twice"
                ends[message["id"]] = message.get("code", "whole")
        return ends

    ends = play(ours, scene)
    assert set(ends) == set(range(1, 31))
    assert (ends[30], ends[29]) == ("whole", "cancelled")


def test_a_file_that_the_storage_has_lost_fails_alone(ours: Tenant, version: Version) -> None:
    for path in ("z", "é"):
        store.blob_path(ours.organization.pk, digest_of(CONTENTS[path])).unlink()

    async def scene(talk: Talk) -> Any:
        get(talk, 1, "z")
        get(talk, 2, "é")
        get(talk, 3, "a")
        lost = [(await talk.hear("failed"))["code"] for _ in range(2)]
        return lost, (await whole(talk, 3))[0]

    assert play(ours, scene) == (["unavailable", "unavailable"], b"1")


def test_another_tenant_s_private_dataset_is_not_there(ours: Tenant, theirs: Tenant, version: Version) -> None:
    async def scene(talk: Talk) -> Any:
        get(talk, 1, "a")
        talk.say("list", id=2, reference="ours/digits")
        talk.say("search", id=3)
        messages = [await talk.next() for _ in range(3)]
        return [message.get("code") or message["datasets"] for message in sorted(messages, key=lambda one: one["id"])]

    assert play(theirs, scene) == ["not_found", "not_found", []]


def test_a_public_dataset_is_there_for_all_but_its_drafts_are_not(ours: Tenant, theirs: Tenant) -> None:
    first = published(ours, contents=CONTENTS)
    datasets.set_visibility(actor=ours.owner, dataset=first.dataset, visibility="public")
    draft = a_draft(ours, first.dataset, {"secret": b"s"})

    async def scene(talk: Talk) -> Any:
        get(talk, 1, "a")
        content, _header = await whole(talk, 1)
        get(talk, 2, "secret", reference=f"ours/digits@{draft.pk}")
        hidden = await talk.hear("failed")
        talk.say("open", version=str(draft.pk))
        return content, hidden["code"], (await talk.hear("failed"))["code"]

    assert play(theirs, scene) == (b"1", "not_found", "not_found")


def test_a_viewer_reads_a_draft_and_does_not_write_to_it(ours: Tenant) -> None:
    draft = a_draft(ours, contents={"a": b"draft"})

    async def scene(talk: Talk) -> Any:
        get(talk, 1, "a", reference=f"ours/digits@{draft.pk}")
        content, _header = await whole(talk, 1)
        talk.say("open", version=str(draft.pk))
        return content, (await talk.hear("failed"))["code"]

    assert play(ours, scene) == (b"draft", "forbidden")


def test_files_are_listed_page_by_page(ours: Tenant, version: Version) -> None:
    async def scene(talk: Talk) -> Any:
        pages: list[list[str]] = []
        after: Any = ""
        number = 0
        while after is not None:
            number += 1
            talk.say("list", id=number, reference="ours/digits", after=after, limit=2)
            page = await talk.hear("files")
            pages.append([file["path"] for file in page["files"]])
            after = page["next"]
        talk.say("list", id=50, reference="ours/digits", prefix="b/")
        return pages, page, (await talk.hear("files"))["files"]

    pages, last, below = play(ours, scene)
    assert pages == [["a", "b/c"], ["b/d", "z"], ["é"]]
    assert (last["number"], last["version"]) == (1, str(version.pk))
    assert below == [
        {"path": "b/c", "size": 0, "sha256": digest_of(b"")},
        {"path": "b/d", "size": 2, "sha256": digest_of(b"22")},
    ]


def test_datasets_are_found_by_words(ours: Tenant, theirs: Tenant, version: Version) -> None:
    public = published(theirs, contents={"x": b"x"}).dataset
    datasets.set_visibility(actor=theirs.owner, dataset=public, visibility="public")

    async def found(talk: Talk, number: int, **asked: Any) -> list[str]:
        talk.say("search", id=number, **asked)
        return [dataset["reference"] for dataset in (await talk.hear("found"))["datasets"]]

    async def scene(talk: Talk) -> Any:
        return [
            await found(talk, 1),
            await found(talk, 2, owner="mine"),
            await found(talk, 3, owner="public"),
            await found(talk, 4, search="DIG"),
            await found(talk, 5, search="faces"),
            await found(talk, 6, after="ours/digits"),
        ]

    both = ["ours/digits", "theirs/digits"]
    assert play(ours, scene) == [both, both[:1], both[1:], both, [], both[1:]]
