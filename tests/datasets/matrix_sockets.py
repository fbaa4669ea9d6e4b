"""The rows of the tenant matrix that are operations of the transfer socket, one connection for each person."""

from tests.datasets.matrix import ROLES, STATES, Row
from tests.datasets.matrix_world import README, README_DIGEST, WORD, World
from tests.datasets.transfer.talk import Message, Talk

LETTERS = {"not_found": "n", "forbidden": "f", "published": "c", "draft_gone": "n"}


async def told_over_sockets(world: World, rows: list[Row]) -> list[dict[str, str]]:
    """For each row: state → letters."""
    of_role = {role: await _all_of(world, role, rows) for role in ROLES}
    return [{state: "".join(of_role[role][row.name, state] for role in ROLES) for state in STATES} for row in rows]


async def _all_of(world: World, role: str, rows: list[Row]) -> dict[tuple[str, str], str]:
    talk = Talk(world.tokens.get(role, ""))
    await talk.begin()
    try:
        if role == "anonymous":
            code, _reason = await talk.closed()
            return {(row.name, state): "u" if code == 4401 else str(code) for row in rows for state in STATES}
        await talk.hear("ready")
        numbers = iter(range(1, 1_000))
        return {
            (row.name, state): await _letter(talk, world, row.name, state, next(numbers))
            for row in rows
            for state in STATES
        }
    finally:
        await talk.end()


async def _letter(talk: Talk, world: World, name: str, state: str, number: int) -> str:
    answer = await _ask(talk, world, name, state, number)
    if answer["op"] == "failed":
        return LETTERS.get(answer["code"], str(answer))
    if name == "search":
        return "y" if _reference(world, state).partition("@")[0] in str(answer) else "n"
    if name == "get":
        return "y" if answer["content"] == README and answer["sha256"] == README_DIGEST else "?"
    return "y"


async def _ask(talk: Talk, world: World, name: str, state: str, number: int) -> Message:
    if name in ("open", "put", "begin"):
        talk.say("open", version=str(world.places[state].version.pk))
        opened = await talk.next()
        if name == "open" or opened["op"] == "failed":
            return opened
        return await _bring_in(talk, name, number)
    if name == "search":
        talk.say("search", id=number, search=f"{WORD} of {state}", owner="all")
    else:
        talk.say(
            name, id=number, reference=_reference(world, state), **({"path": "readme.txt"} if name == "get" else {})
        )
    return await talk.next()


async def _bring_in(talk: Talk, name: str, number: int) -> Message:
    if name == "put":
        talk.send(b"new", "put", id=number, path=f"new-{number}.txt", size=3)
        return await talk.next()
    talk.say("begin", id=number, path=f"large-{number}.bin", size=100_000_000)
    answer = await talk.next()
    talk.say("leave", id=number, discard=True)
    await talk.hear("left")
    return answer


def _reference(world: World, state: str) -> str:
    place = world.places[state]
    return f"{world.owners.slug}/{place.dataset.name}@{place.called}"
