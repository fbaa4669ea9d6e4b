"""The collector beside real jobs: their lines arrive at once and whole, their ends are noticed, and it may die."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import connection, connections
from django_scopes import scopes_disabled

from era_platform.common import heartbeat, storage
from jobs import collector
from jobs.collector import Collector, Followed
from jobs.models import Job, Sample
from jobs.services import launch
from pricing.models import Pool
from tests.factories import Tenant, a_pool
from tests.jobs.engine import due
from tests.jobs.sockets import Sockets
from tests.jobs.ways import attempts, reloaded, states
from tests.platform import eventually

pytestmark = [
    pytest.mark.engine,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("instances_removed"),
]
TICKING = "i=0; while [ $i -lt {count} ]; do date +%s.%N; sleep {pause}; i=$((i+1)); done"


@pytest.fixture
def pool(db: None) -> Pool:
    return a_pool(units=64)


@contextmanager
def collecting() -> Iterator[None]:
    """A collector in a thread, from here to the end of the block."""
    stop = threading.Event()

    def run() -> None:
        try:
            Collector(stop).run()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def ticking(tenant: Tenant, pool: Pool, *, count: int, pause: float) -> Job:
    """A launched job that writes the time so many times, with pauses of so many seconds."""
    job = due(tenant, pool, command=("sh", "-c", TICKING.format(count=count, pause=pause)))
    launch.launch_due()
    return job


def url(job: Job) -> str:
    return f"/ws/v1/jobs/{job.pk}/logs"


def whole_log(job: Job) -> bytes:
    return (storage.attempt_folder(job.pk, 1) / "log").read_bytes()


def test_start_and_end_are_noticed_without_beat_and_the_job_is_settled(ours: Tenant, pool: Pool) -> None:
    with collecting():
        job = ticking(ours, pool, count=3, pause=0.3)
        eventually(lambda: reloaded(job).settled_at)
    job = reloaded(job)
    assert states(job) == ["reserved", "starting", "running", "succeeded"]
    assert job.started_at
    assert job.finished_at
    assert 0.9 <= (job.finished_at - job.started_at).total_seconds() < 5
    assert attempts(job)[0].log_size == len(whole_log(job)) > 0


def test_every_line_arrives_once_and_soon(sockets: Sockets, ours: Tenant, pool: Pool) -> None:
    lags: list[float] = []
    with collecting():
        job = ticking(ours, pool, count=40, pause=0.05)
        socket = sockets.connect(url(job), token=ours.token())
        while (output := socket.receive())["type"] != "websocket.close":
            written = (output.get("bytes") or b"").split()
            lags += [time.time() - float(moment) for moment in written[-1:]]
    assert socket.log == whole_log(job)
    assert socket.log.count(b"\n") == 40
    assert sorted(lags)[len(lags) // 2] < 0.5, "the reader would find it itself within a second"


def test_a_collector_that_dies_and_comes_back_loses_and_doubles_nothing(
    sockets: Sockets, ours: Tenant, pool: Pool
) -> None:
    with collecting():
        job = ticking(ours, pool, count=40, pause=0.1)
        socket = sockets.connect(url(job), token=ours.token())
        socket.receive()
    time_of_death = len(whole_log(job))
    eventually(lambda: len(whole_log(job)) > time_of_death, what="the job writes on without a collector")
    with collecting():
        assert socket.until_closed() == 1000
    assert socket.log == whole_log(job)
    assert socket.log.count(b"\n") == 40


def test_of_two_collectors_one_works_and_the_other_takes_over(ours: Tenant, pool: Pool) -> None:
    with collecting():
        job = ticking(ours, pool, count=60, pause=0.1)
        eventually(lambda: reloaded(job).state == "running")
        second = collecting()
        second.__enter__()
        eventually(lambda: attempts(job)[0].log_size > 0)
    eventually(lambda: reloaded(job).settled_at)
    second.__exit__(None, None, None)
    assert states(job).count("succeeded") == 1
    assert attempts(job)[0].log_size == len(whole_log(job))


def test_it_survives_the_loss_of_its_database_connections(ours: Tenant, pool: Pool) -> None:
    with collecting():
        job = ticking(ours, pool, count=20, pause=0.2)
        eventually(lambda: reloaded(job).state == "running")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        eventually(lambda: reloaded(job).settled_at)
    assert reloaded(job).state == "succeeded"


def test_running_jobs_are_sampled(ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "SAMPLE", 0.3)
    busy = "i=0; while true; do i=$((i+1)); done"
    with collecting():
        job = due(ours, pool, command=("sh", "-c", busy))
        launch.launch_due()

        def samples() -> list[Sample]:
            with scopes_disabled():
                return list(Sample.objects.filter(job=job).order_by("at"))

        eventually(lambda: len(samples()) >= 3 and samples()[-1].cpu_seconds > 0.1)
    first, *_, last = samples()
    assert last.cpu_seconds > first.cpu_seconds
    assert last.memory_bytes > 0
    assert last.organization_id == ours.organization.pk


def test_it_gives_signs_of_life_working_or_standing_by() -> None:
    with collecting(), collecting():
        began = datetime.now().timestamp()
        eventually(lambda: (heartbeat.ages()["collector"] or 99) < datetime.now().timestamp() - began)


def test_hundreds_of_jobs_are_followed_at_little_cost(ours: Tenant, pool: Pool) -> None:
    """Looking at the files of 300 jobs takes a small part of the time between two looks."""
    following = Collector(threading.Event())
    for number in range(300):
        job_id = uuid.uuid4()
        folder = storage.attempt_folder(job_id, 1)
        folder.mkdir(parents=True)
        (folder / "log").write_bytes(b"x")
        following._followed[number] = Followed(number, job_id, 1, 1, "", False, folder, size=1)
    began = time.process_time()
    for _ in range(20):
        following.look()
    assert (time.process_time() - began) / 20 < collector.LOOK / 2
