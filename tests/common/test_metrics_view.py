"""`metrics` tells of business figures: only this machine, or who has the token, may read it."""

import pytest
from django.test import Client
from pytest_django import Settings

from era_platform.common import metrics

pytestmark = pytest.mark.django_db


def test_it_counts_what_happens() -> None:
    metrics.DECISIONS.labels("a-pool", "accepted").inc()
    response = Client().get("/metrics", REMOTE_ADDR="127.0.0.1")
    assert response.status_code == 200
    assert b'era_decisions_total{outcome="accepted",pool="a-pool"}' in response.content
    assert response["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("address", ["10.0.0.7", "192.0.2.1", "2001:db8::1", ""])
def test_others_may_not_read_it(address: str) -> None:
    assert Client().get("/metrics", REMOTE_ADDR=address).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_proxy_on_this_machine_is_not_this_machine(header: str) -> None:
    assert Client().get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize(
    ("given", "status"), [("Bearer secret", 200), ("Bearer wrong", 403), ("secret", 403), ("", 403), ("Bearer ü", 403)]
)
def test_where_a_token_is_set_it_is_needed_and_enough(settings: Settings, given: str, status: int) -> None:
    settings.ERA_METRICS_TOKEN = "secret"
    response = Client().get("/metrics", REMOTE_ADDR="10.0.0.7", headers={"Authorization": given})
    assert response.status_code == status
