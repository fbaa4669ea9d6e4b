"""What the supervisor runs: a command, its environment, as whom, and how it is asked to stop."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field

from era_platform.embedded.account import Account


@dataclass(frozen=True)
class Program:
    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    account: Account | None = None
    inherited: tuple[int, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """The command, told by the kernel to stop when its parent is gone, even by SIGKILL."""
        prefix = ["setpriv", "--pdeathsig", self.stop_signal.name.removeprefix("SIG")]
        if self.account:
            prefix += [f"--reuid={self.account.uid}", f"--regid={self.account.gid}", "--clear-groups"]
        return [*prefix, "--", *self.command]

    @property
    def full_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}
