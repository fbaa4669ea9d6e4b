"""Outputs belong to an attempt: the next one reads what was there, and nobody writes to what isn't theirs."""

import os
import signal

import pytest

from era_platform.common import storage
from jobs import outputs
from jobs.engines.attempt import AttemptFolder
from jobs.models import Job
from jobs.services import launch, observe
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.engine import due, until_running
from tests.jobs.ways import reloaded
from tests.platform import eventually

pytestmark = [
    pytest.mark.engine,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("instances_removed"),
]
TRAINING = """
echo "${ERA_PREVIOUS_OUTPUT_DIR:-nothing}"
[ -z "$ERA_PREVIOUS_OUTPUT_DIR" ] || cat "$ERA_PREVIOUS_OUTPUT_DIR/checkpoint"
ls "$ERA_OUTPUT_DIR"
echo "epoch of $$" >"$ERA_OUTPUT_DIR/checkpoint"
[ -z "$ERA_PREVIOUS_OUTPUT_DIR" ] || touch "$ERA_PREVIOUS_OUTPUT_DIR/spoilt"
echo ready
sleep 60
"""


@pytest.fixture
def job(ours: Tenant, pool: Pool) -> Job:
    """A job that runs its second attempt, for its first was lost after it had written a checkpoint."""
    job = due(ours, pool, command=("sh", "-c", TRAINING))
    launch.launch(job.pk)
    until_running(job)
    until_says(job, 1, "ready")
    runner = AttemptFolder(storage.attempt_folder(job.pk, 1)).runner()
    assert runner
    os.kill(runner, signal.SIGKILL)
    eventually(lambda: launched_again(job), what="the second attempt")
    until_says(job, 2, "ready")
    return reloaded(job)


def launched_again(job: Job) -> bool:
    observe.observe(job.pk)
    launch.launch(job.pk)
    return reloaded(job).attempt == 2 and AttemptFolder(storage.attempt_folder(job.pk, 2)).began()


def until_says(job: Job, attempt: int, text: str) -> None:
    eventually(lambda: text in said(job, attempt), what=f"attempt {attempt} says {text}")


def said(job: Job, attempt: int) -> str:
    log = storage.attempt_folder(job.pk, attempt) / "log"
    return log.read_text() if log.exists() else ""


def test_an_attempt_finds_the_outputs_of_the_one_before_and_none_of_its_own(job: Job) -> None:
    assert said(job, 1).splitlines() == ["nothing", "ready"]
    checkpoint = (storage.output_folder(job.pk, 1) / "checkpoint").read_text().strip()
    previous, read, *rest = said(job, 2).splitlines()
    assert previous.endswith(("/era/previous", "/outputs/1"))
    assert (read, rest[-1]) == (checkpoint, "ready")


def test_it_cannot_change_them(job: Job) -> None:
    assert {path.name for path in storage.output_folder(job.pk, 1).iterdir()} == {"checkpoint"}
    assert "Read-only file system" in said(job, 2)


def test_the_jobs_outputs_are_those_of_its_last_attempt(job: Job) -> None:
    (storage.output_folder(job.pk, 1) / "late").write_text("by a machine that was cut off")
    assert [file.path for file in outputs.listing(job.pk)] == ["checkpoint"]
    with outputs.open_output(job.pk, "checkpoint") as file:
        assert file.read() == (storage.output_folder(job.pk, 2) / "checkpoint").read_bytes()


def test_an_attempt_that_never_began_hides_no_outputs(job: Job) -> None:
    storage.output_folder(job.pk, 3).mkdir()
    storage.attempt_folder(job.pk, 3).mkdir()
    assert outputs.folder_of(job.pk) == storage.output_folder(job.pk, 2)
    assert outputs.before(job.pk, 4) == storage.output_folder(job.pk, 2)
    assert outputs.before(job.pk, 1) is None


def test_outputs_of_jobs_from_before_are_still_found(ours: Tenant, pool: Pool) -> None:
    job = due(ours, pool)
    old = storage.job_folder(job.pk) / "output"
    old.mkdir(parents=True)
    (old / "weights").touch()
    assert [file.path for file in outputs.listing(job.pk)] == ["weights"]
