"""A bench to run instances on: folders like the platform's, and waiting for what must come."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from era_platform.common import clock
from jobs.engines.attempt import AttemptFolder
from jobs.engines.base import Engine, EngineError, Instance, InstanceSpec, Phase

T = TypeVar("T")
OURS, THEIRS = 1, 2  # two organizations


def eventually(look: Callable[[], T | None], within: float = 60) -> T:
    """What `look` gives as soon as it is true."""
    give_up = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < give_up, f"not within {within} s"
        time.sleep(0.01)
    return found


@dataclass
class Bench:
    engine: Engine
    image: str
    root: Path
    made: list[InstanceSpec] = field(default_factory=list)

    def spec(self, *command: str, lasts: float = 60, grace: float = 2, **changes: Any) -> InstanceSpec:
        number = len(self.made)
        folder = self.root / "jobs" / str(number)
        end = clock.now() + timedelta(seconds=lasts)
        spec = InstanceSpec(
            name=f"era-{uuid4().hex}-1",
            image=self.image,
            command=command,
            env={"ERA_UNITS": "1"},
            organization_id=OURS,
            pool="local",
            units=1,
            cpus=1,
            memory_mib=512,
            gpus=0,
            code=folder / "code",
            inputs=folder / "input",
            outputs=folder / "output",
            attempt=folder / "attempts" / "1",
            stop_at=end - timedelta(seconds=grace),
            end_at=end,
        )
        self.made.append(replace(spec, **changes))
        return self.made[-1]

    def begin(self, *command: str, **changes: Any) -> InstanceSpec:
        spec = self.spec(*command, **changes)
        self.engine.stage(spec)
        self.engine.create(spec)
        eventually(lambda: self._started(spec), within=120)
        return spec

    def _started(self, spec: InstanceSpec) -> bool:
        """As the platform does: what can't begin yet, for not all of its nodes are there, is tried again."""
        try:
            self.engine.start(spec)
        except EngineError:
            if spec.nodes == 1:
                raise
            return False
        return True

    def shell(self, script: str, **changes: Any) -> InstanceSpec:
        return self.begin("sh", "-c", script, **changes)

    def run(self, script: str, **changes: Any) -> tuple[Instance, str]:
        """Its end and its whole log."""
        spec = self.shell(script, **changes)
        ended = self.end(spec)
        return ended, self.log(spec).decode()

    def inspect(self, spec: InstanceSpec) -> Instance:
        return self.engine.inspect(spec.name, spec.attempt)

    def end(self, spec: InstanceSpec, within: float = 90) -> Instance:
        return self.reach(spec, Phase.EXITED, within)

    def reach(self, spec: InstanceSpec, phase: Phase, within: float = 90) -> Instance:
        give_up = time.monotonic() + within
        while (seen := self.inspect(spec)).phase is not phase:
            assert time.monotonic() < give_up, f"not {phase} within {within} s: {seen}"
            time.sleep(0.01)
        return seen

    def log(self, spec: InstanceSpec) -> bytes:
        log = spec.attempt / "log"
        return log.read_bytes() if log.exists() else b""

    def says(self, spec: InstanceSpec, text: str, within: float = 60) -> None:
        eventually(lambda: text.encode() in self.log(spec), within)

    def runner(self, spec: InstanceSpec) -> int:
        pid = AttemptFolder(spec.attempt).runner()
        assert pid
        return pid

    def clear(self) -> None:
        for spec in self.made:
            self.engine.delete(spec.name, spec.attempt)
