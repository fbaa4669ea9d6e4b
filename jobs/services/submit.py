"""Submission: one transaction that prices, holds, books and stores a job, and answers for good."""

import uuid
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.services import idempotency, ledger
from era_platform.common import clock
from era_platform.common.errors import InvalidInput, NotFound
from jobs.domain import JobRequest, faults
from jobs.engines import engine
from jobs.engines.base import ImageError
from jobs.models import CodeArchive, Job
from jobs.services import transition
from jobs.states import State
from pricing.domain import Offer
from pricing.kernel import KERNEL_VERSION
from pricing.models import BookEntry, Pool
from pricing.selectors import tables
from pricing.selectors.pools import pool_by_slug
from pricing.services import book, quotes


def submit(*, actor: User, organization: Organization, request: JobRequest, idempotency_key: str = "") -> Job:
    """The job, `reserved` with its price and start, or `rejected` with the reason and what would do instead.

    Raises InvalidInput (with `errors` by field), InsufficientFunds, IdempotencyMismatch; nothing is kept then.
    """
    pool, code, image = check(organization, request)
    quotes.warm(pool)
    job_id = uuid.uuid4()
    with transaction.atomic(durable=True):
        if idempotency_key:
            earlier = idempotency.claim(organization, idempotency_key, asdict(request), reference=job_id)
            if earlier:
                return Job.objects.select_related("pool").get(pk=earlier)
        pool = book.lock_pool(pool.pk)
        quotes.check_open(pool)
        quote = quotes.decide(pool, request.ask, now=clock.now())
        job = Job(
            id=job_id,
            organization=organization,
            submitted_by=actor,
            pool=pool,
            submitted_at=quote.decided_at,
            name=request.name,
            image=image,
            command=list(request.command),
            env=request.env,
            code=code,
            units=request.units,
            duration=request.duration,
            earliest=request.earliest,
            deadline=request.deadline,
            value=request.value,
            **_outcome(quote),
        )
        if quote.answer.accepted and quote.answer.offer:
            _reserve(job, pool, quote.answer.offer, actor)
        job.save(force_insert=True)
        transition.begin(job, actor=actor)
    return job


def check(organization: Organization, request: JobRequest) -> tuple[Pool, CodeArchive | None, str]:
    """The pool, the code and the image's full name. Raises InvalidInput with every field that is wrong."""
    errors = faults(request)
    pool = code = None
    image = ""
    try:
        pool = pool_by_slug(request.pool)
    except NotFound as unknown:
        errors["pool"] = unknown.detail
    if request.code:
        code = CodeArchive.objects.filter(organization=organization, pk=request.code).first()
        if code is None:
            errors["code"] = _("There is no code archive {id}.").format(id=request.code)
    try:
        image = engine().check_image(request.image)
    except ImageError as unknown:
        errors["image"] = str(unknown)
    if errors or pool is None:
        field, detail = next(iter(errors.items()))
        each = [{"field": name, "detail": text, "code": InvalidInput.code} for name, text in errors.items()]
        raise InvalidInput(detail, field=field, errors=each)
    return pool, code, image


def _outcome(quote: quotes.Quote) -> dict[str, Any]:
    """The answer and what is needed to recompute it, as fields of a job."""
    answer, offer = quote.answer, quote.answer.offer
    fields: dict[str, Any] = {
        "decided_at": quote.decided_at,
        "book_number": quote.book_number,
        "forecast_id": tables.row_id(quote.pool.pk, quote.forecast_version),
        "kernel_version": KERNEL_VERSION,
        "price": offer.total if offer else None,
    }
    if answer.reason or offer is None:
        alternatives = [quotes.describe(quote, alternative) for alternative in answer.alternatives]
        return fields | {"state": State.REJECTED, "reason": answer.reason, "alternatives": alternatives}
    return fields | {
        "state": State.RESERVED,
        "start_slot": offer.start_slot,
        "end_slot": offer.end_slot,
        "start_at": quote.moment(offer.start_slot),
        "end_at": quote.moment(offer.end_slot),
    }


def _reserve(job: Job, pool: Pool, offer: Offer, actor: User) -> None:
    """Hold the price and write the promise into the book. Lock order: the pool is held, the wallet follows."""
    ledger.hold(ledger.lock_wallet(job.organization), offer.total, reference=job.pk, actor=actor)
    book.append(
        pool,
        kind=BookEntry.Kind.RESERVE,
        start_slot=offer.start_slot,
        end_slot=offer.end_slot,
        units=job.units,
        reference=job.pk,
    )
