"""One running platform for all tests of a module, with a pool of short slots."""

from collections.abc import Iterator

import pytest

from tests.platform import Platform, running_platform

SLOT = 5


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform")) as started:
        started.manage(
            "create_pool",
            "quick",
            "--units=8",
            f"--slot-seconds={SLOT}",
            "--horizon-slots=2000",
            "--unit-cpus=0.25",
            "--unit-memory-mib=1024",
            "--grace-seconds=2",
        )
        yield started
