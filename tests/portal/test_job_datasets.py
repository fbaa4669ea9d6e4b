"""Datasets on the pages of jobs: to choose from, refused where they can't be read, and linked where they were."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django_scopes import scopes_disabled

from era_platform.common import clock
from jobs.models import Batch, Job
from pricing.models import Pool
from tests.datasets.ways import a_dataset, published
from tests.factories import Tenant, a_pool

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("storage")]


@pytest.fixture
def storage(settings: Any, tmp_path: Any) -> None:
    settings.ERA_STORAGE_ROOT = tmp_path / "storage"


@pytest.fixture
def pool(db: None) -> Pool:
    return a_pool()


def filled_in(pool: Pool, **fields: Any) -> dict[str, Any]:
    return {
        "name": "train",
        "pool": pool.slug,
        "image": "host",
        "command_kind": "line",
        "command_line": "true",
        "units": "1",
        "duration_amount": "1",
        "duration_unit": "minutes",
        "deadline": (clock.now() + timedelta(hours=2)).isoformat(),
        "value": "5",
        "idempotency_key": str(uuid4()),
    } | fields


def test_what_can_be_read_is_there_to_choose_from_and_nothing_else(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    first = published(ours)
    published(ours, first.dataset)
    a_dataset(ours, "empty")
    published(theirs, a_dataset(theirs, "words", visibility="public"))
    published(theirs, a_dataset(theirs, "secret"))
    for page in ("jobs/new/", "jobs/sweep/"):
        html = ours.client().get(ours.page(page)).content.decode()
        offered = [
            part.partition('"')[0] for part in html.split('<option value="')[1:] if "/" in part.partition('"')[0]
        ]
        assert offered == ["ours/digits", "ours/digits@2", "ours/digits@1", "theirs/words", "theirs/words@1"]


def test_a_job_says_on_its_page_what_it_reads_with_links_to_these_versions(ours: Tenant, pool: Pool) -> None:
    version = published(ours)
    given = filled_in(pool, datasets=["ours/digits", " "])
    answer = ours.client().post(ours.page("jobs/new/"), given, follow=True)
    published(ours, version.dataset)
    with scopes_disabled():
        job = Job.objects.get()
    assert answer.redirect_chain == [(ours.page(f"jobs/{job.pk}/"), 302)]
    html = answer.content.decode()
    assert f'href="{ours.page("datasets/ours/digits/versions/1/")}"><code>ours/digits@1</code>' in html
    again = ours.client().get(ours.page("jobs/new/"), {"from": str(job.pk)}).content.decode()
    assert 'name="datasets" value="ours/digits@1"' in again


@pytest.mark.parametrize("page", ["jobs/new/", "jobs/sweep/"])
def test_what_cannot_be_read_is_said_at_the_field(ours: Tenant, theirs: Tenant, pool: Pool, page: str) -> None:
    published(theirs)
    given = filled_in(pool, datasets=["theirs/digits"], parameters="a = 1", name="{a}", mode="best_effort")
    answer = ours.client().post(ours.page(page), given)
    assert answer.status_code == 400
    html = answer.content.decode()
    assert "There is no dataset theirs/digits that you can read" in html.partition('id="datasets_error"')[2]
    assert 'value="theirs/digits"' in html


def test_all_jobs_of_a_sweep_read_the_same(ours: Tenant, pool: Pool) -> None:
    published(ours)
    given = filled_in(pool, datasets=["ours/digits"], parameters="a = 1, 2", name="{a}", mode="best_effort")
    assert ours.client().post(ours.page("jobs/sweep/"), given).status_code == 302
    with scopes_disabled():
        assert Batch.objects.get().accepted == 2
        assert [job.datasets for job in Job.objects.all()] == [["ours/digits@1"]] * 2
