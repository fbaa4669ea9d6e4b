"""What a job wrote, as pages show it: the same browser and the same previews as for datasets."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils.http import urlencode
from django_scopes import scope
from pytest_django.fixtures import Settings

from era_platform.common import storage
from jobs.models import Job
from jobs.states import State
from tests.datasets import samples
from tests.factories import Tenant, a_pool
from tests.test_url_role_matrix import a_job

FILES = {
    "metrics.csv": samples.a_csv(),
    "plots/loss.png": samples.a_picture(),
    "plots/deep/tone.wav": samples.a_sound(),
}


@pytest.fixture
def job(ours: Tenant, settings: Settings, tmp_path: Path) -> Job:
    """A job of ours that is reserved, with files as if it had run."""
    settings.ERA_STORAGE_ROOT = tmp_path
    a_pool("local")
    job = Job.objects.filter(organization=ours.organization).get(pk=a_job(ours))
    for path, content in FILES.items():
        file = storage.output_folder(job.pk, 1) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return job


@pytest.fixture(autouse=True)
def in_scope(ours: Tenant) -> Any:
    with scope(organization=ours.organization):
        yield


def page(tenant: Tenant, job: Job, path: str = "", **query: str) -> str:
    answer = tenant.client("viewer").get(
        tenant.page(f"jobs/{job.pk}/{path}") + (f"?{urlencode(query)}" if query else "")
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_outputs_are_looked_through_folder_by_folder(ours: Tenant, job: Job) -> None:
    top, inner = page(ours, job), page(ours, job, folder="plots")
    assert ('title="plots"' in top, 'title="metrics.csv"' in top, "loss.png" in top) == (True, True, False)
    assert ('title="plots/loss.png"' in inner, 'title="plots/deep"' in inner) == (True, True)
    assert "pictures/thumbnail/plots/loss.png" in inner
    assert 'title="plots/deep/tone.wav"' in page(ours, job, find="TONE")


def test_outputs_are_shown_like_files_of_datasets(ours: Tenant, job: Job) -> None:
    assert 'class="data-table"' in page(ours, job, "files/metrics.csv")
    assert "800 × 600" in page(ours, job, "files/plots/loss.png")
    assert "<audio" in page(ours, job, "files/plots/deep/tone.wav")
    drawn = ours.client().get(ours.page(f"jobs/{job.pk}/pictures/thumbnail/plots/loss.png"))
    assert drawn["Content-Type"] == "image/webp"


def test_a_file_that_the_job_wrote_anew_is_shown_anew(ours: Tenant, job: Job) -> None:
    assert "dog" in page(ours, job, "files/metrics.csv")
    file = storage.output_folder(job.pk, 1) / "metrics.csv"
    file.write_bytes(samples.a_csv().replace(b"dog", b"cow"))
    os.utime(file, ns=(1, 1))
    shown = page(ours, job, "files/metrics.csv")
    assert ("cow" in shown, "dog" in shown) == (True, False)


def test_a_link_out_of_the_outputs_shows_nothing(ours: Tenant, job: Job, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("another tenant's")
    (storage.output_folder(job.pk, 1) / "link.txt").symlink_to(tmp_path / "secret.txt")
    for kind in ("files/", "pictures/thumbnail/", "sounds/", "outputs/"):
        assert ours.client().get(ours.page(f"jobs/{job.pk}/{kind}link.txt")).status_code == 404


def test_outputs_come_as_a_zip_once_the_job_has_ended(ours: Tenant, job: Job) -> None:
    address = ours.page(f"jobs/{job.pk}/archive/")
    assert ours.client().get(address).status_code == 409
    assert "/archive/" not in page(ours, job)
    Job.objects.filter(pk=job.pk).update(state=State.CANCELLED)
    assert "/archive/" in page(ours, job)
    content = b"".join(ours.client().get(f"{address}?folder=plots"))
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["deep/tone.wav", "loss.png"]


@pytest.mark.parametrize("path", ["", "files/metrics.csv", "pictures/thumbnail/plots/loss.png", "archive/"])
def test_nobody_else_sees_them(ours: Tenant, theirs: Tenant, job: Job, path: str) -> None:
    assert theirs.client("owner").get(theirs.page(f"jobs/{job.pk}/{path}")).status_code == 404
