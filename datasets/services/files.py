"""Puts files that have arrived into a draft: all of them or none, first their bytes on the disk and then their rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from datasets import store
from datasets.models import Version
from datasets.services import drafting, quota
from datasets.services.drafting import Wanted
from era_platform.common import archives
from era_platform.common.errors import Conflict, InvalidInput
from era_platform.common.scopes import unscoped


@dataclass(frozen=True)
class Arrived:
    """A file that lies complete at `part`, on the file system of the store; `digest` is that of its bytes."""

    path: str
    digest: str
    size: int
    part: Path


def check_path(path: str) -> str:
    """The path as a version has it. Raises InvalidInput where it could lead anywhere else."""
    try:
        clean = archives.clean_path(path)
    except archives.Refused as refused:
        raise InvalidInput(str(refused), field="path") from refused
    if not clean:
        raise InvalidInput(_("{path} names no file.").format(path=archives.shown(path)), field="path")
    return clean


@unscoped
def add(*, actor: User, version: Version, files: Sequence[Arrived]) -> None:
    """All or none of them; of several with one path the last. Their parts are gone then.

    Where it raises, parts are still there, or were moved and are gone; whoever made them removes or sends them again.
    Raises Conflict (it is no draft any more, or a part is gone), InvalidInput (a path), QuotaExceeded, TooLarge
    (too many files), StorageFull.
    """
    if not files:
        return
    arrived = {check_path(file.path): file for file in files}
    wanted = [Wanted(path, file.digest, file.size) for path, file in sorted(arrived.items())]
    with transaction.atomic(durable=True):
        uploads, moved = _add(version, wanted, {file.digest: file for file in arrived.values()})
    for file in files:
        if file.part not in moved:
            file.part.unlink(missing_ok=True)
    store.remove_parts(version.organization_id, uploads)


@unscoped
@transaction.atomic(durable=True)
def reuse(*, actor: User, version: Version, files: Sequence[Wanted]) -> set[str]:
    """Add those files whose bytes the organization has already, by their digests and sizes; the paths of these.

    The paths come back as they were given. Raises as `add` does.
    """
    drafting.lock_to_add(version)
    there = drafting.known(version.organization_id, [file.digest for file in files])
    given = {check_path(file.path): file for file in files if there.get(file.digest) == file.size}
    wanted = [Wanted(path, file.digest, file.size) for path, file in sorted(given.items())]
    if not wanted:
        return set()
    drafting.refuse_conflicts(version.pk, list(given))
    drafting.take_uploads(version, list(given))
    _enter(version, wanted, stored=0)
    return {file.path for file in given.values()}


def _add(version: Version, wanted: list[Wanted], arrived: dict[str, Arrived]) -> tuple[list[UUID], set[Path]]:
    """The uploads that are done with that, and the parts that are in the store now."""
    organization = version.organization_id
    paths = [one.path for one in wanted]
    drafting.lock_to_add(version)
    drafting.refuse_conflicts(version.pk, paths)
    uploads = drafting.take_uploads(version, paths)
    new = drafting.add_blobs(organization, wanted)
    stored = sum(new.values())
    # Before bytes are moved, without waiting for others; and again when it is to be counted.
    quota.check_room(version.organization, stored)
    damaged = [d for d in arrived.keys() - new.keys() if not store.is_whole(organization, d, arrived[d].size)]
    kept = [(arrived[digest].part, digest) for digest in (*new, *damaged)]
    try:
        store.keep(organization, kept)
    except FileNotFoundError as error:
        raise Conflict(_("What had come of a file is gone; send it again."), code="part_gone") from error
    _enter(version, wanted, stored=stored)
    return uploads, {part for part, _digest in kept}


def _enter(version: Version, wanted: list[Wanted], *, stored: int) -> None:
    """Entries for files whose blobs are there, `stored` bytes of them new."""
    added = drafting.set_entries(version, wanted)
    drafting.count(version, added)
    usage = quota.lock_usage(version.organization_id)
    if stored:
        quota.refuse_beyond(usage, stored)
        usage.stored += stored
        usage.save(update_fields=["stored"])
    if added < len(wanted):
        quota.note_loosened(usage)
