"""What must hold of a job on several nodes, whichever engine runs it."""

import re

from jobs.engines.base import EndReason, Phase
from tests.jobs.engines.bench import Bench, eventually

NAMES = (
    "ERA_NODE_RANK ERA_NODE_COUNT NODE_RANK RANK WORLD_SIZE LOCAL_RANK LOCAL_WORLD_SIZE PET_NNODES PET_NODE_RANK"
    " MASTER_PORT PET_MASTER_PORT"
)
TELLS = f"for name in {NAMES}; do eval echo $name=\\$$name; done"
# The first serves what the second asks for, by the addresses that both were given.
MEETS = """
if [ $ERA_NODE_RANK = 0 ]; then echo met | {listen}; else
  until {ask} | grep met; do sleep 0.2; done
fi
"""


class SeveralNodes:
    """The pool that they run in is a class's own matter."""

    pool = "local"
    listen = "nc -l -p $MASTER_PORT"
    ask = "nc -w 2 $MASTER_ADDR $MASTER_PORT </dev/null"

    def test_each_is_told_its_rank_in_the_platforms_words_and_in_torchruns(self, bench: Bench) -> None:
        ended, log = bench.run(TELLS, nodes=2, units=2, pool=self.pool)
        assert ended.exit_code == 0
        assert sorted(log.splitlines()) == sorted(
            f"[{rank}] {name}={value}"
            for rank in (0, 1)
            for name, value in {
                "ERA_NODE_RANK": rank, "ERA_NODE_COUNT": 2, "NODE_RANK": rank, "RANK": rank, "WORLD_SIZE": 2,
                "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1, "PET_NNODES": 2, "PET_NODE_RANK": rank,
                "MASTER_PORT": 29500, "PET_MASTER_PORT": 29500,
            }.items()
        )  # fmt: skip

    def test_they_reach_each_other(self, bench: Bench) -> None:
        script = MEETS.format(listen=self.listen, ask=self.ask)
        ended, log = bench.run(script, nodes=2, units=2, pool=self.pool)
        assert (ended.exit_code, log) == (0, "[1] met\n")

    def test_one_that_fails_ends_all(self, bench: Bench) -> None:
        script = (
            "[ $ERA_NODE_RANK = 0 ] && { trap 'echo told; exit 9' TERM; while :; do sleep 0.1; done; }; sleep 1; exit 5"
        )
        ended, log = bench.run(script, nodes=2, units=2, pool=self.pool)
        assert (ended.phase, ended.exit_code, ended.reason) == (Phase.EXITED, 5, EndReason.EXITED)
        assert ended.detail == "Rank 1 failed first."
        assert "[0] told\n" in log

    def test_their_lines_stay_whole_in_one_log(self, bench: Bench) -> None:
        _, log = bench.run(
            "for i in $(seq 300); do echo line $i of $RANK; done; printf end", nodes=2, units=2, pool=self.pool
        )
        for rank in ("0", "1"):
            own = [line for line in log.splitlines() if line.startswith(f"[{rank}] ")]
            assert own == [*(f"[{rank}] line {i} of {rank}" for i in range(1, 301)), f"[{rank}] end"]

    def test_a_stop_reaches_all_and_nothing_is_left(self, bench: Bench) -> None:
        spec = bench.shell("echo ready; sleep 60", nodes=2, units=2, pool=self.pool)
        eventually(lambda: len(re.findall(r"^\[[01]\] ready$", bench.log(spec).decode(), re.MULTILINE)) == 2)
        assert bench.inspect(spec).phase is Phase.RUNNING
        bench.engine.terminate(spec.name, spec.attempt, 5)
        assert bench.end(spec).reason is EndReason.TERMINATED
        bench.engine.delete(spec.name, spec.attempt)
        assert bench.engine.instances() == []
