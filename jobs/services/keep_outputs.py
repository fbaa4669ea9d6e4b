"""Keeps what an ended job wrote as a new version of a dataset of its organization, without moving bytes."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from accounts.models import User
from accounts.services import audit, idempotency
from datasets.models import Dataset, Version
from datasets.services import datasets, drafts
from datasets.services.adopt import adopt
from datasets.services.files import check_path
from era_platform.common.errors import Conflict, InvalidInput
from jobs import outputs
from jobs.models import Attempt, Job

MOST_NAMED = 100


@dataclass(frozen=True)
class Kept:
    """`skipped` are the paths of what a dataset can't have: links, devices. MOST_NAMED at most."""

    version: Version
    skipped: list[str]


@scopes_disabled()
def keep_outputs(
    *, actor: User, job: Job, dataset: str, note: str = "", publish: bool = True, idempotency_key: str = ""
) -> Kept:
    """All files that the job wrote, as one version, published or as a draft; the dataset is made if it isn't there.

    The files become read-only where they lie. Whole or not at all. Raises Conflict where the job has not ended or
    wrote no files, InvalidInput for a file whose name a dataset can't have, QuotaExceeded, IdempotencyMismatch.
    """
    asked = {"job": str(job.pk), "dataset": dataset, "note": note, "publish": publish}
    check_ended(job)
    files, skipped = _sorted_out(job)
    version = _earlier(job, idempotency_key, asked)
    if version is None:
        version = _gathered(actor, job, _dataset(actor, job, dataset), note, files)
        version = _claimed(actor, job, idempotency_key, asked, version)
    if publish and version.is_draft:
        version = drafts.publish(actor=actor, version=version)
    return Kept(version, skipped[:MOST_NAMED])


def check_ended(job: Job) -> None:
    """Raises Conflict where somebody may still write to the job's outputs."""
    if not job.is_final or _has_live_attempt(job) or outputs.is_written(job.pk):
        raise Conflict(
            _("The job still runs, or is just being stopped: what it writes can be kept when it has ended."),
            code="not_ended",
            state=str(job.state),
        )


@scopes_disabled()
def _has_live_attempt(job: Job) -> bool:
    return Attempt.objects.filter(job=job, ended_at=None).exists()


def _sorted_out(job: Job) -> tuple[list[tuple[str, Path]], list[str]]:
    """The files, and the paths of what is none. Raises InvalidInput for a name that a dataset can't have."""
    files, skipped = [], []
    for path, source in outputs.walk(job.pk):
        if source is None:
            skipped.append(path.encode(errors="surrogateescape").decode(errors="replace"))
        else:
            files.append((check_path(path), source))
    if not files:
        raise Conflict(_("The job wrote no files."), code="empty")
    return sorted(files), sorted(skipped)


def _dataset(actor: User, job: Job, name: str) -> Dataset:
    own = Dataset.objects.filter(organization=job.organization, deleted_at=None)
    found = own.filter(name=name).first()
    if found is not None:
        return found
    try:
        made: Dataset = datasets.create(actor=actor, organization=job.organization, name=name)
    except InvalidInput as invalid:
        found = own.filter(name=name).first() if invalid.code == "taken" else None
        if found is None:
            raise InvalidInput(invalid.detail, field="dataset", code=invalid.code) from invalid
        return found  # somebody else has just made it
    return made


def _gathered(actor: User, job: Job, dataset: Dataset, note: str, files: list[tuple[str, Path]]) -> Version:
    """A draft with these files."""
    note = note or _("Outputs of the job “{name}”").format(name=job.name)
    draft: Version = drafts.begin(actor=actor, dataset=dataset, note=note)
    try:
        adopt(actor=actor, version=draft, files=files)
    except BaseException:
        drafts.abandon(actor=actor, version=draft)
        raise
    return draft


def _earlier(job: Job, key: str, asked: object) -> Version | None:
    """What came of the same call before."""
    found = idempotency.find(job.organization, key, asked)
    return _version(job, found) if found else None


def _claimed(actor: User, job: Job, key: str, asked: object, draft: Version) -> Version:
    """The draft, from now on that of this key; or the one of whoever was quicker with it."""
    with transaction.atomic(durable=True):
        earlier = idempotency.claim(job.organization, key, asked, reference=draft.pk) if key else None
        if earlier is None:
            audit.record(
                "job.outputs_kept", actor=actor, organization=job.organization, target=job.pk, to=str(draft.dataset)
            )
    if earlier is None:
        return draft
    drafts.abandon(actor=actor, version=draft)
    return _version(job, earlier)


def _version(job: Job, version_id: UUID) -> Version:
    kept = Version.objects.filter(organization=job.organization, pk=version_id, deleted_at=None)
    found = kept.select_related("dataset__organization", "created_by").first()
    if found is None:
        raise Conflict(_("What was kept under this Idempotency-Key was deleted since; take another key."), code="gone")
    return found
