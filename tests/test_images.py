"""The portal's image is built from all of the platform: an app that is left out is missed only when it is deployed."""

from pathlib import Path

from django.apps import apps
from django.conf import settings

DOCKER = Path(settings.BASE_DIR) / "docker"


def test_every_app_is_sent_to_the_build_and_copied_into_the_image() -> None:
    ours = {
        Path(app.path).relative_to(settings.BASE_DIR).parts[0] for app in apps.get_app_configs() if _is_ours(app.path)
    }
    sent = set((DOCKER / "build").read_text().split())
    copied = set((DOCKER / "Dockerfile").read_text().splitlines())
    assert len(ours) >= 8
    assert ours - sent == set()
    assert {app for app in ours if f"COPY {app} {app}" not in copied} == set()


def _is_ours(path: str) -> bool:
    return Path(path).parent == Path(settings.BASE_DIR)
