"""A wake-up that can't be sent stops nobody."""

import time
from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings

from era_platform.common import broadcast
from era_platform.embedded.ports import free_port
from tests.platform import eventually


def test_while_the_broker_is_gone_nobody_waits_and_it_is_said_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    layer = settings.CHANNEL_LAYERS["default"]
    gone = {**layer, "CONFIG": {"hosts": [f"redis://127.0.0.1:{free_port()}"]}}
    settings.CHANNEL_LAYERS = {"default": gone}
    began = time.monotonic()
    for _ in range(100):
        broadcast.send("job.x", {"type": "job.log"})
    assert time.monotonic() - began < 1
    eventually(said(caplog, "broadcast_failing"))
    settings.CHANNEL_LAYERS = {"default": layer}

    def works_again() -> bool:
        broadcast.send("job.x", {"type": "job.log"})
        return said(caplog, "broadcast_works_again")()

    eventually(works_again)


def said(caplog: pytest.LogCaptureFixture, event: str) -> Callable[[], bool]:
    return lambda: event in caplog.text
