"""Several nodes for one job on a real Swarm: two machines that find each other on a network of their own."""

import pytest

from jobs.engines.base import EngineError
from tests.jobs.engines.bench import Bench, eventually
from tests.jobs.engines.nodes import SeveralNodes
from tests.swarm.rig import Rig

pytestmark = [pytest.mark.swarm, pytest.mark.xdist_group("swarm")]


class TestSeveralMachines(SeveralNodes):
    pool = "wide"

    def test_they_run_on_two_machines_with_half_of_it_each(self, bench: Bench, swarm: Rig) -> None:
        spec = bench.shell("echo ready; sleep 30", nodes=2, units=2, pool="wide", cpus=1, memory_mib=128, gpus=2)
        eventually(lambda: bench.log(spec).count(b"ready") == 2, within=60)
        eventually(lambda: len(swarm.containers(spec.name)) == 2)
        found = swarm.containers(spec.name)
        assert {node.name for node, _ in found} == {"n2", "n3"}
        for node, container in found:
            with node.client() as client:
                limits = client.containers.get(container).attrs["HostConfig"]
            assert (limits["NanoCpus"], limits["Memory"]) == (5 * 10**8, 64 * 2**20)

    def test_where_there_is_no_room_for_all_none_begins(self, bench: Bench) -> None:
        spec = bench.spec("sh", "-c", "echo began", nodes=2, units=2, pool="wide", gpus=6)
        bench.engine.stage(spec)
        with pytest.raises(EngineError, match=r"2 of 2 nodes are not there yet \(rank 0: .*insufficient resources"):
            bench.engine.start(spec)
        assert bench.log(spec) == b""
