"""Jobs that read datasets: settled when they are submitted, by those who may see them, and held while needed."""

import itertools
from datetime import datetime
from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from datasets.models import Version
from datasets.services import datasets
from datasets.uses import uses_of
from era_platform.common.errors import Conflict, IdempotencyMismatch, InvalidInput
from jobs.models import Batch, Job, JobDataset
from jobs.services.cancel import cancel
from jobs.services.submit import submit
from jobs.services.submit_batch import submit_batch
from jobs.states import State
from pricing.models import Pool
from tests.datasets.ways import a_dataset, a_draft, published
from tests.factories import Tenant
from tests.jobs.ways import asked, decided, exited, reloaded, reserved, running, together

pytestmark = pytest.mark.django_db


def reads(job: Job) -> list[tuple[str, int]]:
    with scopes_disabled():
        return list(JobDataset.objects.filter(job=job).values_list("path", "number"))


def unreadable(tenant: Tenant, pool: Pool, *names: str) -> str:
    """What is said of datasets that a job can't read, with the names left out."""
    with pytest.raises(InvalidInput) as refused:
        decided(tenant, pool, datasets=names)
    assert refused.value.field == "datasets"
    return refused.value.detail.replace(names[0], "…")


def test_the_latest_version_is_settled_at_submission_and_stays(ours: Tenant, pool: Pool) -> None:
    first = published(ours)
    job = reserved(ours, pool, datasets=("ours/digits",))
    published(ours, first.dataset)
    assert (reloaded(job).datasets, reads(job)) == (["ours/digits@1"], [("ours/digits", 1)])
    assert reads(reserved(ours, pool, datasets=("ours/digits",))) == [("ours/digits", 2)]
    assert reads(reserved(ours, pool, datasets=("ours/digits@1",))) == [("ours/digits", 1)]


def test_several_datasets_are_kept_in_the_order_they_were_named(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    published(ours, a_dataset(ours, "b"))
    published(theirs, a_dataset(theirs, "a", visibility="public"))
    job = reserved(ours, pool, datasets=("theirs/a@latest", "ours/b@1"))
    assert reloaded(job).datasets == ["theirs/a@1", "ours/b@1"]
    assert reads(job) == [("theirs/a", 1), ("ours/b", 1)]


def test_what_cannot_be_read_is_refused_in_the_same_words_whatever_the_reason(
    ours: Tenant, theirs: Tenant, pool: Pool
) -> None:
    published(theirs, a_dataset(theirs, "private"))
    published(theirs, a_dataset(theirs, "shared", visibility="shared"))
    gone = published(theirs, a_dataset(theirs, "gone", visibility="public"))
    datasets.delete(actor=theirs.owner, dataset=gone.dataset)
    a_draft(theirs, a_dataset(theirs, "draft", visibility="public"))
    published(theirs, a_dataset(theirs, "public", visibility="public"))
    names = ("private", "shared", "gone", "draft", "never", "public@2", "private@1")
    said = {unreadable(ours, pool, f"theirs/{name}") for name in names}
    assert said == {"There is no dataset … that you can read, or it has no such version."}
    assert reads(reserved(ours, pool, datasets=("theirs/public",))) == [("theirs/public", 1)]
    with scopes_disabled():
        assert Job.objects.count() == 1


def test_all_that_cannot_be_read_is_named_at_once(ours: Tenant, pool: Pool) -> None:
    with pytest.raises(InvalidInput) as refused:
        decided(ours, pool, datasets=("ours/a", "ours/b"))
    assert [("ours/a" in each["detail"], "ours/b" in each["detail"]) for each in refused.value.extra["errors"]] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("ours/digits", "ours/digits@1"), "named twice"),
        (("digits",), "does not name a dataset"),
        (("ours/../theirs",), "does not name a dataset"),
        (("ours/digits@",), "does not name a dataset"),
        ((f"ours/digits@{uuid4()}",), "published versions"),
        (("ours/digits@0",), "published versions"),
        (("ours/digits@99999999999",), "published versions"),
        (tuple(f"ours/d{number}" for number in range(33)), "33 datasets are more than 32"),
    ],
    ids=itertools.count(),
)
def test_names_that_stand_for_no_version_are_refused(
    ours: Tenant, pool: Pool, names: tuple[str, ...], said: str
) -> None:
    published(ours)
    with pytest.raises(InvalidInput, match=said) as refused:
        decided(ours, pool, datasets=names)
    assert refused.value.field == "datasets"


def test_the_same_key_gives_the_same_job_also_when_the_dataset_is_not_what_it_was(
    ours: Tenant, theirs: Tenant, pool: Pool
) -> None:
    version = published(theirs, a_dataset(theirs, visibility="public"))
    request = asked(pool, datasets=("theirs/digits",))

    def send(**fields: object) -> Job:
        with scope(organization=ours.organization):
            wanted = asked(pool, **fields) if fields else request
            return submit(actor=ours.member, organization=ours.organization, request=wanted, idempotency_key="k")

    job = send()
    published(theirs, version.dataset)
    datasets.set_visibility(actor=theirs.owner, dataset=version.dataset, visibility="private")
    assert send().pk == job.pk
    with pytest.raises(IdempotencyMismatch):
        send(datasets=("theirs/digits@1",), deadline=request.deadline)


def test_what_a_request_without_datasets_says_is_as_it_was(pool: Pool) -> None:
    assert asked(pool).content["datasets"] == ()


def test_a_job_without_datasets_asks_the_database_nothing_more_and_one_with_them_little(
    ours: Tenant, pool: Pool
) -> None:
    names = [f"ours/d{number}" for number in range(8)]
    for name in names:
        published(ours, a_dataset(ours, name.removeprefix("ours/")))
    reserved(ours, pool)  # what a process keeps is there from now on
    counts = []
    for wanted in ((), tuple(names[:1]), tuple(names)):
        with CaptureQueriesContext(connection) as queries:
            reserved(ours, pool, datasets=wanted)
        counts.append([one["sql"] for one in queries if "datasets_" in one["sql"] and "INSERT" not in one["sql"]])
    assert [len(each) for each in counts] == [0, 2, 2]


def test_a_refused_job_names_versions_but_holds_none(ours: Tenant, pool: Pool) -> None:
    version = published(ours)
    job = decided(ours, pool, datasets=("ours/digits",), value=0)
    assert (job.state, job.datasets, reads(job)) == (State.REJECTED, ["ours/digits@1"], [])
    datasets.delete_version(actor=ours.owner, version=version)


def test_a_batch_pins_what_its_jobs_name(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    published(ours)
    published(theirs, a_dataset(theirs, "words", visibility="public"))
    wanted = [
        asked(pool, datasets=("ours/digits",)),
        asked(pool),
        asked(pool, datasets=("theirs/words", "ours/digits@1")),
        asked(pool, datasets=("ours/digits",), value=0),
    ]
    with scope(organization=ours.organization):
        batch = submit_batch(
            actor=ours.member, organization=ours.organization, requests=wanted, mode=Batch.Mode.BEST_EFFORT
        )
        jobs = list(Job.objects.filter(batch=batch).order_by("batch_index"))
    assert [reads(job) for job in jobs] == [
        [("ours/digits", 1)],
        [],
        [("theirs/words", 1), ("ours/digits", 1)],
        [],
    ]
    assert jobs[2].datasets == ["theirs/words@1", "ours/digits@1"]
    assert jobs[3].datasets == ["ours/digits@1"]


def test_a_batch_that_names_what_cannot_be_read_is_refused_by_its_place(ours: Tenant, pool: Pool) -> None:
    wanted = [asked(pool), asked(pool, datasets=("ours/none",))]
    with scope(organization=ours.organization), pytest.raises(InvalidInput) as refused:
        submit_batch(actor=ours.member, organization=ours.organization, requests=wanted, mode=Batch.Mode.BEST_EFFORT)
    assert refused.value.field == "requests[1].datasets"


def test_a_batch_of_very_many_datasets_is_refused(ours: Tenant, pool: Pool) -> None:
    wanted = [asked(pool, datasets=tuple(f"ours/d{job}-{number}" for number in range(32))) for job in range(32)]
    with scope(organization=ours.organization), pytest.raises(InvalidInput, match="1024 different datasets") as refused:
        submit_batch(actor=ours.member, organization=ours.organization, requests=wanted, mode=Batch.Mode.BEST_EFFORT)
    assert refused.value.field == "requests[0].datasets"


def test_what_a_job_needs_is_not_deleted_and_the_job_is_named(ours: Tenant, pool: Pool) -> None:
    version = published(ours)
    job = reserved(ours, pool, name="train it", datasets=("ours/digits",))
    for delete in (
        lambda: datasets.delete_version(actor=ours.owner, version=version),
        lambda: datasets.delete(actor=ours.owner, dataset=version.dataset),
    ):
        with pytest.raises(Conflict, match=f"the job “train it” \\({job.pk}\\) needs it") as refused:
            delete()
        assert refused.value.code == "in_use"
    with scope(organization=ours.organization):
        cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    datasets.delete_version(actor=ours.owner, version=version)


def test_a_job_that_has_ended_holds_nothing(ours: Tenant, pool: Pool, held_clock: datetime) -> None:
    version = published(ours)
    job = running(ours, pool, datasets=("ours/digits",))
    with pytest.raises(Conflict, match="needs it"):
        datasets.delete_version(actor=ours.owner, version=version)
    exited(job, 0)
    datasets.delete_version(actor=ours.owner, version=version)


def test_of_a_job_of_another_organization_nothing_is_told(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    version = published(ours, a_dataset(ours, visibility="public"))
    job = reserved(theirs, pool, name="secret plan", datasets=("ours/digits",))
    with pytest.raises(Conflict) as refused:
        datasets.delete(actor=ours.owner, dataset=version.dataset)
    said = f"{refused.value.detail} {refused.value.extra}"
    assert "a job of another organization needs it" in said
    assert not [word for word in ("secret plan", str(job.pk), "theirs") if word in said]


@pytest.mark.django_db(transaction=True)
def test_deleted_and_submitted_at_the_same_moment_one_of_both_is_refused(ours: Tenant, pool: Pool) -> None:
    """Never a job that reads what is not there, and never neither."""
    for whole in (True, False) * 6:
        version = published(ours, a_dataset(ours, f"d{uuid4().hex[:8]}"))
        gone, job = together(partial(deleted, ours, version, whole), partial(job_of, ours, pool, version))
        assert isinstance(gone, Conflict) != isinstance(job, InvalidInput), (gone, job)
        with scopes_disabled():
            assert Version.objects.get(pk=version.pk).deleted_at is None or isinstance(job, InvalidInput)


def deleted(tenant: Tenant, version: Version, whole: bool) -> None:
    if whole:
        datasets.delete(actor=tenant.owner, dataset=version.dataset)
    else:
        datasets.delete_version(actor=tenant.owner, version=version)


def job_of(tenant: Tenant, pool: Pool, version: Version) -> Job:
    return decided(tenant, pool, datasets=(f"ours/{version.dataset.name}",))


def test_who_used_it_is_told_by_name_of_ones_own_jobs_only(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    version = published(ours, a_dataset(ours, visibility="public"))
    mine = reserved(ours, pool, name="mine", datasets=("ours/digits",))
    reserved(theirs, pool, name="secret plan", datasets=("ours/digits",))
    reserved(theirs, pool, name="another", datasets=("ours/digits",))
    told = uses_of(version.dataset.pk, "ours")
    assert [(use.label, use.version, str(mine.pk) in use.url) for use in told.own] == [("mine", "1", True)]
    assert (told.count, told.others) == (1, 1)
    told = uses_of(version.dataset.pk, "theirs")
    assert {use.label for use in told.own} == {"secret plan", "another"}
    assert (told.count, told.others) == (2, 0)


def test_what_a_job_reads_is_never_changed(ours: Tenant, pool: Pool) -> None:
    published(ours)
    job = reserved(ours, pool, datasets=("ours/digits",))
    for change in (
        lambda: JobDataset.objects.filter(job=job).update(number=2),
        lambda: Job.objects.filter(pk=job.pk).update(datasets=[]),
    ):
        with scopes_disabled(), pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()
    assert reads(job) == [("ours/digits", 1)]
