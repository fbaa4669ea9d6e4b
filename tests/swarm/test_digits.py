"""The example job, on a Docker Swarm, in an image with Python and its packages."""

import shutil

import pytest
from django.conf import settings

from tests.jobs.engines.bench import Bench

pytestmark = [
    pytest.mark.swarm,
    pytest.mark.xdist_group("swarm"),
    pytest.mark.skipif(not settings.ERA_JOB_ENV.exists(), reason="the jobs' environment is not made: make install"),
]


def test_digits_are_learnt(bench: Bench, python_image: str) -> None:
    spec = bench.spec("python", "train.py", image=python_image, memory_mib=1024, lasts=120)
    shutil.copytree(settings.BASE_DIR / "examples" / "digits", spec.code)
    bench.engine.stage(spec)
    bench.engine.start(spec)
    assert bench.end(spec, within=120).exit_code == 0, bench.log(spec)[-2000:]
    assert {path.name for path in spec.outputs.iterdir()} >= {"weights.npz", "metrics.csv", "loss.png"}
    assert b"\r" in bench.log(spec)
