"""The way in, frame by frame: files arrive whole or not at all, and go on from where they really are."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from datasets.models import Upload, Version
from datasets.services import drafts
from datasets.transfer import limits
from datasets.transfer.threads import Jobs
from tests.datasets.transfer.talk import Talk, talking
from tests.datasets.ways import a_draft, content_of, digest_of, put
from tests.factories import Tenant

pytestmark = pytest.mark.django_db(transaction=True)
FRAME = limits.FRAME
CONTENT = random.Random(3).randbytes(3 * FRAME + 17)

Scene = Callable[[Talk], Awaitable[Any]]


@pytest.fixture
def draft(ours: Tenant) -> Version:
    return a_draft(ours)


@pytest.fixture
def play(ours: Tenant, draft: Version) -> Callable[[Scene], Any]:
    """Runs a scene on a connection of our member, with the draft open."""

    token = ours.token()

    async def played(scene: Scene) -> Any:
        async with talking(token) as talk:
            await talk.open(draft.pk)
            return await scene(talk)

    return lambda scene: asyncio.run(played(scene))


def send_data(talk: Talk, number: int, content: bytes, start: int = 0) -> None:
    for offset in range(start, len(content), FRAME):
        talk.send(content[offset : offset + FRAME], "data", id=number, offset=offset)


async def begun(talk: Talk, number: int, path: str = "large", size: int = len(CONTENT)) -> int:
    talk.say("begin", id=number, path=path, size=size)
    return int((await talk.hear("at"))["offset"])


def parts_of(storage: Path) -> list[Path]:
    return [path for path in storage.rglob("parts/*") if path.is_file()]


Play = Callable[[Scene], Any]


def test_the_example_of_the_documentation_works(play: Play, draft: Version) -> None:
    async def scene(talk: Talk) -> Any:
        talk.binary(bytes.fromhex("0000002b") + b'{"op":"put","id":1,"path":"a.txt","size":3}' + b"hi\n")
        return await talk.hear("stored"), talk.got

    stored, got = play(scene)
    assert stored == {"op": "stored", "ids": [1], "sha256": [digest_of(b"hi\n")]}
    assert (got, content_of(draft)) == (3, {"a.txt": b"hi\n"})


def test_a_large_file_comes_in_frames(play: Play, draft: Version, storage: Path) -> None:
    async def scene(talk: Talk) -> Any:
        assert await begun(talk, 1) == 0
        send_data(talk, 1, CONTENT)
        talk.say("end", id=1, sha256=digest_of(CONTENT))
        return await talk.hear("stored"), talk.got

    stored, got = play(scene)
    assert (stored["ids"], stored["sha256"], got) == ([1], [digest_of(CONTENT)], len(CONTENT))
    assert content_of(draft) == {"large": CONTENT}
    assert parts_of(storage) == []


def test_after_a_break_it_goes_on_where_the_server_is(ours: Tenant, draft: Version, play: Play) -> None:
    async def first(talk: Talk) -> None:
        await begun(talk, 1)
        send_data(talk, 1, CONTENT[: 2 * FRAME])
        while talk.got < 2 * FRAME:
            await asyncio.wait_for(_one_got(talk), 30)

    async def second(talk: Talk) -> int:
        offset = await begun(talk, 1)
        send_data(talk, 1, CONTENT, offset)
        talk.say("end", id=1, sha256=digest_of(CONTENT))
        await talk.hear("stored")
        return offset

    play(first)
    assert content_of(draft) == {}
    assert play(second) == 2 * FRAME
    assert content_of(draft) == {"large": CONTENT}


async def _one_got(talk: Talk) -> None:
    event = await talk._next()
    assert '"got"' in event["text"]
    talk.got += int(event["text"].split(":")[-1].rstrip("}"))


def test_a_pause_keeps_what_is_there_and_a_discard_does_not(play: Play, storage: Path) -> None:
    async def scene(talk: Talk) -> tuple[int, int]:
        await begun(talk, 1)
        send_data(talk, 1, CONTENT[:FRAME])
        talk.say("leave", id=1)
        assert (await talk.hear("left"))["id"] == 1
        kept = await begun(talk, 2)
        talk.say("leave", id=2, discard=True)
        await talk.hear("left")
        assert parts_of(storage) == []
        return kept, await begun(talk, 3)

    assert play(scene) == (FRAME, 0)


def test_what_was_discarded_does_not_count_against_the_quota(play: Play, settings: Settings) -> None:
    settings.ERA_DATASET_QUOTA_BYTES = len(CONTENT) + 1

    async def scene(talk: Talk) -> int:
        await begun(talk, 1)
        talk.say("leave", id=1, discard=True)
        await talk.hear("left")
        return await begun(talk, 2, "another")

    assert play(scene) == 0


def test_files_are_mixed_on_one_connection(play: Play, draft: Version) -> None:
    async def scene(talk: Talk) -> None:
        await begun(talk, 1, "one")
        await begun(talk, 2, "two")
        for offset in range(0, len(CONTENT), FRAME):
            for number in (1, 2):
                talk.send(CONTENT[offset : offset + FRAME], "data", id=number, offset=offset)
            talk.send(b"small", "put", id=3 + offset, path=f"small/{offset}", size=5)
        talk.say("end", id=1)
        talk.say("end", id=2)
        stored: set[int] = set()
        while len(stored) < 6:
            stored.update((await talk.hear("stored"))["ids"])

    play(scene)
    expected = {f"small/{offset}": b"small" for offset in range(0, len(CONTENT), FRAME)}
    assert content_of(draft) == {"one": CONTENT, "two": CONTENT, **expected}


def test_the_last_of_two_files_with_one_name_stays(play: Play, draft: Version, ours: Tenant) -> None:
    put(ours, draft, {"a": b"before"})

    async def scene(talk: Talk) -> None:
        talk.send(b"first", "put", id=1, path="a", size=5)
        talk.send(b"second", "put", id=2, path="a", size=6)
        stored: list[int] = []
        while len(stored) < 2:
            stored += (await talk.hear("stored"))["ids"]

    play(scene)
    assert content_of(draft) == {"a": b"second"}


def test_one_bad_file_of_many_leaves_the_others_alone(play: Play, draft: Version) -> None:
    async def scene(talk: Talk) -> Any:
        for number in range(1, 40):
            talk.send(b"x", "put", id=number, path="folder/file" if number == 20 else f"folder/file/{number}", size=1)
        talk.send(b"y", "put", id=40, path="fine", size=1)
        answers: dict[int, str] = {}
        while len(answers) < 40:
            message = await talk.next()
            for number in message.get("ids", [message.get("id")]):
                answers[number] = message.get("code", "stored")
        return answers

    answers = play(scene)
    there = content_of(draft)
    stored = {number for number, answer in answers.items() if answer == "stored"}
    assert set(answers.values()) == {"stored", "path_conflict"}
    assert ("folder/file" in there) != any(path.startswith("folder/file/") for path in there)
    assert len(there) == len(stored)
    assert there["fine"] == b"y"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"sha256": digest_of(b"other")}, "wrong_hash"),
    ({"size": 4}, "wrong_length"),
    ({"size": -1}, "bad_request"),
    ({"size": True}, "bad_request"),
    ({"size": "3"}, "bad_request"),
    ({"path": "../a"}, "invalid"),
    ({"path": "/a"}, "invalid"),
    ({"path": ""}, "invalid"),
    ({"path": "a\x00b"}, "bad_request"),
    ({"path": "a\ud800"}, "bad_request"),
    ({"path": ["a"]}, "bad_request"),
    ({"path": "x" * 300}, "invalid"),
    ({"sha256": "ABC"}, "bad_request"),
    ({"sha256": digest_of(b"hi\n").upper()}, "bad_request"),
]


def test_a_small_file_that_is_wrong_is_refused_and_nothing_of_it_stays(
    play: Play, draft: Version, storage: Path
) -> None:
    async def scene(talk: Talk) -> Any:
        codes = []
        for number, (members, _code) in enumerate(WRONG, start=1):
            talk.send(b"hi\n", "put", **{"id": number, "path": "a", "size": 3, **members})
            failed = await talk.hear("failed")
            assert failed["id"] == number
            codes.append(failed["code"])
        talk.send(b"ok", "put", id=len(WRONG) + 1, path="b", size=2)
        await talk.hear("stored")
        return codes, talk.got

    codes, got = play(scene)
    assert codes == [code for _members, code in WRONG]
    assert got == 3 * len(WRONG) + 2, "also what is refused was got"
    assert content_of(draft) == {"b": b"ok"}
    assert parts_of(storage) == []


def test_content_is_got_whatever_becomes_of_it(play: Play) -> None:
    async def scene(talk: Talk) -> Any:
        talk.send(b"123", "put", id=0, path="a", size=3)
        talk.send(b"4567", "data", id=9, offset=0)
        talk.send(b"89", "nonsense", id=1)
        codes = [(await talk.hear("failed"))["code"] for _ in range(3)]
        talk.say("open")
        await talk.hear("failed")
        return codes, talk.got

    assert play(scene) == (["bad_request", "bad_request", "unknown_op"], 9)


def test_more_files_than_may_be_waiting_are_waited_for_also_if_they_are_refused(play: Play, draft: Version) -> None:
    count = limits.PIPELINE + 200

    async def scene(talk: Talk) -> Any:
        for number in range(1, count + 1):
            talk.send(b"x", "put", id=number, path=f"{number}", size=1, sha256=digest_of(b"y"))
        talk.send(b"x", "put", id=count + 1, path="right", size=1)
        codes = {(await talk.hear("failed"))["code"] for _ in range(count)}
        await talk.hear("stored")
        return codes

    assert play(scene) == {"wrong_hash"}
    assert content_of(draft) == {"right": b"x"}


def test_a_gap_is_refused_and_says_where_the_server_is(play: Play, draft: Version) -> None:
    async def scene(talk: Talk) -> Any:
        await begun(talk, 1)
        send_data(talk, 1, CONTENT[:FRAME])
        talk.send(b"x", "data", id=1, offset=FRAME + 1)
        talk.send(b"thrown away", "data", id=1, offset=FRAME)
        failed = await talk.hear("failed")
        return failed, await begun(talk, 2)

    failed, offset = play(scene)
    assert (failed["code"], failed["offset"], offset) == ("wrong_offset", FRAME, FRAME)


def test_more_or_less_than_was_announced_is_refused(play: Play, draft: Version) -> None:
    async def scene(talk: Talk) -> Any:
        await begun(talk, 1, size=10)
        talk.send(b"x" * 11, "data", id=1, offset=0)
        more = await talk.hear("failed")
        await begun(talk, 2, size=10)
        talk.send(b"x" * 9, "data", id=2, offset=0)
        talk.say("end", id=2)
        return more["code"], (await talk.hear("failed"))["code"]

    assert play(scene) == ("wrong_length", "wrong_length")
    assert content_of(draft) == {}


def test_a_wrong_hash_throws_away_what_came(play: Play, draft: Version, storage: Path) -> None:
    async def scene(talk: Talk) -> Any:
        await begun(talk, 1)
        send_data(talk, 1, CONTENT)
        talk.say("end", id=1, sha256=digest_of(b"other"))
        failed = await talk.hear("failed")
        assert parts_of(storage) == []
        return failed["code"], await begun(talk, 2)

    assert play(scene) == ("wrong_hash", 0)
    assert content_of(draft) == {}


def test_a_file_without_content_may_begin_and_end_at_once(play: Play, draft: Version) -> None:
    async def scene(talk: Talk) -> None:
        await begun(talk, 1, "empty", 0)
        talk.say("end", id=1, sha256=digest_of(b""))
        await talk.hear("stored")

    play(scene)
    assert content_of(draft) == {"empty": b""}


def test_two_connections_do_not_bring_in_one_file(ours: Tenant, draft: Version) -> None:
    tokens = ours.token("owner"), ours.token()

    async def both() -> Any:
        async with talking(tokens[0]) as other:
            await other.open(draft.pk)
            async with talking(tokens[1]) as first:
                await first.open(draft.pk)
                await begun(first, 1)
                other.say("begin", id=1, path="large", size=len(CONTENT))
                busy = await other.hear("failed")
            return busy["code"], await begun(other, 2)

    assert asyncio.run(both()) == ("busy", 0)


def test_a_draft_that_is_published_meanwhile_takes_nothing_more(play: Play, draft: Version, ours: Tenant) -> None:
    put(ours, draft, {"there": b"1"})

    async def scene(talk: Talk) -> Any:
        await begun(talk, 1)
        await Jobs().in_database(drafts.publish, actor=ours.member, version=draft)
        talk.send(b"late", "put", id=2, path="late", size=4)
        return (await talk.hear("failed"))["code"]

    assert play(scene) == "published"
    assert content_of(draft) == {"there": b"1"}


def test_beyond_the_quota_nothing_begins(play: Play, draft: Version, settings: Settings, storage: Path) -> None:
    settings.ERA_DATASET_QUOTA_BYTES = 1000

    async def scene(talk: Talk) -> Any:
        talk.say("begin", id=1, path="large", size=1001)
        large = await talk.hear("failed")
        talk.send(b"x" * 1001, "put", id=2, path="small", size=1001)
        return large["code"], (await talk.hear("failed"))["code"]

    assert play(scene) == ("quota_exceeded", "quota_exceeded")
    assert parts_of(storage) == []


def test_a_full_disk_is_told_and_what_came_is_kept(play: Play, draft: Version, settings: Settings) -> None:
    async def scene(talk: Talk) -> Any:
        await begun(talk, 1)
        send_data(talk, 1, CONTENT[:FRAME])
        talk.say("leave", id=1)
        await talk.hear("left")
        settings.ERA_STORAGE_MIN_FREE_BYTES = 2**60
        talk.say("begin", id=2, path="large", size=len(CONTENT))
        large = await talk.hear("failed")
        talk.send(b"x", "put", id=3, path="small", size=1)
        small = await talk.hear("failed")
        settings.ERA_STORAGE_MIN_FREE_BYTES = 0
        return large["code"], small["code"], await begun(talk, 4)

    assert play(scene) == ("storage_full", "storage_full", FRAME)


def test_a_client_that_vanishes_leaves_nothing_half_there(play: Play, draft: Version, storage: Path) -> None:
    async def scene(talk: Talk) -> None:
        await begun(talk, 1)
        send_data(talk, 1, CONTENT[:FRAME])
        for number in range(2, 50):
            talk.send(b"x" * 1000, "put", id=number, path=f"small/{number}", size=1000)

    play(scene)
    there = content_of(draft)
    assert all(content == b"x" * 1000 for content in there.values())
    with scopes_disabled():
        kept = {str(upload.pk) for upload in Upload.objects.filter(version=draft)}
    assert {path.name for path in parts_of(storage)} <= kept


def test_large_files_at_once_are_bounded(play: Play) -> None:
    async def scene(talk: Talk) -> Any:
        for number in range(1, limits.LARGE_AT_ONCE + 2):
            talk.say("begin", id=number, path=f"large/{number}", size=FRAME + 1)
        messages = [await talk.next() for _ in range(limits.LARGE_AT_ONCE + 1)]
        return [message["code"] for message in messages if message["op"] == "failed"]

    assert play(scene) == ["too_many"]


def test_data_before_the_server_said_where_it_is_is_refused(play: Play) -> None:
    async def scene(talk: Talk) -> Any:
        talk.say("begin", id=1, path="large", size=FRAME + 1)
        talk.send(b"x", "data", id=1, offset=0)
        return (await talk.hear("failed"))["code"]

    assert play(scene) == "bad_request"


def test_hashing_goes_on_where_an_earlier_connection_ended(play: Play, draft: Version) -> None:
    """The digest of what was there before is that of the bytes on the disk, whoever wrote them."""

    async def scene(talk: Talk) -> Any:
        await begun(talk, 1)
        send_data(talk, 1, b"y" * FRAME)
        talk.say("leave", id=1)
        await talk.hear("left")
        offset = await begun(talk, 2)
        send_data(talk, 2, CONTENT, offset)
        talk.say("end", id=2)
        return (await talk.hear("stored"))["sha256"]

    expected = b"y" * FRAME + CONTENT[FRAME:]
    assert play(scene) == [hashlib.sha256(expected).hexdigest()]
    assert content_of(draft) == {"large": expected}
