"""Submission of many: one transaction that prices them in order, and holds, books and stores what came of each.

Later requests see what earlier ones took. Nothing is promised until the transaction commits.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.services import budgets, idempotency, ledger
from accounts.services.budgets import Spend
from era_platform.common import clock
from era_platform.common.bulk import copy_rows, random_ids
from era_platform.common.errors import Conflict, InvalidInput
from era_platform.common.money import format_credits
from jobs.domain import LATER, JobRequest
from jobs.models import Batch, Job
from jobs.services import announce, inputs, transition
from jobs.services.purse import Purse, month_of
from jobs.services.submit import MOST_ERRORS, Checked, check_all
from jobs.states import State
from jobs.sweeps import MAX_REQUESTS
from pricing.decisions import Terms
from pricing.domain import NO_LIMITS, Configuration, Offer
from pricing.kernel import KERNEL_VERSION
from pricing.models import BookEntry, Pool
from pricing.selectors import tables
from pricing.services import book, limits, quotes
from pricing.services.series import Series

ALL_OR_NOTHING = Batch.Mode.ALL_OR_NOTHING
MOST_NAMED = 100
"""How many refused requests a refusal names."""
TELL_EVERY = 0.1
"""Seconds between two words about how far the pricing is."""

Progress = Callable[[int], None]


class Decision(NamedTuple):
    """What came of one request. `book_number` is of the last entry that it saw.

    `chosen` is its configuration, of a flexible request the one that was best.
    """

    job_id: UUID
    reason: str
    offer: Offer | None
    book_number: int
    chosen: Configuration

    @property
    def accepted(self) -> bool:
        return not self.reason


def submit_batch(
    *,
    actor: User,
    organization: Organization,
    requests: Sequence[JobRequest],
    mode: Batch.Mode,
    name: str = "",
    idempotency_key: str = "",
    place: Callable[[int], str] = "requests[{}]".format,
    progress: Progress | None = None,
) -> Batch:
    """The batch, with its jobs in the order of `requests`, each `reserved` or `rejected`.

    All or nothing: raises Conflict (`batch_refused`, with `refused` by place) where the market refuses one,
    InsufficientFunds where the wallet does not hold the sum. Best effort: what can't be paid is rejected.
    Raises InvalidInput (with `errors`; `place` says how the k-th request is called) and IdempotencyMismatch.
    Whenever it raises, nothing is kept. `progress` is told now and then how many are priced.
    """
    _check_size(requests)
    checked = check_all(organization, requests, place)
    for pool in checked.pools.values():
        quotes.warm(pool)
    batch = Batch(organization=organization, submitted_by=actor, name=name or requests[0].name, mode=mode)
    batch.size = len(requests)
    spends: list[Spend] = []
    with budgets.explained(organization, actor, spends), transaction.atomic(durable=True):
        if idempotency_key:
            asked = {"batch": mode, "requests": [_said(request) for request in requests]}
            earlier = idempotency.claim(organization, idempotency_key, asked, reference=batch.pk)
            if earlier:
                return Batch.objects.get(pk=earlier)
        pins = inputs.pin(organization, requests, place)
        pools = {pool.slug: book.lock_pool(pool.pk) for pool in sorted(checked.pools.values(), key=lambda one: one.pk)}
        for pool in pools.values():
            quotes.check_open(pool)
        _check_limits(requests, pools, place)
        wallet = ledger.lock_wallet(organization)
        batch.submitted_at = clock.now()
        series = {slug: Series(pool, batch.submitted_at) for slug, pool in pools.items()}
        funds = ledger.available(wallet)
        purse = None if mode == ALL_OR_NOTHING else Purse(organization, actor, funds, checked)
        decisions = _decide(requests, series, purse=purse, progress=progress)
        if mode == ALL_OR_NOTHING:
            _check_all_accepted(decisions, place)
        amounts = [(one.job_id, one.offer.total) for one in decisions if one.accepted and one.offer]
        batch.accepted, batch.price = len(amounts), sum(amount for _job, amount in amounts)
        ledger.hold_many(wallet, amounts, actor=actor)
        spends += _spends(requests, decisions, checked, pools)
        budgets.spend(organization, actor, spends)
        for slug, pool in pools.items():
            book.append_many(pool, list(_entries(slug, requests, decisions)))
        batch.save(force_insert=True)
        _store(batch, requests, decisions, checked, pools, pins)
        transition.begin_many(
            organization.pk, [(one.job_id, _state(one), one.reason) for one in decisions], actor=actor
        )
        announce.batch_decided(batch)
        counted = Counter((request.pool, one.reason) for request, one in zip(requests, decisions, strict=True))
        transaction.on_commit(partial(transition.count_batch, batch, counted), robust=True)
    return batch


def _said(request: JobRequest) -> dict[str, Any]:
    """By `vars`, for `content` copies all, which takes long for thousands."""
    later = {name for name in ("network", "nodes", "project") if getattr(request, name) == LATER[name]}
    return {name: value for name, value in vars(request).items() if name not in later}


def _check_size(requests: Sequence[JobRequest]) -> None:
    if not requests:
        raise InvalidInput(_("A batch needs at least one request."), field="requests")
    if len(requests) > MAX_REQUESTS:
        raise InvalidInput(
            _("{count} requests are more than {most}; send them in several batches.").format(
                count=len(requests), most=MAX_REQUESTS
            ),
            field="requests",
        )


def _check_limits(requests: Sequence[JobRequest], pools: dict[str, Pool], place: Callable[[int], str]) -> None:
    """Raises InvalidInput with the requests that are not of a size that their pool takes."""
    limited = {slug for slug, pool in pools.items() if pool.limits != NO_LIMITS}
    outside: dict[str, str] = {}
    for number, request in enumerate(requests):
        if request.pool in limited and (found := limits.faults(pools[request.pool], request.ask)):
            outside |= {f"{place(number)}.{name}": text for name, text in found.items()}
            if len(outside) >= MOST_ERRORS or place(0) == place(len(requests) - 1):  # a sweep's are all of one size
                break
    if outside:
        errors = [{"field": name, "detail": text, "code": InvalidInput.code} for name, text in outside.items()]
        raise InvalidInput(errors[0]["detail"], field=errors[0]["field"], errors=errors)


def _decide(
    requests: Sequence[JobRequest], series: dict[str, Series], *, purse: "Purse | None", progress: Progress | None
) -> list[Decision]:
    """In order, each with the book as the ones before left it. What the purse does not allow is refused."""
    # Newest first is how jobs are listed: falling ids keep a batch in its order there.
    ids = sorted(random_ids(len(requests)), reverse=True)
    decisions = []
    told_at = time.monotonic()
    for job_id, request in zip(ids, requests, strict=True):
        own = series[request.pool]
        ask = request.ask
        answer = own.decide(ask)
        chosen = ask.configurations[answer.way]
        reason, offer, seen = answer.reason or "", answer.offer, own.book_number
        if offer and not reason:
            reason = purse.take(request, own.pool, offer) if purse else ""
            if not reason:
                own.take(offer, chosen.units)
        decisions.append(Decision(job_id, str(reason), offer, seen, chosen))
        if progress and time.monotonic() - told_at > TELL_EVERY:
            told_at = time.monotonic()
            progress(len(decisions))
    if progress:
        progress(len(decisions))
    return decisions


def _spends(
    requests: Sequence[JobRequest], decisions: Sequence[Decision], checked: Checked, pools: dict[str, Pool]
) -> Iterator[Spend]:
    for request, one in zip(requests, decisions, strict=True):
        if one.accepted and one.offer:
            month = month_of(pools[request.pool], one.offer)
            yield Spend(month, checked.project_of(request), one.offer.total)


def _check_all_accepted(decisions: Sequence[Decision], place: Callable[[int], str]) -> None:
    refused = [(number, one) for number, one in enumerate(decisions) if one.reason]
    if not refused:
        return
    first, why = refused[0]
    told = [
        {"field": place(number), "reason": one.reason, "price": format_credits(one.offer.total) if one.offer else None}
        for number, one in refused[:MOST_NAMED]
    ]
    raise Conflict(
        _("The market refuses {refused} of {all} requests, the first at {place}: {reason}. Nothing was bought.").format(
            refused=len(refused), all=len(decisions), place=place(first), reason=why.reason
        ),
        code="batch_refused",
        field=place(first),
        count=len(refused),
        refused=told,
    )


def _entries(slug: str, requests: Sequence[JobRequest], decisions: Sequence[Decision]) -> Iterator[book.EntryFields]:
    for request, one in zip(requests, decisions, strict=True):
        if request.pool == slug and one.accepted and one.offer:
            yield {
                "kind": BookEntry.Kind.RESERVE,
                "start_slot": one.offer.start_slot,
                "end_slot": one.offer.end_slot,
                "units": one.chosen.units,
                "reference": one.job_id,
            }


JOB_COLUMNS = (
    *("organization_id", "submitted_by_id", "submitted_at", "decided_at", "kernel_version", "batch_id"),
    *("batch_index", "project_id", "id", "pool_id", "forecast_id", "refund_policy_id", "terms"),
    *("name", "image", "command", "env", "datasets", "code_id", "earliest", "deadline", "nodes", "network"),
    *("units", "duration", "value", "configurations"),
    *("state", "reason", "price", "book_number", "start_slot", "end_slot", "start_at", "end_at"),
)


def _store(
    batch: Batch,
    requests: Sequence[JobRequest],
    decisions: Sequence[Decision],
    checked: Checked,
    pools: dict[str, Pool],
    pins: inputs.Pins,
) -> None:
    at = batch.submitted_at
    same = (batch.organization_id, batch.submitted_by_id, at, at, KERNEL_VERSION, batch.pk)
    priced_by = {
        slug: (
            pool.pk,
            tables.row_id(pool.pk, pool.forecast_version),
            pool.refund_policy_id,
            json.dumps(Terms.of(pool).kept()),
        )
        for slug, pool in pools.items()
    }
    rows = (
        (
            *same,
            number,
            project.pk if (project := checked.project_of(request)) else None,
            one.job_id,
            *priced_by[request.pool],
            *_asked(request, checked, pins),
            *one.chosen,
            json.dumps([way._asdict() for way in request.ask.configurations] if request.also else []),
            *_answered(one, pools[request.pool]),
        )
        for number, (request, one) in enumerate(zip(requests, decisions, strict=True))
    )
    copy_rows(Job, JOB_COLUMNS, rows)
    if pins:
        accepted = ((one, request) for one, request in zip(decisions, requests, strict=True) if one.accepted)
        read = ((one.job_id, [pins[name] for name in request.datasets]) for one, request in accepted)
        inputs.keep_many(batch.organization_id, read)


def _asked(request: JobRequest, checked: Checked, pins: inputs.Pins) -> tuple[Any, ...]:
    return (
        request.name,
        checked.images[request.image],
        json.dumps(request.command),
        json.dumps(request.env),
        json.dumps([pins[name].reference for name in request.datasets]),
        request.code,
        request.earliest,
        request.deadline,
        request.nodes,
        request.network,
    )


def _answered(one: Decision, pool: Pool) -> tuple[Any, ...]:
    price = one.offer.total if one.offer else None
    if one.reason or one.offer is None:
        return (str(State.REJECTED), one.reason, price, one.book_number, None, None, None, None)
    start, end = one.offer.start_slot, one.offer.end_slot
    moments = clock.slot_start(start, pool.slot_seconds), clock.slot_start(end, pool.slot_seconds)
    return (str(State.RESERVED), "", price, one.book_number, start, end, *moments)


def _state(one: Decision) -> State:
    return State.RESERVED if one.accepted else State.REJECTED
