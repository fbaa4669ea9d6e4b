"""Settles at submission which versions a job reads, and gets them ready to be mounted before it starts."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Organization
from datasets import store
from datasets.references import Reference, parse_reference
from datasets.services import trees
from era_platform.common import rows
from era_platform.common.bulk import copy_rows
from era_platform.common.errors import InvalidInput, StorageFull
from jobs.domain import JobRequest
from jobs.engines.base import EngineError
from jobs.models import Job, JobDataset
from jobs.selectors.inputs import Pinned, inputs_of, look_up

TRIES = 5
MOST_ERRORS = 100
MOST_OF_ALL = 1_000
"""Different references in one batch."""

Pins = dict[str, Pinned]
"""What was asked for → the version that it stands for from now on."""


def pin(organization: Organization, requests: Sequence[JobRequest], place: Callable[[int], str] | None = None) -> Pins:
    """The versions that the requests name; none of them is deleted before this transaction has ended.

    Raises InvalidInput with each that is not there or not to be seen, which look the same. `place` says what the
    k-th request is called in front of a field.
    """
    texts = {text for request in requests for text in request.datasets}
    if not texts:
        return {}
    if len(texts) > MOST_OF_ALL:
        raise InvalidInput(
            _("{count} different datasets are more than {most}; send them in several batches.").format(
                count=len(texts), most=MOST_OF_ALL
            ),
            field=f"{place(0)}.datasets" if place else "datasets",
        )
    wanted = {text: parse_reference(text) for text in texts}
    found = _settled(organization, list(set(wanted.values())))
    pins = {text: found[one] for text, one in wanted.items() if one in found}
    if len(pins) < len(texts):
        _refuse(requests, pins, place)
    return pins


def _settled(organization: Organization, wanted: list[Reference]) -> dict[Reference, Pinned]:
    """Looked up with the versions locked, and again once they are: somebody may have just deleted or published."""
    for _try in range(TRIES):
        found: dict[Reference, Pinned] = look_up(organization, wanted, lock=True)
        again = look_up(organization, wanted, lock=False)
        if found == again:
            return found
    return {one: version for one, version in found.items() if again.get(one) == version}


def _refuse(requests: Sequence[JobRequest], pins: Pins, place: Callable[[int], str] | None) -> None:
    errors: list[dict[str, str]] = []
    for number, request in enumerate(requests):
        prefix = f"{place(number)}." if place else ""
        for text in request.datasets:
            if text not in pins and len(errors) < MOST_ERRORS:
                detail = _("There is no dataset {name} that you can read, or it has no such version.").format(name=text)
                errors.append({"field": f"{prefix}datasets", "detail": detail, "code": InvalidInput.code})
    raise InvalidInput(errors[0]["detail"], field=errors[0]["field"], errors=errors)


def keep(job: Job, pinned: Iterable[Pinned]) -> None:
    """Write down what the job reads. Part of the transaction that stored it."""
    for version_id, path, number in pinned:
        rows.add(
            JobDataset(
                organization_id=job.organization_id, job_id=job.pk, version_id=version_id, path=path, number=number
            )
        )


def keep_many(organization_id: int, read: Iterable[tuple[UUID, Iterable[Pinned]]]) -> None:
    """The same for many jobs at once."""
    columns = ("organization_id", "job_id", "version_id", "path", "number")
    copy_rows(JobDataset, columns, ((organization_id, job_id, *one) for job_id, pinned in read for one in pinned))


def lay_out(job: Job, *, only_missing: bool = False) -> None:
    """See to it that each version that the job reads lies in the storage as a folder. Raises EngineError.

    With `only_missing` those that are there are not looked through again, which takes time for many files.
    """
    for one in inputs_of(job):
        if only_missing and store.tree_path(one.version.organization_id, one.version_id).is_dir():
            continue
        try:
            trees.materialise(one.version)
        except StorageFull as error:
            raise _not_ready(one, error.detail) from error
        except trees.DamagedStore as error:
            raise _not_ready(one, _("one of its files is damaged")) from error
        except OSError as error:
            raise _not_ready(one, error.strerror or type(error).__name__) from error


def _not_ready(one: JobDataset, why: str) -> EngineError:
    """Without what the system says of places in the storage, which are the platform's own business."""
    return EngineError(_("The dataset {name} can't be got ready: {why}.").format(name=one.reference, why=why))
