"""The platform's own processes, as programs to run."""

import os
import socket
import sys
from collections.abc import Mapping

from era_platform.embedded.folder import PROJECT
from era_platform.embedded.program import Program

MANAGE = [sys.executable, str(PROJECT / "manage.py")]
# As root only the platform itself runs as root: jobs and servers do not.
NO_SERMON = ["-W", "ignore:You're running the worker"]
CELERY = [sys.executable, *NO_SERMON, "-m", "celery", "--quiet", "--workdir", str(PROJECT)]
CELERY += ["-A", "era_platform.celery:app"]


def preparation(environment: Mapping[str, str]) -> Program:
    return Program("prepare", [*MANAGE, "prepare"], environment)


def platform_programs(listener: socket.socket, environment: Mapping[str, str]) -> list[Program]:
    """In the order in which they start: who takes work before who hands it out."""
    return [
        Program("worker", [*CELERY, "worker", *_worker_options()], environment),
        Program("collector", [*MANAGE, "collect"], environment),
        *_web(listener, environment),
        Program("beat", [*CELERY, "beat", "--loglevel", "warning", "--pidfile", ""], environment),
    ]


def _worker_options() -> list[str]:
    return ["--loglevel", "info", "--concurrency", _number("ERA_WORKERS"), "--without-gossip", "--without-mingle"]


def _web(listener: socket.socket, environment: Mapping[str, str]) -> list[Program]:
    descriptor = listener.fileno()
    command = [sys.executable, "-m", "era_platform.embedded.web", str(descriptor)]
    settings = {"DATABASE_POOL": "true", **environment}
    names = [f"web.{number}" for number in range(1, int(_number("ERA_WEB_WORKERS")) + 1)]
    return [Program(name, command, settings, inherited=(descriptor,)) for name in names]


def _number(variable: str, default: int = 2) -> str:
    return os.environ.get(variable) or str(default)
