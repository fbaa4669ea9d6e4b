"""The seed's formula by machine: hours and days of nodes are what samples say; a pool is the mean of its machines."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import StaffRole
from desk.models import NodeDay, NodeHour, PoolHour
from desk.services import roll_hours
from desk.services.roll_up import roll_up
from era_platform.common import clock
from jobs.models import Job, Node, Sample
from pricing.models import Pool
from tests.desk.test_roles import a_member_of_staff
from tests.factories import Tenant, signed_in
from tests.jobs.ways import running

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_clock")]


@pytest.fixture
def auditor() -> Client:
    return signed_in(a_member_of_staff(StaffRole.AUDITOR))


@pytest.fixture
def hour() -> datetime:
    return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def a_node(name: str, pool: Pool | None, since: datetime, *, gpus: int = 0, available: bool = True) -> Node:
    """Of four CPUs and 8 GiB."""
    return Node.objects.create(
        name=name, pool=pool, units=4, cpus=4, memory_mib=8_192, gpus=gpus, available=available, since=since
    )


def sampled(job: Job, node: str, hour: datetime, *, cpu: float, gpu: float | None = None) -> None:
    """From the hour's beginning to its end: so many CPU seconds, and 2 GiB."""
    for seconds, used in ((0, 0.0), (3_599.999, cpu)):
        at = hour + timedelta(seconds=seconds)
        fields: dict[str, Any] = {"cpu_seconds": used, "memory_bytes": 2 * 2**30, "gpu_percent": gpu}
        Sample.objects.create(organization=job.organization, job=job, attempt=1, node=node, at=at, **fields)


def through(job: Job, hour: datetime, hours: int = 1) -> Job:
    """The job, as if it had been sold these hours."""
    with scopes_disabled():
        Job.objects.filter(pk=job.pk).update(start_at=hour, end_at=hour + timedelta(hours=hours))
    return job


def rolled_up_after(hour: datetime, hours: int = 1) -> None:
    clock.advance((hour + timedelta(hours=hours) - clock.now()).total_seconds())
    roll_up()


def shares(node: str) -> list[tuple[float, float, float | None]]:
    rows = NodeHour.objects.filter(node=node).order_by("-hour").values_list("cpu", "memory", "gpu")
    return [(round(cpu, 3), round(memory, 3), None if gpu is None else round(gpu, 3)) for cpu, memory, gpu in rows]


def test_a_pool_is_the_mean_of_its_machines_those_that_stood_idle_too(ours: Tenant, pool: Pool, hour: datetime) -> None:
    """Of three machines one is used by half, one by a quarter, one not at all; one that is away counts for nothing."""
    job, before = through(running(ours, pool), hour), hour - timedelta(hours=5)
    with scopes_disabled():
        for name in ("n1", "n2", "n3"):
            a_node(name, pool, before)
        a_node("gone", pool, before, available=False)
        sampled(job, "n1", hour, cpu=7_200)
        sampled(job, "n2", hour, cpu=3_600)
        rolled_up_after(hour)
    assert shares("n1")[0] == (0.5, 0.25, None)
    assert shares("n2")[0] == (0.25, 0.25, None)
    assert shares("n3")[0] == (0, 0, None)
    assert shares("gone") == []
    found = PoolHour.objects.get(pool=pool, hour=hour)
    assert found.cpu == pytest.approx(0.25)
    assert found.memory == pytest.approx(0.5 / 3, rel=0.01)
    assert found.runs == 1, "one attempt on two machines"


def test_gpus_of_a_job_on_two_nodes_are_split_between_them(ours: Tenant, pool: Pool, hour: datetime) -> None:
    Pool.objects.filter(pk=pool.pk).update(unit_gpus=1)
    job = through(running(ours, pool, units=4), hour)
    with scopes_disabled():
        for name, percent in (("n1", 100.0), ("n2", 50.0)):
            a_node(name, pool, hour, gpus=4)
            sampled(job, name, hour, cpu=0, gpu=percent)
        rolled_up_after(hour)
    assert (shares("n1")[0][2], shares("n2")[0][2]) == (0.5, 0.25)
    assert PoolHour.objects.get(pool=pool, hour=hour).gpu == pytest.approx(0.375)


def test_a_machine_of_no_pool_that_ran_its_jobs_goes_on_to_count_while_it_is_there(
    ours: Tenant, pool: Pool, hour: datetime
) -> None:
    job = through(running(ours, pool), hour)
    with scopes_disabled():
        a_node("host", None, hour)
        sampled(job, "host", hour, cpu=7_200)
        rolled_up_after(hour, hours=3)
        assert [cpu for cpu, _memory, _gpu in shares("host")] == [0, 0, 0.5]
        Node.objects.update(available=False)
        clock.advance(3_600)
        roll_up()
    assert len(shares("host")) == 3


def test_one_that_nobody_knows_any_more_counts_as_an_equal_part_of_the_pool(
    ours: Tenant, pool: Pool, hour: datetime
) -> None:
    """8 units of a quarter CPU are two CPUs."""
    job = through(running(ours, pool), hour)
    with scopes_disabled():
        sampled(job, "forgotten", hour, cpu=3_600)
        rolled_up_after(hour)
    assert shares("forgotten")[0][0] == 0.5


def test_days_of_nodes_are_the_means_of_their_hours_however_often_they_are_added_up(
    ours: Tenant, pool: Pool, hour: datetime
) -> None:
    job = through(running(ours, pool), hour, hours=2)
    with scopes_disabled():
        a_node("n1", pool, hour)
        sampled(job, "n1", hour, cpu=7_200)
        rolled_up_after(hour)
        rolled_up_after(hour, hours=2)
        roll_up()
        rows = NodeDay.objects.filter(node="n1")
        told = {(row.day, row.hours): row.cpu for row in rows}
        hours = NodeHour.objects.filter(node="n1").count()
    assert sum(count for _day, count in told) == hours == 2
    assert sum(cpu * count for (_day, count), cpu in told.items()) == pytest.approx(0.5)


def test_old_hours_of_nodes_go_and_their_days_stay(pool: Pool, hour: datetime) -> None:
    with scopes_disabled():
        a_node("n1", pool, hour)
        rolled_up_after(hour)
        assert NodeHour.objects.exists()
        clock.advance(roll_hours.KEPT.total_seconds() + 7_200)
        roll_hours.forget_hours(clock.now())
    assert not NodeHour.objects.exists()
    assert NodeDay.objects.exists()


def test_the_page_shows_each_node_of_the_pool_and_one_of_them_hour_by_hour(
    auditor: Client, ours: Tenant, pool: Pool, hour: datetime
) -> None:
    job = through(running(ours, pool), hour)
    with scopes_disabled():
        for name in ("n1", "n2"):
            a_node(name, pool, hour)
        sampled(job, "n1", hour, cpu=14_400)
        rolled_up_after(hour)
    context = auditor.get(f"/admin/desk/utilisation/?pool={pool.slug}").context
    assert [(used.label, round(used.cpu)) for used in context["by_node"]] == [("n1", 100), ("n2", 0)]
    day = f"{hour:%Y-%m-%d}"
    page = auditor.get(f"/admin/desk/utilisation/?pool={pool.slug}&node=n1&since={day}&until={day}")
    newest = page.context["over_time"][0]
    assert (newest.label, round(newest.cpu), newest.hours) == (f"{hour:%Y-%m-%d %H:%M}", 100, 1)
    assert f'href="?since={day}&amp;until={day}&amp;pool={pool.slug}&amp;node=n2"' in page.content.decode()
    by_day = auditor.get(f"/admin/desk/utilisation/?pool={pool.slug}&node=n1&days=7").context["over_time"]
    assert [used.label for used in by_day] == [day]


def test_what_is_no_node_shows_nothing(auditor: Client, pool: Pool) -> None:
    for node in ("nowhere", "%00", "<b>", "x" * 999):
        page = auditor.get("/admin/desk/utilisation/", {"pool": pool.slug, "node": node})
        assert (page.status_code, page.context["over_time"]) == (200, [])
        assert "<b>" not in page.content.decode()


def test_the_page_asks_no_more_the_more_nodes_there_are(
    auditor: Client, ours: Tenant, pool: Pool, hour: datetime, django_assert_max_num_queries: Any
) -> None:
    with scopes_disabled():
        for number in range(20):
            a_node(f"n{number}", pool, hour)
        rolled_up_after(hour)
    for query in ("", "&node=n1", "&node=n1&days=1"):
        with django_assert_max_num_queries(10):
            auditor.get(f"/admin/desk/utilisation/?pool={pool.slug}{query}")
