"""The main job on the engine `process`."""

import pytest

from tests.e2e.digits import DigitsStory

pytestmark = pytest.mark.engine


class TestDigitsAsProcesses(DigitsStory):
    @pytest.fixture(scope="class")
    @classmethod
    def image(cls) -> str:
        return "host"
