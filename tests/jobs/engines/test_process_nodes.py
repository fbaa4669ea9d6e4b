"""Several nodes tried out on one machine: as many processes, with a loopback that they share."""

import pytest

from jobs.engines.base import EngineError
from tests.jobs.engines.bench import Bench
from tests.jobs.engines.nodes import SeveralNodes

pytestmark = pytest.mark.engine
SERVE = "import os, socket as s; l = s.create_server(('', int(os.environ['MASTER_PORT']))); l.accept()[0].send(b'met')"
FETCH = (
    "import os, socket as s; a = os.environ; "
    "print(s.create_connection((a['MASTER_ADDR'], int(a['MASTER_PORT']))).recv(9).decode())"
)


class TestSeveralProcesses(SeveralNodes):
    listen = f'python3 -c "{SERVE}"'
    ask = f'python3 -c "{FETCH}" 2>/dev/null'

    def test_where_one_cannot_begin_none_does(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        spec = bench.spec("sh", "-c", "echo began", nodes=2, units=2)
        bench.engine.stage(spec)
        bench.engine.create(spec)
        (spec.attempt / "lock.1").mkdir()
        with pytest.raises(EngineError, match="lock"):
            bench.engine.start(spec)
        (spec.attempt / "lock.1").rmdir()
        assert bench.log(spec) == b""
        bench.engine.start(spec)
        bench.end(spec)
        assert sorted(bench.log(spec).decode().split("\n")) == ["", "[0] began", "[1] began"]

    def test_one_that_ends_at_once_takes_nothing_away_that_another_still_needs(self, bench: Bench) -> None:
        for _ in range(20):
            ended, log = bench.run("echo $RANK", nodes=2, units=2)
            assert (ended.exit_code, sorted(log.splitlines())) == (0, ["[0] 0", "[1] 1"])
