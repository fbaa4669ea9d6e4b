"""A node that is cut off keeps its job running: the attempt that follows is out of its reach."""

from dataclasses import replace
from pathlib import Path

import pytest

from jobs.engines.base import InstanceSpec, Phase
from tests.jobs.engines.bench import Bench, eventually
from tests.swarm.rig import Rig

pytestmark = [pytest.mark.swarm, pytest.mark.xdist_group("swarm")]
COUNTS = "trap '' TERM; n=0; while :; do n=$((n+1)); echo $n >$ERA_OUTPUT_DIR/step; sleep 0.2; done"
GOES_ON = "read n <$ERA_PREVIOUS_OUTPUT_DIR/step; touch $ERA_PREVIOUS_OUTPUT_DIR/x; echo on $n >$ERA_OUTPUT_DIR/step"


def next_attempt(bench: Bench, first: InstanceSpec, script: str) -> InstanceSpec:
    outputs, attempt = first.outputs.with_name("output-2"), first.attempt.with_name("2")
    bench.made.append(
        replace(first, name=f"{first.name[:-1]}2", command=("sh", "-c", script), outputs=outputs, attempt=attempt,
                previous=first.outputs)
    )  # fmt: skip
    bench.engine.create(bench.made[-1])
    bench.engine.start(bench.made[-1])
    return bench.made[-1]


def step(folder: Path) -> str:
    return (folder / "step").read_text() if (folder / "step").exists() else ""


def test_an_attempt_that_was_cut_off_writes_on_but_not_to_the_next_ones_outputs(bench: Bench, cluster: Rig) -> None:
    first = bench.shell(COUNTS, pool="wide", lasts=300)
    eventually(lambda: step(first.outputs))
    ((node, _),) = eventually(lambda: cluster.containers(first.name))
    node.cut()
    assert f"node is down: {node.name}" in bench.reach(first, Phase.LOST, within=120).detail
    seen = step(first.outputs)
    eventually(lambda: step(first.outputs) != seen)  # it writes on, as nobody reaches it
    second = next_attempt(bench, first, GOES_ON)
    assert bench.end(second, within=60).exit_code == 0
    assert step(second.outputs).startswith("on ")
    assert "Read-only file system" in bench.log(second).decode()
    assert not (first.outputs / "x").exists()
    node.mend()
    bench.engine.delete(first.name, first.attempt)
    eventually(lambda: not node.containers(first.name), within=60)
