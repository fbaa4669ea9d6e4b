"""Outputs of an ended job become a version of a dataset: all plain files or none, by links, once for each call."""

import io
import os
import tarfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from accounts.models import AuditEvent
from datasets.models import Dataset, Usage, Version
from era_platform.common import storage
from era_platform.common.errors import Conflict, IdempotencyMismatch, InvalidInput, QuotaExceeded
from jobs.engines.attempt import AttemptFolder
from jobs.models import Job
from jobs.services.keep_outputs import Kept, keep_outputs
from pricing.models import Pool
from tests.datasets.ways import a_dataset, content_of, published, stored
from tests.factories import Tenant
from tests.jobs.ways import exited, reserved, running

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("held_clock"),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),
]


def ended(tenant: Tenant, pool: Pool, files: dict[str, bytes]) -> Job:
    """A job that wrote these files, and ended."""
    job = running(tenant, pool)
    wrote(job, files)
    return exited(job, 0)


def wrote(job: Job, files: dict[str, bytes]) -> Path:
    folder = storage.output_folder(job.pk, 1)
    folder.mkdir(parents=True, exist_ok=True)
    attempt = AttemptFolder(storage.attempt_folder(job.pk, 1))
    attempt.prepare({})
    (attempt.path / "started").write_text('{"at": 1, "pid": 1}')
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def kept(tenant: Tenant, job: Job, dataset: str = "weights", **fields: Any) -> Kept:
    return keep_outputs(actor=tenant.member, job=job, dataset=dataset, **fields)


def drafts() -> int:
    with scopes_disabled():
        return Version.objects.filter(number=None).count()


def test_all_files_become_a_published_version_without_being_copied(ours: Tenant, pool: Pool) -> None:
    job = ended(ours, pool, {"model.bin": b"weights", "logs/1.txt": b"log", "empty": b""})
    found = kept(ours, job)
    assert str(found.version) == "ours/weights@1"
    assert content_of(found.version) == {"model.bin": b"weights", "logs/1.txt": b"log", "empty": b""}
    source = storage.output_folder(job.pk, 1) / "model.bin"
    assert source.stat().st_nlink == 2
    assert oct(source.stat().st_mode & 0o777) == "0o444"
    assert stored(ours) == 10
    assert found.skipped == []


def test_it_is_the_next_version_of_a_dataset_that_is_there(ours: Tenant, pool: Pool) -> None:
    published(ours, a_dataset(ours, "weights"))
    found = kept(ours, ended(ours, pool, {"a": b"a"}), note="second")
    assert (found.version.number, found.version.note) == (2, "second")
    assert content_of(found.version) == {"a": b"a"}


def test_it_can_be_left_as_a_draft(ours: Tenant, pool: Pool) -> None:
    found = kept(ours, ended(ours, pool, {"a": b"a"}), publish=False)
    assert found.version.is_draft
    assert found.version.note == "Outputs of the job “train”"


def test_links_and_devices_are_left_out_and_named(ours: Tenant, pool: Pool, tmp_path: Path) -> None:
    job = running(ours, pool)
    (secret := tmp_path / "secret").write_text("secret")
    folder = wrote(job, {"a": b"a"})
    (folder / "link").symlink_to(secret)
    (folder / "folder").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    found = kept(ours, exited(job, 0))
    assert found.skipped == ["folder", "link", "pipe"]
    assert content_of(found.version) == {"a": b"a"}
    assert secret.stat().st_nlink == 1


@pytest.mark.parametrize("name", [b"a\nb", b"\xff", b"a\\b", b"c:"], ids=repr)
def test_a_name_that_a_dataset_cannot_have_refuses_all(ours: Tenant, pool: Pool, name: bytes) -> None:
    job = running(ours, pool)
    folder = wrote(job, {"a": b"a"})
    (Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))).write_bytes(b"b")  # noqa: PTH118
    with pytest.raises(InvalidInput):
        kept(ours, exited(job, 0))
    assert (drafts(), stored(ours)) == (0, 0)


def test_a_job_that_runs_is_not_kept_yet_and_one_without_files_never(ours: Tenant, pool: Pool) -> None:
    job = running(ours, pool)
    wrote(job, {"a": b"a"})
    with pytest.raises(Conflict) as refused:
        kept(ours, job)
    assert refused.value.code == "not_ended"
    with pytest.raises(Conflict) as refused:
        kept(ours, ended(ours, pool, {}))
    assert refused.value.code == "empty"


def test_a_full_quota_leaves_no_draft_behind(ours: Tenant, pool: Pool) -> None:
    with scopes_disabled():
        Usage.objects.create(organization=ours.organization, quota=3)
    job = ended(ours, pool, {"a": b"four"})
    with pytest.raises(QuotaExceeded):
        kept(ours, job)
    assert (drafts(), stored(ours)) == (0, 0)
    assert (storage.output_folder(job.pk, 1) / "a").read_bytes() == b"four"


def test_the_same_key_makes_one_version(ours: Tenant, pool: Pool) -> None:
    job = ended(ours, pool, {"a": b"a"})
    first = kept(ours, job, idempotency_key="k")
    assert kept(ours, job, idempotency_key="k").version.pk == first.version.pk
    with pytest.raises(IdempotencyMismatch):
        kept(ours, job, "other", idempotency_key="k")
    with scopes_disabled():
        assert [dataset.last_number for dataset in Dataset.objects.all()] == [1]
        assert AuditEvent.objects.filter(action="job.outputs_kept").count() == 1


def test_a_call_that_broke_off_before_it_was_published_is_gone_on_with(
    ours: Tenant, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ended(ours, pool, {"a": b"a"})
    with monkeypatch.context() as broken:
        broken.setattr("jobs.services.keep_outputs.drafts.publish", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            kept(ours, job, idempotency_key="k")
    assert kept(ours, job, idempotency_key="k").version.number == 1
    assert drafts() == 0


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer)


def post(client: Client, job: Job, body: dict[str, Any], **headers: str) -> Any:
    address = f"/api/v1/jobs/{job.pk}/outputs/dataset"
    return client.post(address, body, content_type="application/json", headers=headers)


def test_through_the_api_the_version_comes_back(ours: Tenant, theirs: Tenant, pool: Pool) -> None:
    job = ended(ours, pool, {"a": b"abc"})
    told = post(ours.api(), job, {"dataset": "weights", "note": "n"}, **{"Idempotency-Key": "k"})
    assert told.status_code == 201, told.json()
    wanted = {"number": 1, "state": "published", "files": 1, "size": 3, "note": "n", "reference": "ours/weights@1"}
    assert {name: told.json()[name] for name in wanted} == wanted
    assert told.json()["skipped"] == []
    again = post(ours.api(), job, {"dataset": "weights", "note": "n"}, **{"Idempotency-Key": "k"})
    assert again.json() == told.json()
    assert post(ours.api("viewer"), job, {"dataset": "weights"}).status_code == 403
    assert post(theirs.api(), job, {"dataset": "weights"}).status_code == 404
    assert post(ours.api(), job, {"dataset": "No Name"}).json()["field"] == "dataset"
    assert post(ours.api(), job, {"dataset": "weights", "publish": "yes"}).json()["field"] == "publish"


def test_an_archive_has_all_files_and_a_file_of_that_name_is_still_there(ours: Tenant, pool: Pool) -> None:
    job = ended(ours, pool, {"archive": b"not an archive", "dataset": b"no dataset", "d/x": b"x"})
    address = f"/api/v1/jobs/{job.pk}/outputs"
    zipped = bytes_of(ours.api("viewer").get(f"{address}/archive?format=zip"))
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()}["d/x"] == b"x"
    packed = bytes_of(ours.api("viewer").get(f"{address}/archive?format=tar"))
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive_:
        assert sorted(archive_.getnames()) == ["archive", "d/x", "dataset"]
    for name, content in (("archive", b"not an archive"), ("dataset", b"no dataset")):
        assert bytes_of(ours.api().get(f"{address}/{name}")) == content
    assert ours.api().get(f"{address}/archive?format=rar").status_code == 400


def test_from_the_page_it_leads_to_the_version(ours: Tenant, pool: Pool) -> None:
    job = ended(ours, pool, {"a": b"a"})
    assert b"Keep these files" in ours.client().get(ours.page(f"jobs/{job.pk}/")).content
    assert b"Keep these files" not in ours.client("viewer").get(ours.page(f"jobs/{job.pk}/")).content
    answer = ours.client().post(ours.page(f"jobs/{job.pk}/keep/"), {"dataset": "weights"}, follow=True)
    assert answer.redirect_chain == [(ours.page("datasets/ours/weights/versions/1/"), 302)]
    assert b"Kept as ours/weights@1." in answer.content
    answer = ours.client().post(ours.page(f"jobs/{job.pk}/keep/"), {"dataset": "Bad Name"}, follow=True)
    assert answer.redirect_chain == [(ours.page(f"jobs/{job.pk}/"), 302)]
    with scopes_disabled():
        assert Dataset.objects.count() == 1


def test_a_job_that_has_not_ended_offers_nothing_to_keep(ours: Tenant, pool: Pool, held_clock: datetime) -> None:
    job = reserved(ours, pool)
    assert b"Keep these files" not in ours.client().get(ours.page(f"jobs/{job.pk}/")).content
