"""Ports: a free one for a server of ours, and the one that the portal is to answer on."""

import errno
import os
import random
import socket

from era_platform.embedded.errors import CannotStart

LOOPBACK = "127.0.0.1"
# Below the range from which the kernel takes ports for outgoing connections: otherwise one of
# these could take a server's port while the server is being restarted.
OURS = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """`preferred` where it is free, else any free one on the loopback address."""
    if preferred and is_free(preferred):
        return preferred
    for port in random.sample(OURS, len(OURS)):
        if is_free(port):
            return port
    raise CannotStart(f"no port from {OURS.start} to {OURS.stop - 1} is free on {LOOPBACK}: close some programs")


def portal_socket() -> socket.socket:
    """The socket that the web processes share, on ERA_BIND (127.0.0.1) and ERA_PORT (8000).

    The supervisor holds it, so that connections wait instead of failing while a web process restarts.
    """
    address, port = os.environ.get("ERA_BIND") or LOOPBACK, _wanted_port()
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise CannotStart(_why_not(address, port, error)) from error
    listener.setblocking(False)
    return listener


def _wanted_port() -> int:
    given = os.environ.get("ERA_PORT") or "8000"
    if not given.isdecimal() or not 0 < int(given) < 65_536:
        raise CannotStart(f"ERA_PORT is '{given}', but must be a port number from 1 to 65535")
    return int(given)


def _why_not(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {address} is in use: stop what uses it, or choose another with ERA_PORT"
    return f"cannot listen on {address} port {port} ({error.strerror}): choose others with ERA_BIND and ERA_PORT"
