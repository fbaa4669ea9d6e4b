"""What the agent of a node does there: gets ready what will start soon, and samples what runs.

It and the platform talk through rows only: it reports where a job has what it needs, and tells the job's owner what is
wrong, once, while it tries again. Whoever dies in between leaves nothing that the next one doesn't find.
"""

import shutil
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from era_platform.common import clock, metrics, storage
from jobs.engines.base import EngineError
from jobs.engines.node import NodeDocker
from jobs.models import Agent, Attempt, Job, Node, Sample, Staging
from jobs.services import events, placements, stage
from jobs.states import State

BATCH = 100
AGAIN = timedelta(seconds=10)
"""Until what failed is tried again."""

LAID_OUT = timedelta(seconds=60)
"""How long the platform may take to make a job's folders, once it is time for that."""

log = structlog.get_logger(__name__)


def begin(node: str) -> None:
    """An agent begins to work on this node."""
    Agent.objects.update_or_create(node=node, defaults={"started_at": clock.now(), "seen_at": clock.now()})


def report(node: str, docker: NodeDocker) -> None:
    """Say that it is alive, and how much room there is."""
    found: dict[str, int | None] = {"storage_free_bytes": None, "images_free_bytes": None}
    try:
        found["storage_free_bytes"] = shutil.disk_usage(storage.root()).free
        found["images_free_bytes"] = docker.free_for_images()
        problem = _problem(found["storage_free_bytes"], found["images_free_bytes"])
    except (EngineError, OSError) as error:
        problem = str(error)
    Agent.objects.filter(node=node).update(seen_at=clock.now(), problem=problem[:300], **found)


def due(node: str) -> list[UUID]:
    """Jobs that start on this node's pool soon and don't have what they need here; what failed, after a while."""
    now = clock.now()
    with scopes_disabled():
        pool = Node.objects.filter(name=node).values("pool")
        rows = Staging.objects.filter(job=OuterRef("pk"), node=node)
        waits = Exists(rows.filter(Q(ready_at__isnull=False) | Q(tried_at__gt=now - AGAIN)))
        soon = Job.objects.filter(~waits, state=State.RESERVED, pool__in=pool, start_at__lte=now + stage.AHEAD)
        return list(soon.order_by("start_at").values_list("pk", flat=True)[:BATCH])


def get_ready(node: str, docker: NodeDocker, job_id: UUID) -> None:
    """Bring the job's image here and see that there is room for it; write down what came of it."""
    with scopes_disabled():
        job = Job.objects.filter(pk=job_id, state=State.RESERVED).first()
        if job is None or not _is_laid_out(job):
            return  # the platform makes its folders first
        with events.following(job):
            problem = _unseen(job) or _obstacle(docker) or _bring(docker, job)
            _write_down(node, job, problem)


def sample(node: str, docker: NodeDocker) -> None:
    """Write down what each instance that runs here uses, and that it runs here."""
    usages = docker.usages()
    with scopes_disabled():
        running = list(Attempt.objects.filter(instance__in=usages, ended_at=None))
        placements.note_here(node, running)
        placements.note_containers(
            (each, container) for each in running for container in usages[each.instance].containers
        )
        Sample.objects.bulk_create(
            Sample(
                organization_id=attempt.organization_id,
                job_id=attempt.job_id,
                attempt=attempt.number,
                node=node,
                at=clock.now(),
                cpu_seconds=usages[attempt.instance].cpu_seconds,
                memory_bytes=usages[attempt.instance].memory_bytes,
                gpu_percent=usages[attempt.instance].gpu_percent,
                gpu_memory_bytes=usages[attempt.instance].gpu_memory_bytes,
            )
            for attempt in running
        )


def _is_laid_out(job: Job) -> bool:
    """Whether the platform has made its folders, or should have by now: then it is the storage that is away here."""
    begun = max(job.decided_at, (job.start_at or job.decided_at) - stage.AHEAD)
    return storage.job_folder(job.pk).is_dir() or clock.now() > begun + LAID_OUT


def _unseen(job: Job) -> str:
    if storage.job_folder(job.pk).is_dir():
        return ""
    return _("The job's folder is not there: is the storage mounted at {root}?").format(root=storage.root())


def _obstacle(docker: NodeDocker) -> str:
    """What is wrong with the node, whatever the job; empty if nothing is."""
    try:
        return _problem(shutil.disk_usage(storage.root()).free, docker.free_for_images())
    except (EngineError, OSError) as error:
        return str(error)


def _problem(storage_free: int | None, images_free: int | None) -> str:
    least = settings.ERA_STORAGE_MIN_FREE_BYTES
    for place, free in ((_("the storage"), storage_free), (_("the disk for images"), images_free)):
        if free is not None and free < least:
            text = _("There are {free} MiB left on {place}; {least} MiB are needed.")
            return text.format(free=free // 2**20, place=place, least=least // 2**20)
    return ""


def _bring(docker: NodeDocker, job: Job) -> str:
    try:
        docker.bring(job.image)
    except EngineError as error:
        return str(error)
    return ""


def _write_down(node: str, job: Job, problem: str) -> None:
    """The owner is told of a problem when it is new: what is tried again and again may fail the same way each time."""
    before = Staging.objects.filter(job=job, node=node).first()
    now = clock.now()
    found = {"problem": problem[:500], "tried_at": now, "ready_at": None if problem else now}
    Staging.objects.update_or_create(
        job=job, node=node, defaults=found, create_defaults=found | {"organization_id": job.organization_id}
    )
    if problem:
        metrics.LAUNCH_FAILURES.labels("stage").inc()
        log.warning("staging_failed", node=node, error=problem)
        if before is None or before.problem != problem[:500]:
            events.record(job, events.STAGING_FAILED, node=node, error=problem[:500])
