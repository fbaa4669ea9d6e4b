"""Starts everything in order, keeps it running, and stops everything in the opposite order."""

import asyncio
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from era_platform.embedded.addresses import keep_addresses
from era_platform.embedded.child import Child, how
from era_platform.embedded.console import Console
from era_platform.embedded.errors import CannotStart
from era_platform.embedded.keeper import Keeper
from era_platform.embedded.portal import Portal
from era_platform.embedded.programs import platform_programs, preparation
from era_platform.embedded.servers import Server, embedded_servers

SERVERS_READY_WITHIN = 60.0
PORTAL_READY_WITHIN = 120.0
PORTAL_POLL = 0.5
# Together below the 10 s within which everything has to be gone.
PROGRAMS_STOP_WITHIN = 5.0
SERVERS_STOP_WITHIN = 3.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    def __init__(self, folder: Path, listener: socket.socket, welcome: str) -> None:
        self._folder = folder
        self._portal = Portal.at(listener)
        self._welcome = welcome
        self._servers: dict[str, Server] = embedded_servers(folder)
        self._environment = self._addresses()
        self._programs = platform_programs(listener, self._environment)
        self._console = Console(["postgres", "valkey", "prepare", *(program.name for program in self._programs)])
        self._kept_servers: list[Keeper] = []
        self._kept_programs: list[Keeper] = []

    async def run(self) -> None:
        """Until a signal to stop comes. CannotStart where something does not come up."""
        stopping = asyncio.Event()
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        started, asked = asyncio.create_task(self._start()), asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({started, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                await started
                await asked
        finally:
            started.cancel()
            await asyncio.wait({started})
            await self._stop()

    def _addresses(self) -> Mapping[str, str]:
        return {
            **{variable: server.url for variable, server in self._servers.items()},
            "ERA_DATA_DIR": str(self._folder),
            "ERA_PUBLIC_URL": self._portal.url,
            "PYTHONUNBUFFERED": "1",
        }

    async def _start(self) -> None:
        for server in self._servers.values():
            await self._start_server(server)
        keep_addresses(self._folder, {name: server.url for name, server in self._servers.items()})
        await self._prepare()
        self._kept_programs = [Keeper(program, self._console) for program in self._programs]
        await self._portal_ready()
        self._console.say(self._welcome.format(url=self._portal.url))

    async def _portal_ready(self) -> None:
        deadline = time.monotonic() + PORTAL_READY_WITHIN
        while missing := await asyncio.to_thread(self._portal.what_is_missing):
            if time.monotonic() > deadline:
                raise CannotStart(f"the portal does not become ready in {PORTAL_READY_WITHIN:g} s: {missing}")
            await asyncio.sleep(PORTAL_POLL)

    async def _start_server(self, server: Server) -> None:
        await asyncio.to_thread(server.prepare)
        keeper = Keeper(server.program(), self._console)
        self._kept_servers.append(keeper)
        await keeper.until(server.is_ready, SERVERS_READY_WITHIN)

    async def _prepare(self) -> None:
        child = await Child.start(preparation(self._environment), self._console)
        try:
            code = await child.ended()
        except asyncio.CancelledError:
            await child.stop(patience=1)
            raise
        if code != 0:
            raise CannotStart(f"preparing the database ended {how(code)}: the lines above say why")

    async def _stop(self) -> None:
        if not self._kept_servers + self._kept_programs:
            return
        self._console.say("stopping; jobs that run go on")
        await asyncio.gather(*(keeper.stop(PROGRAMS_STOP_WITHIN) for keeper in self._kept_programs))
        await asyncio.gather(*(keeper.stop(SERVERS_STOP_WITHIN) for keeper in self._kept_servers))
        self._console.say("stopped")
