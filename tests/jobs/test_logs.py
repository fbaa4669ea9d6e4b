"""A job's log is the logs of its attempts, one after the other, the same bytes at the same offsets for good."""

import pytest
from django_scopes import scopes_disabled

from era_platform.common import storage
from jobs.engines.base import Phase
from jobs.logs import JobLog, log_of
from jobs.models import Job
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.ways import reserved, running, seen

pytestmark = pytest.mark.django_db


def write(job: Job, text: bytes, attempt: int = 1) -> None:
    folder = storage.attempt_folder(job.pk, attempt)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("ab") as log:
        log.write(text)


def of(job: Job) -> JobLog:
    with scopes_disabled():
        return log_of(job.pk)


def test_a_job_that_has_not_started_has_an_empty_log(ours: Tenant, pool: Pool) -> None:
    log = of(reserved(ours, pool))
    assert (log.size(), log.read(0), log.read(99)) == (0, b"", b"")


@pytest.mark.parametrize(
    ("offset", "limit", "expected"), [(0, 3, b"012"), (3, 99, b"3456789"), (9, 1, b"9"), (10, 1, b""), (11, 1, b"")]
)
def test_bytes_are_read_from_an_offset(ours: Tenant, pool: Pool, offset: int, limit: int, expected: bytes) -> None:
    job = running(ours, pool)
    write(job, b"0123456789")
    assert of(job).read(offset, limit) == expected


def test_attempts_follow_each_other_and_what_a_lost_one_adds_moves_nothing(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    write(job, b"first|")
    seen(job, Phase.LOST)
    write(job, b"late words of the first")
    write(job, b"second")
    write(job, b"second", attempt=2)
    log = of(job)
    assert (log.size(), log.read(0), log.read(6), log.read(8, 2)) == (12, b"first|", b"second", b"co")


def test_one_that_never_wrote_takes_no_room(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    seen(job, Phase.LOST)
    write(job, b"second", attempt=2)
    assert of(job).read(0) == b"second"
