"""One web process of a deployment: `python -m era_platform.web`. Told to stop, it goes on answering for a while.

Whoever sends requests here learns only some seconds later that this process takes no more; until then
each of them is answered, and after that what was begun is ended (see docs/operations.md).
"""

import os
from threading import Timer
from types import FrameType

import uvicorn

from era_platform.common.sockets import SERVED


class DrainingServer(uvicorn.Server):
    """Takes connections for `drain_seconds` after it was told to stop, and then only ends those it has."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._draining = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._draining:
            return
        self._draining = True
        timer = Timer(self._drain_seconds, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()


def configuration() -> uvicorn.Config:
    return uvicorn.Config(
        "era_platform.asgi:application",
        host=os.environ.get("ERA_BIND") or "0.0.0.0",
        port=int(os.environ.get("ERA_PORT") or 8000),
        lifespan="off",
        # Django's logging says how log lines look, and logs requests.
        log_config=None,
        access_log=False,
        # Only the proxy reaches this process; it says who asks.
        forwarded_allow_ips="*",
        timeout_graceful_shutdown=20,
        **SERVED,
    )


if __name__ == "__main__":
    DrainingServer(configuration(), float(os.environ.get("ERA_DRAIN_SECONDS") or 5)).run()
