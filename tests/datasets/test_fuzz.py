"""Whatever is sent to the calls of datasets, no answer is a 5xx, and nothing lies where it should not afterwards.

ERA_FUZZ_FILES_CASES and ERA_FUZZ_SEED try more, or others; `python -m benchmarks.fuzz_files` does so against a running
server, and measures.
"""

import hashlib
import os
from pathlib import Path
from random import Random

import pytest
from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from datasets import store
from datasets.models import Blob, Entry, Usage
from era_platform.common import archives, storage
from pricing.models import Pool
from tests.datasets.fuzzing.calls import World, calls
from tests.datasets.fuzzing.doors import InProcess
from tests.datasets.fuzzing.judging import Verdict, everything, strays
from tests.datasets.ways import a_dataset, a_draft, published
from tests.factories import Tenant, a_pool
from tests.jobs.ways import exited, running

pytestmark = pytest.mark.django_db(transaction=True)
CASES, SEED = int(os.environ.get("ERA_FUZZ_FILES_CASES", "150")), int(os.environ.get("ERA_FUZZ_SEED", "1"))
FILES = {"readme.md": b"what it is\n", "a/b/c.csv": b"a,b\n" * 400, "images/0001.png": bytes(5000), "empty": b""}
MOST_PACKED, QUOTA = 2**20, 2**26


@pytest.fixture
def world(ours: Tenant, theirs: Tenant, settings: Settings) -> World:
    settings.ERA_DATASET_ARCHIVE_MAX_BYTES = MOST_PACKED  # unpacked, 16 times as much
    settings.ERA_DATASET_QUOTA_BYTES = QUOTA
    dataset = a_dataset(ours, tags=["images"])
    version = published(ours, dataset, FILES)
    drafts = tuple(str(a_draft(ours, dataset).pk) for _ in range(3))
    token = ours.token("owner")
    return World(token, "ours", "digits", version.number or 0, drafts, tuple(FILES), an_ended_job(ours, a_pool()))


def an_ended_job(tenant: Tenant, pool: Pool) -> str:
    job = running(tenant, pool)
    folder = storage.output_folder(job.pk, 1)
    folder.mkdir(parents=True)
    (folder / "result.txt").write_text("42")
    return str(exited(job, 0).pk)


def test_no_call_does_harm(world: World, ours: Tenant, storage: Path) -> None:
    before, beside = everything(storage), sorted(storage.parent.iterdir())
    verdict, door = Verdict(), InProcess()
    try:
        for call in calls(Random(SEED), world, CASES):
            verdict.judge(call, door.ask(call))
    finally:
        door.close()
    assert not verdict.wrong, "\n".join(verdict.wrong)
    assert verdict.count() == CASES
    assert min(verdict.count(kind) for kind in ("archives", "names", "headers", "bodies")) > CASES // 20
    assert verdict.of_status(200, 299) > CASES // 10, "the calls are too far from what is right"
    assert verdict.of_status(400, 499) > CASES // 10
    assert (everything(storage), sorted(storage.parent.iterdir())) == (before, beside)
    only_what_belongs_there(ours, storage)


def only_what_belongs_there(tenant: Tenant, root: Path) -> None:
    own = tenant.organization.pk
    assert strays(root) == []
    assert list(store.made(own, "parts").iterdir()) == []
    with scopes_disabled():
        blobs = dict(Blob.objects.filter(organization=own).values_list("digest", "size"))
        paths = set(Entry.objects.values_list("path", flat=True))
        assert Usage.objects.get(pk=own).stored == sum(blobs.values())
    there = {path.name: path for path in store.made(own, "blobs").rglob("*") if path.is_file()}
    assert there.keys() == blobs.keys()
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == name for name, path in there.items())
    assert all(archives.clean_path(path) == path for path in paths)
