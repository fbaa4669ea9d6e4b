"""Verifies the decisions about jobs, one or all of them."""

from collections.abc import Iterator
from itertools import groupby

from jobs.models import Job
from jobs.selectors.receipts import by_book, receipt_of
from pricing.models import Pool
from pricing.selectors.replay import Replay
from pricing.services import receipts
from pricing.services.receipts import Verdict


def verify(job: Job) -> Verdict:
    """Whether the decision about this job comes out as it was recorded."""
    return receipts.verify(receipt_of(job), job.pool)


def verify_all() -> Iterator[tuple[Job, Verdict]]:
    """The same of every job, pool by pool, each pool's book read once from its beginning to its end.

    A verdict's book is good until the next one is taken.
    """
    for pool_id, decided in groupby(by_book(), key=lambda job: job.pool_id):
        pool = Pool.objects.get(pk=pool_id)  # read after the jobs, so that its book has all their numbers
        replay = Replay(pool)
        for job in decided:
            yield job, receipts.verify(receipt_of(job), pool, replay)
