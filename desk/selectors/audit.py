"""The audit record, filtered by who, what, whose, and when; the newest first, page by page."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import AuditEvent, User

PAGE = 100
MOST_EXPORTED = 50_000
COLUMNS = ("id", "at", "actor", "action", "organization", "target", "detail")


def found(given: dict[str, Any]) -> QuerySet[AuditEvent]:
    """`given` may have actor (a mail or its beginning), action (its beginning), organization, since, until (dates)."""
    condition = Q()
    if actor := given.get("actor"):
        # Found beforehand: where there is nobody, no event has to be read.
        condition &= Q(actor__in=list(User.objects.filter(email__istartswith=actor).values_list("pk", flat=True)))
    if action := given.get("action"):
        condition &= Q(action__startswith=action)
    if organization := given.get("organization"):
        condition &= Q(organization__slug=organization)
    if since := given.get("since"):
        condition &= Q(at__gte=datetime.combine(since, time(), UTC))
    if until := given.get("until"):
        condition &= Q(at__lt=datetime.combine(until, time(), UTC) + timedelta(days=1))
    return AuditEvent.objects.filter(condition).select_related("actor", "organization").order_by("-id")


def page(given: dict[str, Any]) -> tuple[list[AuditEvent], int | None]:
    """PAGE rows before the id `before`, and the `before` of the next page; None on the last one."""
    rows = found(given)
    if before := given.get("before"):
        rows = rows.filter(pk__lt=before)
    shown = list(rows[: PAGE + 1])
    return shown[:PAGE], shown[PAGE - 1].pk if len(shown) > PAGE else None


def lines(given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """As rows of a table, a heading first, at most MOST_EXPORTED."""
    yield COLUMNS
    for one in found(given)[:MOST_EXPORTED].iterator(chunk_size=2000):
        who, whose = str(one.actor or ""), str(one.organization or "")
        yield one.pk, one.at.isoformat(), _text(who), one.action, whose, _text(one.target), json.dumps(one.detail)


def _text(value: str) -> str:
    """What a spreadsheet takes for a formula is shown as the text that it is."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value
