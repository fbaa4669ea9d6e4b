"""The desk's reading pages: what they show, that roll-ups equal the jobs, and how much they ask."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from accounts.admin_base import BoundedPaginator
from accounts.models import StaffRole
from desk.models import PoolDay, PoolHour, RefusalDay
from desk.services.compare import compare_all
from desk.services.roll_up import roll_up
from era_platform.common import clock
from jobs.models import Job, Node, Sample
from pricing.models import Pool
from tests.desk.test_roles import a_member_of_staff
from tests.factories import Tenant, signed_in
from tests.jobs.ways import at_start, decided, exited, reserved, running

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]
PAGES = ["", "book/", "utilisation/", "sales/"]


def read(page: str, role: StaffRole = StaffRole.AUDITOR) -> str:
    answer = signed_in(a_member_of_staff(role)).get(f"/admin/desk/{page}")
    assert answer.status_code == 200, answer.content.decode()
    return str(answer.content.decode())


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_so_where_there_is_nothing_to_show(page: str) -> None:
    assert " yet." in read(page)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_for_staff_only(page: str, ours: Tenant) -> None:
    assert ours.client("owner").get(f"/admin/desk/{page}").status_code in (302, 403)


@pytest.mark.parametrize("page", PAGES)
def test_pages_ask_no_more_the_more_jobs_there_are(page: str, ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    client = signed_in(a_member_of_staff(StaffRole.OPERATOR))

    def asked(jobs: int, tenant: Tenant) -> int:
        for _number in range(jobs):
            reserved(tenant, pool, units=1)
        roll_up()
        compare_all()
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/admin/desk/{page}?pool={pool.slug}")
        return len(queries)

    few = asked(1, ours)
    assert asked(5, theirs) == few <= 20


def test_now_tells_late_starts_next_starts_and_nodes_that_are_away(ours: Tenant, pool: Pool) -> None:
    late = reserved(ours, pool, name="Late whale")
    at_start(late, 30)
    reserved(ours, pool, name="Coming fox")
    with scopes_disabled():
        Node.objects.create(name="node-7", pool=pool, units=4, cpus=1, memory_mib=1, available=False, why="unplugged")
    page = read("")
    before, _middle, after = page.partition("Next starts")
    assert "Late whale" in before
    assert "1 job should have started" in before
    assert "Coming fox" in after
    assert "unplugged" in after


def test_the_book_shows_what_is_promised_beside_what_is_there(ours: Tenant, pool: Pool) -> None:
    reserved(ours, pool, units=3)
    page = read(f"book/?pool={pool.slug}")
    assert "<td>3</td><td>8</td>" in page


@pytest.mark.parametrize("query", ["pool=nowhere", "days=8", "days=x"])
def test_a_wrong_choice_is_told_by_its_value(query: str, pool: Pool) -> None:
    answer = signed_in(a_member_of_staff(StaffRole.SUPPORT)).get(f"/admin/desk/sales/?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[2] in answer.content.decode()


def test_days_equal_the_jobs_and_are_the_same_when_added_up_twice(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    at_start(job, 70)
    job = exited(job, 0)
    refused = decided(ours, pool, value=1)
    for _time in range(2):
        roll_up()
        with scopes_disabled():
            rows = list(PoolDay.objects.filter(pool=pool))
            assert sum(row.asked for row in rows) == Job.objects.count() == 2
            assert sum(row.accepted for row in rows) == 1
            assert sum(row.value for row in rows) == job.value + 1
            assert (sum(row.settled for row in rows), sum(row.paid for row in rows)) == (1, job.paid)
            assert list(RefusalDay.objects.values_list("reason", "jobs")) == [(refused.reason, 1)]
    page = read("sales/")
    assert refused.reason in page
    assert "1 (50 %)" in page


def test_an_hour_is_what_samples_say_jobs_used(ours: Tenant, pool: Pool) -> None:
    """8 units of a quarter CPU are two CPUs: 1800 CPU seconds in an hour are a quarter of them."""
    job = running(ours, pool)
    assert job.start_at
    hour = job.start_at.replace(minute=0, second=0)
    with scopes_disabled():
        for minutes, cpu in ((0, 100.0), (30, 1_000.0), (59.9, 1_900.0)):
            at = hour + timedelta(minutes=minutes)
            Sample.objects.create(
                organization=job.organization, job=job, attempt=1, at=at, cpu_seconds=cpu, memory_bytes=2**30
            )
        Job.objects.filter(pk=job.pk).update(end_at=hour + timedelta(hours=2))
        clock.advance(7_200)
        roll_up()
        found = PoolHour.objects.get(pool=pool, hour=hour)
    assert found.cpu == pytest.approx(0.25)
    assert found.memory == pytest.approx(0.5, rel=0.01)
    assert (found.gpu, found.runs) == (None, 1)
    assert "utilisation" in read(f"utilisation/?pool={pool.slug}").lower()


def test_hours_from_before_there_was_the_pool_are_none_in_which_it_stood_idle(pool: Pool) -> None:
    with scopes_disabled():
        clock.advance(7_200)
        roll_up()
        first = PoolHour.objects.filter(pool=pool).earliest("hour").hour
    assert first <= pool.created_at < first + timedelta(hours=1)


def test_long_lists_are_counted_no_further_than_a_limit(
    ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedPaginator, "MOST", 2)
    client = signed_in(a_member_of_staff(StaffRole.AUDITOR))
    reserved(ours, pool, units=1)
    with CaptureQueriesContext(connection) as queries:
        page = client.get("/admin/accounts/auditevent/")
    counts = [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]
    assert counts
    assert all("LIMIT 2" in sql for sql in counts)
    assert page.context["cl"].result_count == 2
