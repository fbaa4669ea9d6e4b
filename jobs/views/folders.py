"""The files that a job wrote as people look through them: their addresses, folders, and what previews are made of."""

import hashlib
import os
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from accounts.guards import OrganizationRequest
from datasets.browsing import Asked, Folder, folder_of
from datasets.looking import Source
from era_platform.common import storage
from jobs import outputs
from jobs.models import Job


@dataclass(frozen=True)
class OutputAddresses:
    org: str
    job_id: UUID
    is_final: bool

    def folder(self, path: str) -> str:
        query = f"?{urlencode({'folder': path})}" if path else ""
        return f"{reverse('job', args=[self.org, self.job_id])}{query}#job-outputs"

    def file(self, path: str) -> str:
        return self._of("job-file", path)

    def download(self, path: str) -> str:
        return self._of("job-output", path)

    def archive(self, path: str) -> str:
        if not self.is_final:
            return ""
        query = f"?{urlencode({'folder': path})}" if path else ""
        return reverse("job-archive", args=[self.org, self.job_id]) + query

    def picture(self, path: str, side: str) -> str:
        return reverse("job-picture", args=[self.org, self.job_id, side, path])

    def sound(self, path: str) -> str:
        return self._of("job-sound", path)

    def _of(self, name: str, path: str) -> str:
        return reverse(name, args=[self.org, self.job_id, path])


def addresses_of(request: OrganizationRequest, job: Job) -> OutputAddresses:
    return OutputAddresses(request.organization.slug, job.pk, job.is_final)


def folder_of_job(request: OrganizationRequest, job: Job) -> Folder:
    """The folder of the outputs that the query asks for."""
    files = [(file.path, file.size) for file in outputs.listing(job.pk)]
    return folder_of(files, Asked.of(request.GET.dict()), addresses_of(request, job))


def source_of(job: Job, path: str) -> tuple[Source, int]:
    """And the file's size. A job may write on: previews are of the file as it is now, by its time and size."""
    with outputs.open_output(job.pk, path) as file:
        status = os.fstat(file.fileno())
    key = hashlib.sha256(f"{path}\n{status.st_mtime_ns}\n{status.st_size}".encode()).hexdigest()
    folder = storage.job_folder(job.pk) / "previews" / key
    return Source(lambda: outputs.open_output(job.pk, path), folder), status.st_size
