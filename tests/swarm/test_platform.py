"""The main job on the engine `swarm`: a whole platform whose jobs run on a real Docker Swarm."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.e2e.digits import DigitsStory
from tests.platform import Platform, running_platform
from tests.swarm.rig import Rig

pytestmark = [
    pytest.mark.swarm,
    pytest.mark.skipif(not settings.ERA_JOB_ENV.exists(), reason="the jobs' environment is not made: make install"),
]


class TestDigitsOnSwarm(DigitsStory):
    @pytest.fixture(scope="class")
    @classmethod
    def platform(cls, swarm: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
        folder = tmp_path_factory.mktemp("swarm")
        swarm.set_pools(n1="quick")  # where the image is
        with running_platform(folder, ERA_ENGINE="swarm", ERA_DOCKER_HOST=swarm.host) as started:
            started.manage("create_pool", "quick", "--units=8", "--slot-seconds=5", "--horizon-slots=2000",
                           "--unit-cpus=0.25", "--unit-memory-mib=512", "--grace-seconds=2")  # fmt: skip
            yield started
        swarm.reset_pools()

    @pytest.fixture(scope="class")
    @classmethod
    def image(cls, python_image: str) -> str:
        return python_image
