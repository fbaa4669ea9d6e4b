"""The row of the tenant matrix that is a job which really runs, on the engine `process`."""

import json
from uuid import UUID

from django_scopes import scopes_disabled

from era_platform.common import clock, storage
from jobs.models import Job
from jobs.services import launch, observe
from tests.datasets.asking import JOB
from tests.datasets.matrix_world import README, World
from tests.jobs.engine import slot_moved
from tests.jobs.ways import reloaded
from tests.platform import eventually

LETTERS = {400: "r", 401: "u", 403: "f"}


def read_in_a_job(world: World, state: str, role: str) -> str:
    """Submits a job that reads the dataset, and runs it where that is taken."""
    reference = f"{world.owners.slug}/{world.places[state].dataset.name}"
    body = JOB | {"datasets": [reference], "command": ["sh", "-c", f"cat $ERA_INPUT_DIR/{reference}/readme.txt"]}
    answer = world.clients["api", role].post("/api/v1/jobs", json.dumps(body), "application/json")
    if answer.status_code != 201:
        return LETTERS.get(answer.status_code, str(answer.status_code))
    assert answer.json()["state"] == "reserved", answer.json()
    return "y" if _log_of(UUID(answer.json()["id"])) == README else "?"


def _log_of(job_id: UUID) -> bytes:
    with scopes_disabled():
        job = slot_moved(Job.objects.get(pk=job_id), clock.now())
    launch.launch(job_id)

    def is_over() -> bool:
        observe.observe(job_id)
        return reloaded(job).is_final

    eventually(is_over, what="the job ends")
    return (storage.attempt_folder(job_id, 1) / "log").read_bytes()
