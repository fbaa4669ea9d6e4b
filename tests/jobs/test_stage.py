"""Staging: all that takes time is done before the slot, and what fails is tried again until then."""

import io
import zipfile
from datetime import timedelta

import pytest
from django_scopes import scope, scopes_disabled

from era_platform.common import clock, storage, tracing
from era_platform.common.locks import advisory_lock
from jobs import code
from jobs.models import CodeArchive, Job
from jobs.services import stage
from jobs.services.cancel import cancel
from pricing.models import Pool
from tests.factories import Tenant
from tests.jobs.engine import slot_moved
from tests.jobs.ways import events, kinds, reloaded, reserved, together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def archive(ours: Tenant) -> CodeArchive:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("train.py", "print('hello')\n")
    with scope(organization=ours.organization):
        return code.store(code.check(buffer), organization=ours.organization, name="code.zip")


def test_a_staged_job_has_its_code_and_its_folders(ours: Tenant, pool: Pool, archive: CodeArchive) -> None:
    job = reserved(ours, pool, code=archive.pk)
    assert stage.stage_due() == 1
    folder = storage.job_folder(job.pk)
    assert (folder / "code" / "train.py").read_text() == "print('hello')\n"
    assert {path.name for path in folder.iterdir()} == {"code", "input", "outputs", "attempts"}
    assert reloaded(job).staged_at
    assert kinds(job) == ["state", "staged"]


def test_staging_again_does_nothing(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    stage.stage(job.pk)
    staged_at = reloaded(job).staged_at
    stage.stage(job.pk)
    assert stage.stage_due() == 0
    assert reloaded(job).staged_at == staged_at


@pytest.mark.parametrize(("ahead", "due"), [(0, True), (599, True), (660, False)])
def test_only_what_starts_soon_is_staged(ours: Tenant, pool: Pool, ahead: int, due: bool) -> None:
    job = slot_moved(reserved(ours, pool), clock.now() + timedelta(seconds=ahead))
    stage.stage_due()
    assert (reloaded(job).staged_at is not None) is due


def test_a_cancelled_job_is_not_staged(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    cancel(actor=ours.member, organization=ours.organization, job_id=job.pk)
    stage.stage(job.pk)
    assert reloaded(job).staged_at is None


def test_a_failure_is_written_down_once_and_staging_tried_again(ours: Tenant, pool: Pool, archive: CodeArchive) -> None:
    job = reserved(ours, pool, code=archive.pk)
    path = storage.archive_path(ours.organization.pk, archive.digest)
    kept = path.read_bytes()
    path.unlink()
    stage.stage_due()
    stage.stage_due()
    assert kinds(job) == ["state", "staging_failed"]
    path.write_bytes(kept)
    stage.stage_due()
    assert kinds(job) == ["state", "staging_failed", "staged"]


def test_one_that_fails_leaves_the_others_alone(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    broken, fine = reserved(ours, pool), reserved(theirs, pool)
    with scopes_disabled():
        Job.objects.filter(pk=broken.pk).update(image="gone")
    stage.stage_due()
    assert (reloaded(broken).staged_at, reloaded(fine).staged_at is None) == (None, False)


def test_one_that_is_being_staged_elsewhere_is_left_to_it(ours: Tenant, pool: Pool) -> None:
    job = reserved(ours, pool)
    with advisory_lock(stage.lock_name(job.pk)):
        together(lambda: stage.stage(job.pk))
    assert reloaded(job).staged_at is None


def test_what_is_done_for_a_job_carries_the_request_that_submitted_it(ours: Tenant, pool: Pool) -> None:
    with tracing.following("request-42"):
        job = reserved(ours, pool)
    stage.stage_due()
    assert [event.request_id for event in events(job)] == ["request-42"] * 2
