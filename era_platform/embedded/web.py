"""One web process: answers on the socket that the supervisor holds. `python -m era_platform.embedded.web FD`."""

import socket
import sys

import uvicorn

from era_platform.common.sockets import SERVED


def serve(descriptor: int) -> None:
    config = uvicorn.Config(
        "era_platform.asgi:application",
        lifespan="off",
        # Django's logging says how log lines look, and logs requests.
        log_config=None,
        access_log=False,
        # Followers of a log keep their WebSocket open for hours: a stop does not wait for them.
        timeout_graceful_shutdown=3,
        **SERVED,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
