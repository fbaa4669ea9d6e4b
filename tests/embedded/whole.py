"""A look at a running platform from outside: its parts, all that belongs to it, and how long it takes to end."""

import signal
import time
from pathlib import Path

import psutil

from tests.platform import Platform, eventually

# What the command line of each of the supervisor's children contains.
PARTS = {
    "postgres": "bin/postgres",
    "valkey": "valkey-server",
    "web": "era_platform.embedded.web",
    "worker": " worker ",
    "beat": " beat ",
    "collector": "manage.py collect",
}


def parts(platform: Platform, name: str) -> set[psutil.Process]:
    """The supervisor's own children that do this part."""
    children = psutil.Process(platform.process.pid).children()
    return {child for child in children if PARTS[name] in _command_line(child)}


def belongings(platform: Platform) -> list[psutil.Process]:
    """All processes of the platform, wherever in the tree of processes they may hang."""
    mine = f"ERA_DATA_DIR={platform.folder}\0".encode()
    return [process for process in psutil.process_iter() if mine in _environment(process)]


def end(platform: Platform, number: signal.Signals) -> float:
    """Send the signal, wait until nothing is left; the seconds that took."""
    began = time.monotonic()
    platform.process.send_signal(number)
    platform.process.wait(30)
    eventually(lambda: not belongings(platform), what="all processes gone")
    return time.monotonic() - began


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _environment(process: psutil.Process) -> bytes:
    try:
        return Path(f"/proc/{process.pid}/environ").read_bytes()
    except OSError:
        return b""
