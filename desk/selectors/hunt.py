"""Finds jobs by whatever somebody has of one: an id or its beginning, an instance, a container, a node, a token,
a mail, a name."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import ApiToken, Organization, User
from jobs.models import Batch, Container, Job, Placement
from jobs.services.instances import parse_name

MOST = 50
SHORTEST = 4
NEWEST = 10_000
"""Of each pool: jobs in whose names is looked."""
_NAMED = """
SELECT job.id FROM pricing_pool pool CROSS JOIN LATERAL (
    SELECT id, name, submitted_at FROM jobs_job WHERE pool_id = pool.id ORDER BY submitted_at DESC LIMIT %s
) job
WHERE position(lower(%s) IN lower(job.name)) > 0 ORDER BY job.submitted_at DESC LIMIT %s
"""
_SUBMITTED = """
SELECT job.id FROM unnest(%s::bigint[]) person CROSS JOIN LATERAL (
    SELECT id, submitted_at FROM jobs_job WHERE submitted_by_id = person ORDER BY submitted_at DESC LIMIT %s
) job
ORDER BY job.submitted_at DESC LIMIT %s
"""
_HEX = re.compile(r"[0-9a-f]{4,32}")
_CONTAINER = re.compile(r"[0-9a-f]{12,64}")


def hunt(text: str) -> list[Job]:
    """The newest that it may mean, at most MOST. Each way of looking goes by an index, or by the newest jobs only."""
    text = text.strip().replace("\0", "")[:200]
    for look in _WAYS if len(text) >= SHORTEST else [_by_node]:
        condition = look(text)
        if condition is not None and (found := _newest(Job.objects.filter(condition))):
            return found
    return []


def _newest(jobs: QuerySet[Job]) -> list[Job]:
    found = jobs.select_related("organization", "pool", "submitted_by").order_by("-submitted_at", "-id")
    return list(found[:MOST])


def _by_id(text: str) -> Q | None:
    """A job's own, or its beginning."""
    digits = text.lower().replace("-", "")
    if not _HEX.fullmatch(digits):
        return None
    return Q(pk__gte=UUID(digits.ljust(32, "0")), pk__lte=UUID(digits.ljust(32, "f")))


def _by_batch(text: str) -> Q | None:
    digits = text.lower().replace("-", "")
    whole = len(digits) == 32 and _HEX.fullmatch(digits)
    return Q(batch=digits) if whole and Batch.objects.filter(pk=digits).exists() else None


def _by_instance(text: str) -> Q | None:
    """Of the engine: what a container or a process's folder is called, a service's task included."""
    parsed = parse_name(text.split(".", 1)[0])
    return Q(pk=parsed[0]) if parsed else None


def _by_container(text: str) -> Q | None:
    """By the id of a container, as Docker shows it on any node, or the whole of it."""
    if not _CONTAINER.fullmatch(text.lower()):
        return None
    found = Container.objects.filter(identifier__startswith=text.lower())
    return Q(pk__in=list(found.values_list("attempt__job", flat=True)[:MOST]))


def _by_node(text: str) -> Q | None:
    """Where attempts ran: those that came there last. By its whole name, which may be short."""
    last = Placement.objects.filter(node=text).order_by("-id").values_list("attempt__job", flat=True)[:MOST]
    known = list(last) if text else []
    return Q(pk__in=known) if known else None


def _by_token(text: str) -> Q | None:
    """The beginning of an API token, as it is shown: all jobs of its person in its organization."""
    tokens = ApiToken.objects.filter(prefix=text[:12]) if len(text) >= 12 else ApiToken.objects.none()
    condition = Q(pk__in=[])
    for token in tokens[:MOST]:
        condition |= Q(organization=token.organization_id, submitted_by=token.user_id)
    return condition


def _by_mail(text: str) -> Q | None:
    """A whole mail address, or its beginning up to the @ at least."""
    found = User.objects.filter(email__istartswith=text) if "@" in text else User.objects.none()
    users = list(found.values_list("pk", flat=True)[:MOST])
    return Q(pk__in=_keys(_SUBMITTED, [users, MOST, MOST])) if users else None


def _by_organization(text: str) -> Q | None:
    found = Organization.objects.filter(slug=text.lower()).values_list("pk", flat=True).first()
    return Q(organization=found) if found else None


def _by_name(text: str) -> Q | None:
    """A part of it, of each pool's newest jobs."""
    return Q(pk__in=_keys(_NAMED, [NEWEST, text, MOST]))


def _keys(query: str, given: list[Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return [job for (job,) in cursor.fetchall()]


_WAYS: tuple[Callable[[str], Q | None], ...] = (
    _by_id,
    _by_batch,
    _by_instance,
    _by_node,
    _by_token,
    _by_mail,
    _by_organization,
    _by_container,
    _by_name,
)
"""The first that finds something decides."""
