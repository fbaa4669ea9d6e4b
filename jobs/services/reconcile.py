"""Checks that ledger, reservations and instances tell the same story, and says where they don't.

Reads one snapshot of the database and trusts nothing that another part keeps in memory. The only
thing it mends is an instance that no attempt knows any more, or that outlived its attempt: that is removed. Whose it
is, our storage says, where each of ours is listed; another platform may use the same engine.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django_scopes import scopes_disabled

from era_platform.common import clock, metrics, storage
from jobs.engines import engine, folders
from jobs.engines.base import EngineError
from jobs.models import Attempt
from jobs.selectors import consistency
from jobs.selectors.consistency import Difference
from jobs.services import instances

SETTLING = timedelta(minutes=1)
"""How long something may be under way before it counts as a difference."""
KINDS = (*consistency.CHECKS, "instance_without_attempt", "attempt_without_instance", "engine_silent")

log = structlog.get_logger(__name__)


def reconcile() -> list[Difference]:
    """All differences there are now; each is logged, and counted by kind for Prometheus."""
    with scopes_disabled():
        found = [*_in_database(consistency.CHECKS), *_with_engine()]
    _tell(found, KINDS)
    return found


def reconcile_history() -> list[Difference]:
    """The same for what reconcile() takes for granted because it was looked at before; reads all that ever was."""
    with scopes_disabled():
        found = _in_database(consistency.HISTORY)
    _tell(found, consistency.HISTORY)
    return found


def _tell(found: list[Difference], kinds: Iterable[str]) -> None:
    counts = Counter(difference.kind for difference in found)
    for kind in kinds:
        metrics.DIFFERENCES.labels(kind).set(counts[kind])
    for difference in found:
        log.error("reconcile_difference", kind=difference.kind, subject=difference.subject, found=difference.found)


def _in_database(checks: dict[str, Callable[[], Iterator[Difference]]]) -> list[Difference]:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        # One snapshot for all checks, so that a submission in between is seen by all or none.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return [difference for check in checks.values() for difference in check()]


def _with_engine() -> list[Difference]:
    long_ago = clock.now() - SETTLING
    expected = list(Attempt.objects.filter(ended_at=None, created_at__lt=long_ago).select_related("job"))
    try:
        names = engine().instances()
    except (EngineError, OSError) as error:
        return [Difference("engine_silent", engine().name, str(error))]
    missing = [
        Difference("attempt_without_instance", attempt.instance, f"its job is {attempt.job.state}")
        for attempt in expected
        if attempt.instance not in names
    ]
    return missing + [found for name in names if (found := _orphan(name))]


def _orphan(name: str) -> Difference | None:
    """The difference that this instance is, if it is one. Its attempt's row was there before it."""
    parsed = instances.parse_name(name)
    if parsed is None:
        return None
    attempt = Attempt.objects.filter(job_id=parsed[0], number=parsed[1]).first()
    if attempt is None and not folders.is_listed(name):
        return Difference("instance_without_attempt", name, "another platform's, or of another storage; left alone")
    if attempt and (attempt.ended_at is None or clock.now() < attempt.ended_at + SETTLING):
        return None
    why = "its attempt has ended" if attempt else "there is no such attempt"
    try:
        engine().delete(name, storage.attempt_folder(*parsed))
    except (EngineError, OSError) as error:
        return Difference("instance_without_attempt", name, f"{why}; not removed: {error}")
    return Difference("instance_without_attempt", name, f"{why}; removed")
