"""Submission: one transaction that prices, holds, books and stores a job, and answers for good."""

import uuid
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import LedgerAccount, Organization, Project, User
from accounts.services import budgets, idempotency, ledger
from accounts.services.budgets import Spend
from era_platform.common import clock, rows
from era_platform.common.errors import InvalidInput, NotFound, Problem
from jobs.domain import JobRequest, faults
from jobs.engines import engine
from jobs.engines.base import ImageError
from jobs.models import CodeArchive, Job
from jobs.services import inputs, transition
from jobs.states import State
from pricing.decisions import OFFERS_VERSION, Terms
from pricing.domain import Offer
from pricing.kernel import KERNEL_VERSION
from pricing.models import BookEntry, Pool
from pricing.selectors import tables
from pricing.selectors.pools import pool_by_slug
from pricing.services import book, limits, quotes

MOST_ERRORS = 100
"""How many wrong fields a refusal names, at least."""

Name = TypeVar("Name", bound=Hashable)
Found = TypeVar("Found")


def submit(*, actor: User, organization: Organization, request: JobRequest, idempotency_key: str = "") -> Job:
    """The job, `reserved` with its price and start, or `rejected` with the reason and what would do instead.

    Raises InvalidInput (with `errors` by field), InsufficientFunds, IdempotencyMismatch; nothing is kept then.
    """
    pool, code, image, project = _checked(organization, request)
    quotes.warm(pool)
    job_id = uuid.uuid4()
    spends: list[Spend] = []
    with budgets.explained(organization, actor, spends), transaction.atomic(durable=True):
        if idempotency_key:
            earlier = idempotency.claim(organization, idempotency_key, request.content, reference=job_id)
            if earlier:
                return Job.objects.select_related("pool").get(pk=earlier)
        pins = inputs.pin(organization, [request])
        pool = book.lock_pool(pool.pk)
        quotes.check_open(pool)
        limits.check(pool, request.ask)  # not sooner: what was submitted before is answered as it was then
        quote = quotes.decide(pool, request.ask, now=clock.now())
        job = Job(
            id=job_id,
            organization=organization,
            submitted_by=actor,
            project=project,
            pool=pool,
            submitted_at=quote.decided_at,
            name=request.name,
            image=image,
            command=list(request.command),
            env=request.env,
            datasets=[pins[name].reference for name in request.datasets],
            code=code,
            nodes=request.nodes,
            network=request.network,
            refund_policy_id=pool.refund_policy_id,
            earliest=request.earliest,
            deadline=request.deadline,
            **_outcome(quote),
        )
        offer = quote.answer.offer if quote.answer.accepted else None
        wallet = ledger.lock_wallet(organization) if offer else None
        with rows.together():
            if offer and wallet and job.start_at:
                spends.append(Spend(budgets.month_of(job.start_at), project, offer.total))
                _reserve(job, pool, offer, wallet, actor)
                budgets.spend(organization, actor, spends)
            rows.add(job)
            if offer:
                inputs.keep(job, [pins[name] for name in request.datasets])
            transition.begin(job, actor=actor)
    return job


def check(organization: Organization, request: JobRequest) -> None:
    """Raises InvalidInput with every field that is wrong."""
    _checked(organization, request)


def _checked(organization: Organization, request: JobRequest) -> tuple[Pool, CodeArchive | None, str, Project | None]:
    """The pool, the code, the image's full name and the project."""
    checked = check_all(organization, [request])
    code = checked.codes[request.code] if request.code else None
    return checked.pools[request.pool], code, checked.images[request.image], checked.project_of(request)


@dataclass(frozen=True)
class Checked:
    """What requests name, by that name: pools and projects by slug, stored archives by id, full names of images."""

    pools: dict[str, Pool]
    codes: dict[UUID, CodeArchive]
    images: dict[str, str]
    projects: dict[str, Project]

    def project_of(self, request: JobRequest) -> Project | None:
        return self.projects[request.project] if request.project else None


def check_all(
    organization: Organization, requests: Sequence[JobRequest], place: Callable[[int], str] | None = None
) -> Checked:
    """What the requests name, each asked for once. Raises InvalidInput with the fields that are wrong.

    `place` says what the k-th request is called in front of a field (`requests[17].units`).
    """
    pools, unknown_pools = _sorted_out({request.pool for request in requests}, pool_by_slug)
    codes, unknown_codes = _sorted_out(
        {request.code for request in requests if request.code}, partial(_stored_code, organization)
    )
    images, unknown_images = _sorted_out({request.image for request in requests}, engine().check_image)
    projects, unknown_projects = _sorted_out(
        {request.project for request in requests if request.project}, partial(_open_project, organization)
    )
    errors: list[dict[str, str]] = []
    for number, request in enumerate(requests):
        found = faults(request)
        if request.pool in unknown_pools:
            found["pool"] = unknown_pools[request.pool]
        if request.code in unknown_codes:
            found["code"] = unknown_codes[request.code]
        if request.image in unknown_images:
            found["image"] = unknown_images[request.image]
        if request.project in unknown_projects:
            found["project"] = unknown_projects[request.project]
        prefix = f"{place(number)}." if place and found else ""
        errors += [{"field": prefix + name, "detail": text, "code": InvalidInput.code} for name, text in found.items()]
        if len(errors) >= MOST_ERRORS:
            break
    if errors:
        raise InvalidInput(errors[0]["detail"], field=errors[0]["field"], errors=errors)
    return Checked(pools, codes, images, projects)


def _sorted_out(names: set[Name], find: Callable[[Name], Found]) -> tuple[dict[Name, Found], dict[Name, str]]:
    """What is found by each name, and for the others why not."""
    found, unknown = {}, {}
    for name in names:
        try:
            found[name] = find(name)
        except Problem as problem:
            unknown[name] = problem.detail
        except ImageError as error:
            unknown[name] = str(error)
    return found, unknown


def _stored_code(organization: Organization, archive_id: UUID) -> CodeArchive:
    stored: CodeArchive | None = CodeArchive.objects.filter(organization=organization, pk=archive_id).first()
    if stored is None:
        raise NotFound(_("There is no code archive {id}.").format(id=archive_id))
    return stored


def _open_project(organization: Organization, slug: str) -> Project:
    project: Project | None = None
    if "\0" not in slug:
        project = Project.objects.filter(organization=organization, slug=slug).first()
    if project is None:
        raise NotFound(_("There is no project {slug}.").format(slug=repr(slug[:60])))
    if project.archived_at:
        raise NotFound(_("The project {slug} is archived: it takes no more jobs.").format(slug=slug))
    return project


def _outcome(quote: quotes.Quote) -> dict[str, Any]:
    """The answer and what is needed to recompute it, as fields of a job."""
    answer, offer = quote.answer, quote.answer.offer
    fields: dict[str, Any] = {
        **quote.configuration._asdict(),
        "configurations": [way._asdict() for way in quote.ask.configurations] if quote.ask.also else [],
        "decided_at": quote.decided_at,
        "book_number": quote.book_number,
        "forecast_id": tables.row_id(quote.pool.pk, quote.forecast_version),
        "kernel_version": KERNEL_VERSION,
        "offers_version": OFFERS_VERSION,
        "terms": Terms.of(quote.pool).kept(),
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


def _reserve(job: Job, pool: Pool, offer: Offer, wallet: LedgerAccount, actor: User) -> None:
    """Hold the price and write the promise into the book. Lock order: the pool is held, the wallet follows."""
    ledger.hold(wallet, offer.total, reference=job.pk, actor=actor)
    book.append(
        pool,
        kind=BookEntry.Kind.RESERVE,
        start_slot=offer.start_slot,
        end_slot=offer.end_slot,
        units=job.units,
        reference=job.pk,
    )
