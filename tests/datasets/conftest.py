"""Each test has a store of its own."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def storage(settings: Settings, tmp_path: Path) -> Path:
    settings.ERA_STORAGE_ROOT = tmp_path / "storage"
    return tmp_path / "storage"
