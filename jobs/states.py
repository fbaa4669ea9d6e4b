"""The states of a job and the moves between them that are allowed. No Django."""

from enum import StrEnum


class State(StrEnum):
    REJECTED = "rejected"
    RESERVED = "reserved"
    STARTING = "starting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


MOVES: dict[State, frozenset[State]] = {
    State.REJECTED: frozenset(),
    State.RESERVED: frozenset({State.STARTING, State.CANCELLED, State.FAILED}),
    State.STARTING: frozenset({State.RUNNING, State.STARTING, State.FAILED, State.CANCELLED}),
    State.RUNNING: frozenset({State.SUCCEEDED, State.FAILED, State.TIMED_OUT, State.CANCELLED, State.STARTING}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.TIMED_OUT: frozenset(),
    State.CANCELLED: frozenset(),
}
FINAL = frozenset(state for state, moves in MOVES.items() if not moves)
ACTIVE = frozenset({State.STARTING, State.RUNNING})
CANCELLABLE = frozenset(state for state, moves in MOVES.items() if State.CANCELLED in moves)


def may_move(source: State, target: State) -> bool:
    return target in MOVES[source]
