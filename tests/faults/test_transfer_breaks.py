"""Uploads through breaks of every kind: each file arrives whole or not at all, and little is sent twice."""

import hashlib
from pathlib import Path
from random import Random

import pytest

from datasets.transfer.limits import CHUNK
from tests.datasets.transfer.breaking import Breaker, Front, Upload, files_of_draft, new_draft, uploaded, write_files
from tests.platform import running_platform

pytestmark = pytest.mark.platform
BREAKS, LARGE, SMALL = 4, 32 * 1024 * 1024, 10
OVERHEAD = 0.01
"""Of what goes over the line: headers of frames, handshakes, listings."""


@pytest.mark.timeout(600)
def test_an_upload_survives_every_kind_of_break(tmp_path: Path) -> None:
    random = Random(5)
    files = write_files(tmp_path / "broken", random, large=LARGE, small=SMALL)
    size, small = sum(file.size for file in files), sum(file.size for file in files[1:])
    with running_platform(tmp_path / "platform", ERA_WEB_WORKERS="1") as platform, platform.client() as api:
        front = Front(platform.port)
        token = api.headers["Authorization"].removeprefix("Bearer ")
        upload = Upload(tmp_path / "broken", front, token, new_draft(api, "broken"))
        kinds = uploaded(upload, Breaker(platform, front, random), random, breaks=BREAKS, size=LARGE)
        front.close()
        there = files_of_draft(api, "broken", upload.draft)
        parts = list((platform.folder / "storage").rglob("parts/*"))
    assert set(kinds) == {"client killed", "server killed", "connection cut", "proxy restarted"}
    assert there == {file.path: hashlib.sha256(file.source.read_bytes()).hexdigest() for file in files}
    assert front.passed <= size * (1 + OVERHEAD) + upload.breaks * (CHUNK + small)
    assert len(parts) <= SMALL * kinds["server killed"], "what a killed server left of small files is swept later"
