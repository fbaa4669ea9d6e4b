"""healthz and readyz: alive, and what of the platform is not there."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from era_platform import health
from era_platform.common import clock, heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _all_alive(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life under keys of this test's own, and nothing kept from the one before."""
    settings.ERA_STORAGE_ROOT = tmp_path
    monkeypatch.setattr(heartbeat, "PREFIX", f"test:{tmp_path}")
    monkeypatch.setattr(health, "kept", health.KeptReport(health.report))
    for part in heartbeat.PARTS:
        heartbeat.alive(part)


def parts() -> tuple[int, dict[str, str]]:
    response = Client().get("/readyz")
    wrong = {part: state for part, state in response.json()["parts"].items() if state != "ok"}
    return response.status_code, wrong


def test_healthz_asks_nobody(client: Client, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "ok"}


def test_readyz_is_200_where_all_parts_are_there() -> None:
    assert parts() == (200, {})


@pytest.mark.parametrize("part", heartbeat.PARTS)
def test_readyz_names_a_part_that_fell_silent(part: str) -> None:
    with clock.freeze(clock.now() + timedelta(seconds=30)):
        for other in set(heartbeat.PARTS) - {part}:
            heartbeat.alive(other)
        assert parts() == (503, {part: "silent for 30 s"})


def test_readyz_names_a_part_that_was_never_there() -> None:
    heartbeat.broker().delete(f"{heartbeat.PREFIX}:beat")
    assert parts() == (503, {"beat": "gave no sign of life"})


def test_readyz_names_a_storage_that_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.ERA_STORAGE_ROOT = tmp_path / "file" / "storage"
    assert parts() == (503, {"storage": "not writable: Not a directory"})


def test_readyz_names_a_disk_that_is_nearly_full(settings: Settings) -> None:
    settings.ERA_STORAGE_MIN_FREE_BYTES = 2**80
    status, wrong = parts()
    assert (status, list(wrong)) == (503, ["storage"])


def test_readyz_names_a_broker_that_is_gone(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    heartbeat.broker.cache_clear()
    try:
        status, wrong = parts()
    finally:
        heartbeat.broker.cache_clear()
    assert status == 503
    assert wrong["broker"] == "does not answer: ConnectionError"


def test_readyz_keeps_its_answer_for_a_moment() -> None:
    assert parts() == (200, {})
    heartbeat.broker().delete(f"{heartbeat.PREFIX}:beat")
    assert parts() == (200, {})


def test_a_sign_of_life_touches_the_file_that_a_health_check_looks_at(settings: Settings, tmp_path: Path) -> None:
    settings.ERA_SIGN_OF_LIFE = str(tmp_path / "alive")
    (tmp_path / "alive").touch()
    os.utime(tmp_path / "alive", (0, 0))
    heartbeat.alive("worker")
    assert (tmp_path / "alive").stat().st_mtime > 0
