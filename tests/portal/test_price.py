"""The page that says how a price came about: every kind of decision has one, and it tells nobody's names."""

from datetime import timedelta
from typing import Any

import pytest

from era_platform.common import clock
from era_platform.common.money import MICRO
from jobs.models import Job
from pricing.models import Pool
from tests.factories import Tenant, a_pool
from tests.jobs.ways import decided, unguarded

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool() -> Pool:
    return a_pool("local")


def page(tenant: Tenant, job: Job) -> Any:
    return tenant.client("viewer").get(tenant.page(f"jobs/{job.pk}/price/"))


def text_of(tenant: Tenant, job: Job) -> str:
    answer = page(tenant, job)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_it_verifies_the_price_and_adds_up_to_it(ours: Tenant, pool: Pool) -> None:
    job = decided(ours, pool, units=3, duration=150 * 60, deadline=clock.now() + timedelta(hours=5))
    answer = page(ours, job)
    story = answer.context["story"]
    assert answer.context["verdict"].equal
    assert sum(row.line.cost for row in story.rows) == job.price
    assert (story.rows[0].start, story.rows[-1].end) == (job.start_at, job.end_at)
    assert [each.price for each in story.starts if each.is_chosen] == [job.price]
    assert 'data-verdict="equal"' in answer.content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 1},
        {"units": 9},
        {"duration": 3 * 3600},
        {"duration": 25 * 3600, "deadline": timedelta(hours=48)},
        {"units": 7},
        {"earliest": timedelta(days=30), "deadline": timedelta(days=31)},
    ],
)
def test_every_refusal_is_explained(ours: Tenant, pool: Pool, fields: dict[str, Any]) -> None:
    decided(ours, pool, units=2, duration=3600, deadline=clock.now() + timedelta(minutes=61))
    moments = {name: clock.now() + fields[name] for name in ("earliest", "deadline") if name in fields}
    job = decided(ours, pool, **fields | moments)
    assert job.state == "rejected"
    assert 'data-verdict="equal"' in text_of(ours, job)


def test_it_says_so_where_something_else_comes_out(ours: Tenant, pool: Pool) -> None:
    job = decided(ours, pool)
    unguarded("jobs_job", "UPDATE jobs_job SET price = 1 WHERE id = %s", job.pk)
    text = text_of(ours, job)
    assert 'data-verdict="different"' in text
    assert "Price: recorded 0.000001, recomputed 0.045714" in text


def test_it_says_so_where_nothing_can_be_recomputed(ours: Tenant, pool: Pool) -> None:
    job = decided(ours, pool)
    unguarded("jobs_job", "UPDATE jobs_job SET kernel_version = 'basic-econ/0' WHERE id = %s", job.pk)
    text = text_of(ours, job)
    assert 'data-verdict="fault"' in text
    assert "basic-econ/0" in text


def test_it_names_nothing_of_another_tenant(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    secret = decided(theirs, pool, name="their secret", value=77 * MICRO)
    text = text_of(ours, decided(ours, pool))
    assert not [word for word in ("secret", str(secret.pk), "theirs") if word in text]
    assert page(ours, secret).status_code == 404


def test_a_free_pool_and_a_name_that_would_be_markup_are_shown(ours: Tenant) -> None:
    free = a_pool("free", floor_price=0, list_price=0, ceiling_price=0)
    assert "<b>x" not in text_of(ours, decided(ours, free, name="<b>x</b>", value=0))


def test_the_page_of_a_job_leads_to_it(ours: Tenant, pool: Pool) -> None:
    for job in (decided(ours, pool), decided(ours, pool, value=1)):
        address = ours.page(f"jobs/{job.pk}/")
        assert f'href="{address}price/"' in ours.client("viewer").get(address).content.decode()
