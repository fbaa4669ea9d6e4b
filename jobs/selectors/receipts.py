"""The receipts of jobs: what was kept of each decision, apart from all that came after it."""

from collections.abc import Iterator

from jobs.models import Job
from jobs.states import State
from pricing.domain import Ask, Configuration
from pricing.selectors import tables
from pricing.services.receipts import Receipt

_FIELDS = (
    *("pool_id", "units", "duration", "earliest", "deadline", "value", "configurations", "nodes"),
    *("decided_at", "book_number", "forecast_id", "kernel_version", "offers_version", "terms"),
    *("state", "reason", "price", "start_slot", "end_slot", "alternatives"),
)
_AT_ONCE = 2_000


def receipt_of(job: Job) -> Receipt:
    chosen = Configuration(job.units, job.duration, job.value)
    first, *also = [Configuration(**way) for way in job.configurations] or [chosen]
    return Receipt(
        ask=Ask(first.units, first.duration, job.deadline, job.earliest, first.value, tuple(also), job.nodes),
        decided_at=job.decided_at,
        book_number=job.book_number,
        forecast_version=tables.version_of(job.forecast_id),
        kernel_version=job.kernel_version,
        offers_version=job.offers_version,
        terms=job.terms,
        chosen=chosen,
        reason=job.reason if job.state == State.REJECTED else "",  # a reserved one gets its reason when it fails
        price=job.price,
        start_slot=job.start_slot,
        end_slot=job.end_slot,
        alternatives=job.alternatives,
    )


def by_book() -> Iterator[Job]:
    """All jobs, with the fields of their receipts, in the order in which each pool's book was written."""
    ordered = Job.objects.order_by("pool_id", "book_number", "decided_at").only(*_FIELDS)
    yield from ordered.iterator(chunk_size=_AT_ONCE)
