"""Datasets of jobs that really run: got ready, read, looked at again before the start, and paid back where lost."""

import shutil
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django_scopes import scopes_disabled

from datasets import store
from datasets.models import Dataset, Version
from datasets.services import datasets
from era_platform.common import clock, storage
from jobs.engines import engine, sandbox
from jobs.engines.base import Phase
from jobs.models import Job
from jobs.services import launch, observe, reconcile, stage, tell_events
from notifications.services import fan_out, mails
from pricing.models import Pool
from tests.datasets.ways import a_dataset, published
from tests.factories import Tenant, a_pool
from tests.jobs.engine import due, slot_moved
from tests.jobs.ways import (
    attempts,
    balance,
    booked,
    events,
    hold_of,
    reloaded,
    reserved,
    running,
    seen,
    starting,
    states,
)  # fmt: skip
from tests.platform import eventually

pytestmark = [
    pytest.mark.engine,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("instances_removed"),
]
isolated = pytest.mark.skipif(bool(sandbox.isolation_refused()), reason="this machine lets us make no namespaces")
READ = ("sh", "-c", "cat $ERA_INPUT_DIR/theirs/words/readme.txt; touch $ERA_INPUT_DIR/theirs/words/x")


@pytest.fixture
def pool(db: None) -> Pool:
    return a_pool(units=64)


@pytest.fixture
def words(theirs: Tenant) -> Version:
    """A public dataset of another organization."""
    return published(theirs, a_dataset(theirs, "words", visibility="public"))


def hidden(theirs: Tenant, dataset: Dataset) -> None:
    datasets.set_visibility(actor=theirs.owner, dataset=dataset, visibility="private")


def until_over(job: Job) -> Job:
    def look() -> bool:
        observe.observe(job.pk)
        return reloaded(job).is_final

    eventually(look, what="the job ends")
    return reloaded(job)


def log_of(job: Job, attempt: int = 1) -> str:
    log = storage.attempt_folder(job.pk, attempt) / "log"
    return log.read_text() if log.exists() else ""


def ended_for_nothing(job: Job, tenant: Tenant, before: int, reference: str = "theirs/words@1") -> None:
    """It failed before it began: the price is back, its slots are for sale, its owner knows why."""
    job = reloaded(job)
    assert (job.state, job.reason, job.paid) == ("failed", "dataset", 0)
    assert (job.started_at, balance(tenant.organization), balance(tenant.organization, "held")) == (None, before, 0)
    assert hold_of(job).remaining == 0
    [told] = [event.detail["cause"] for event in events(job) if event.state == "failed"]
    assert told == f"{reference} can't be read by this organization any more"
    assert not [name for name in engine().instances() if job.pk.hex in name]
    assert reconcile.reconcile() == []


@isolated
def test_a_job_reads_a_public_dataset_of_another_organization_and_cannot_write_there(
    ours: Tenant, words: Version, pool: Pool
) -> None:
    job = due(ours, pool, datasets=("theirs/words",), command=READ)
    launch.launch(job.pk)
    assert until_over(job).exit_code == 1
    assert log_of(job).startswith("what it is")
    assert "Read-only file system" in log_of(job)


def test_staging_lays_versions_out_once_for_all_jobs(ours: Tenant, words: Version, pool: Pool) -> None:
    tree = store.tree_path(words.organization_id, words.pk)
    job, other = (reserved(ours, pool, datasets=("theirs/words",)) for _ in range(2))
    stage.stage(job.pk)
    assert reloaded(job).staged_at is not None
    before = (tree / "readme.txt").stat()
    stage.stage(other.pk)
    assert (tree / "readme.txt").stat().st_ino == before.st_ino
    assert (storage.job_folder(job.pk) / "input" / "theirs" / "words").is_dir()


def test_a_tree_that_is_gone_is_laid_out_again_at_the_launch(ours: Tenant, words: Version, pool: Pool) -> None:
    job = due(ours, pool, datasets=("theirs/words",), command=("true",))
    stage.stage(job.pk)
    shutil.rmtree(store.tree_path(words.organization_id, words.pk))
    launch.launch(job.pk)
    assert until_over(job).state == "succeeded"


def test_a_damaged_file_is_told_without_its_place_and_tried_again(ours: Tenant, words: Version, pool: Pool) -> None:
    job = reserved(ours, pool, datasets=("theirs/words",))
    blobs = store.tree_path(words.organization_id, words.pk).parent.parent / "blobs"
    shutil.move(blobs, blobs.with_name("aside"))
    stage.stage(job.pk)
    [told] = [event.detail["error"] for event in events(job) if event.kind == "staging_failed"]
    assert told == "The dataset theirs/words@1 can't be got ready: one of its files is damaged."
    shutil.move(blobs.with_name("aside"), blobs)
    stage.stage(job.pk)
    assert reloaded(job).staged_at is not None


@pytest.mark.usefixtures("told_from_here")
def test_access_lost_before_staging_ends_the_job_and_gives_all_back(
    ours: Tenant, theirs: Tenant, words: Version, pool: Pool, mailoutbox: list[EmailMessage]
) -> None:
    before = balance(ours.organization)
    job = slot_moved(reserved(ours, pool, datasets=("theirs/words",)), clock.now() + timedelta(minutes=5))
    hidden(theirs, words.dataset)
    stage.stage(job.pk)
    ended_for_nothing(job, ours, before)
    assert states(job) == ["reserved", "failed"]
    assert booked(job)[-1] == ("release", 0, 2, -2)
    tell_events.tell_events()
    fan_out.fan_out()
    mails.send_due()
    [mail] = [mail for mail in mailoutbox if "failed" in mail.subject]
    assert (mail.to, "theirs/words@1" in mail.body) == ([ours.member.email], True)
    assert f"/o/ours/jobs/{job.pk}/" in mail.body
    datasets.delete(actor=theirs.owner, dataset=words.dataset)


def test_access_lost_between_staging_and_launch_ends_it_too(
    ours: Tenant, theirs: Tenant, words: Version, pool: Pool
) -> None:
    before = balance(ours.organization)
    job = due(ours, pool, datasets=("theirs/words",))
    stage.stage(job.pk)
    assert reloaded(job).staged_at is not None
    hidden(theirs, words.dataset)
    launch.launch(job.pk)
    ended_for_nothing(job, ours, before)
    assert attempts(job) == []


def test_access_lost_after_the_claim_ends_it_before_its_instance_begins(
    ours: Tenant, theirs: Tenant, words: Version, pool: Pool
) -> None:
    before = balance(ours.organization)
    job = slot_moved(starting(ours, pool, datasets=("theirs/words",)), clock.now())
    hidden(theirs, words.dataset)
    launch.launch(job.pk)
    ended_for_nothing(job, ours, before)
    assert [attempt.ended_at is not None for attempt in attempts(job)] == [True]


def test_what_runs_goes_on_but_is_not_begun_again(ours: Tenant, theirs: Tenant, words: Version, pool: Pool) -> None:
    job = slot_moved(running(ours, pool, datasets=("theirs/words",)), clock.now())
    hidden(theirs, words.dataset)
    assert seen(job, Phase.RUNNING, started_at=clock.now()).state == "running"
    seen(job, Phase.LOST, detail="Its node is down.")
    launch.launch(job.pk)
    assert (reloaded(job).state, reloaded(job).reason, reloaded(job).paid) == ("failed", "dataset", 0)


@pytest.mark.parametrize(
    "share",
    [
        lambda theirs, dataset: datasets.grant(actor=theirs.owner, dataset=dataset, slug="ours"),
        lambda theirs, dataset: None,
    ],
    ids=["granted", "not granted"],
)
def test_a_dataset_made_shared_is_read_by_those_it_is_granted_to_only(
    ours: Tenant, theirs: Tenant, words: Version, pool: Pool, share: Callable[[Tenant, Dataset], object]
) -> None:
    job = due(ours, pool, datasets=("theirs/words",), command=("true",))
    share(theirs, words.dataset)
    datasets.set_visibility(actor=theirs.owner, dataset=words.dataset, visibility="shared")
    launch.launch(job.pk)
    is_granted = bool(attempts(job))
    if is_granted:
        assert until_over(job).state == "succeeded"
    else:
        assert reloaded(job).reason == "dataset"


@isolated
def test_every_attempt_and_every_node_reads_the_same(ours: Tenant, theirs: Tenant, words: Version, pool: Pool) -> None:
    """A version published meanwhile is not what a later attempt reads."""
    script = "cat $ERA_INPUT_DIR/theirs/words/readme.txt; echo; sleep 60"
    job = due(ours, pool, datasets=("theirs/words",), command=("sh", "-c", script), nodes=2)
    launch.launch(job.pk)
    eventually(lambda: log_of(job).count("what it is") == 2, what="both nodes read")
    published(theirs, words.dataset, {"readme.txt": b"something else"})
    engine().delete(f"era-{job.pk.hex}-1", storage.attempt_folder(job.pk, 1))
    seen(job, Phase.RUNNING, started_at=clock.now())
    seen(job, Phase.LOST)
    launch.launch(job.pk)
    eventually(lambda: log_of(job, 2).count("what it is") == 2, what="both nodes read again")


def test_the_reconciler_says_where_something_needed_was_deleted_all_the_same(
    ours: Tenant, words: Version, pool: Pool
) -> None:
    job = reserved(ours, pool, datasets=("theirs/words",))
    assert reconcile.reconcile() == []
    with scopes_disabled():
        Version.objects.filter(pk=words.pk).update(deleted_at=clock.now())
    [found] = reconcile.reconcile()
    assert (found.kind, found.subject) == ("dataset", str(job.pk))
