"""One program running under the supervisor, with all that it starts itself, except jobs."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from contextlib import suppress

from era_platform.embedded.console import Console
from era_platform.embedded.program import Program

LAST_WORDS = 1.0
"""Seconds to wait for the rest of the output of a program that has ended."""


class Child:
    """Leads a session of its own, so that Ctrl-C in the terminal reaches the supervisor only."""

    def __init__(self, program: Program, process: Process, console: Console) -> None:
        assert process.stdout is not None
        self.program = program
        self._process = process
        self._console = console
        self._output = asyncio.create_task(console.follow(program.name, process.stdout))

    @classmethod
    async def start(cls, program: Program, console: Console) -> "Child":
        process = await asyncio.create_subprocess_exec(
            *program.arguments,
            env=program.full_environment,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
            pass_fds=program.inherited,
        )
        return cls(program, process, console)

    async def ended(self) -> int:
        """Wait for its end; then end what it left behind, which would get in the way of its successor."""
        code = await self._process.wait()
        self._kill_group()
        await asyncio.wait([self._output], timeout=LAST_WORDS)
        self._output.cancel()
        return code

    async def stop(self, patience: float) -> None:
        """Ask it to stop; after `patience` seconds, make it."""
        with suppress(ProcessLookupError):
            self._process.send_signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(self._process.wait(), patience)
        except TimeoutError:
            self._console.say(f"{self.program.name} did not stop within {patience:g} s and is killed")
            self._kill_group()

    def _kill_group(self) -> None:
        # A job is in none of these groups: its runner leads a session of its own.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def how(code: int) -> str:
    """An exit code in words."""
    return f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
