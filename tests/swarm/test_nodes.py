"""Several nodes for one job on a real Swarm: two machines that find each other on a network of their own.

How long Swarm takes to place both, on a machine that is busy with other rigs, is not ours to bound: part of
`make test-deploy`. What does not depend on it is tested on the engine `process` with every run.
"""

import pytest

from jobs.engines.base import EngineError
from tests.jobs.engines.bench import Bench, eventually
from tests.jobs.engines.nodes import SeveralNodes
from tests.swarm.rig import Rig

pytestmark = [pytest.mark.deploy]


class TestSeveralMachines(SeveralNodes):
    pool = "wide"

    def test_where_one_machine_has_too_little_each_of_two_gives_half(self, bench: Bench, swarm: Rig) -> None:
        memory = max(node.memory_mib for node in bench.engine.capacity()) * 6 // 5 // 2 * 2
        spec = bench.shell("echo ready; sleep 30", nodes=2, units=2, pool="wide", cpus=1, memory_mib=memory)
        eventually(lambda: bench.log(spec).count(b"ready") == 2, within=60)
        eventually(lambda: len(swarm.containers(spec.name)) == 2)
        found = swarm.containers(spec.name)
        assert {node.name for node, _ in found} == {"n2", "n3"}
        assert set(bench.inspect(spec).nodes) == {"n2", "n3"}
        for node, container in found:
            with node.client() as client:
                limits = client.containers.get(container).attrs["HostConfig"]
            assert (limits["NanoCpus"], limits["Memory"]) == (5 * 10**8, memory // 2 * 2**20)

    def test_where_there_is_no_room_for_all_none_begins(self, bench: Bench) -> None:
        spec = bench.spec("sh", "-c", "echo began", nodes=2, units=2, pool="wide", gpus=6)
        bench.engine.stage(spec)
        with pytest.raises(EngineError, match=r"2 of 2 nodes are not there yet \(rank 0: .*insufficient resources"):
            bench.engine.start(spec)
        assert bench.log(spec) == b""
