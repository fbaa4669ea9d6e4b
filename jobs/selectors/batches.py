"""Finds batches, and what came of each of their requests."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Organization
from era_platform.common.errors import NotFound
from jobs.models import Batch, Job


class Outcome(NamedTuple):
    """One job of a batch as it is now; `place` counts from 0, `price` is micro-credits."""

    place: int
    id: UUID
    state: str
    reason: str
    price: int | None
    start: datetime | None
    end: datetime | None


def find_batch(organization: Organization, batch_id: UUID) -> Batch:
    """Raises NotFound, also for another organization's."""
    batch: Batch | None = (
        Batch.objects.filter(organization=organization, pk=batch_id).select_related("submitted_by").first()
    )
    if batch is None:
        raise NotFound(_("There is no batch {id}.").format(id=batch_id))
    return batch


def outcomes(batch: Batch) -> Iterator[Outcome]:
    """In the order of the requests."""
    fields = ("batch_index", "id", "state", "reason", "price", "start_at", "end_at")
    jobs = Job.objects.filter(organization_id=batch.organization_id, batch=batch)
    return map(Outcome._make, jobs.order_by("batch_index").values_list(*fields))
