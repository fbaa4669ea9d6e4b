"""A clock that stands still, and servers to send to."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from era_platform.common import clock
from notifications.models import Webhook
from notifications.services import webhooks
from tests.factories import Tenant
from tests.notifications.servers import Hook, Post, serving


@pytest.fixture(autouse=True)
def held_clock() -> Iterator[None]:
    with clock.freeze(datetime.now(UTC)):
        yield


@pytest.fixture
def hook(settings: Settings) -> Iterator[Hook]:
    settings.ERA_WEBHOOK_PRIVATE = True
    hook = Hook()
    with serving(hook):
        yield hook


@pytest.fixture
def post(settings: Settings) -> Iterator[Post]:
    post = Post()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.server_address[1]
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "", ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    with serving(post):
        yield post


@pytest.fixture
def webhook(ours: Tenant, hook: Hook) -> Webhook:
    return webhooks.add(actor=ours.owner, organization=ours.organization, url=f"{hook.url}/era")
