"""A pool, and bodies to ask it with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from era_platform.common import clock
from pricing.models import Pool
from tests.factories import a_pool

Body = dict[str, Any]
MakeBody = Callable[..., Body]


@pytest.fixture
def pool(db: None) -> Pool:
    return a_pool("local")


@pytest.fixture(autouse=True)
def storage_root(tmp_path: Path, settings: Settings) -> Path:
    """A storage of each test's own."""
    settings.ERA_STORAGE_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def a_quote() -> MakeBody:
    """A body for POST quotes; fields given as None are left out."""
    return lambda **fields: _without_none(_ask() | fields)


@pytest.fixture
def a_body() -> MakeBody:
    """A body for POST jobs; fields given as None are left out."""
    job = {"value": "1", "name": "train", "image": "host", "command": ["python", "train.py"]}
    return lambda **fields: _without_none(_ask() | job | fields)


def _ask() -> Body:
    return {"pool": "local", "units": 2, "duration": 120, "deadline": in_hours(1)}


def in_hours(hours: float) -> str:
    return (clock.now() + timedelta(hours=hours)).astimezone(UTC).isoformat()


def _without_none(body: Body) -> Body:
    return {name: value for name, value in body.items() if value is not None}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
