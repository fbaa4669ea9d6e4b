"""One file that a job wrote: its page, its bytes, its picture, its sound; and a folder of them as a zip."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from datasets.views.showing import picture_answer, sound_answer, view_of, zip_answer
from era_platform.common import clock, packing
from era_platform.common.downloads import send_file
from era_platform.common.errors import Conflict, NotFound
from jobs import outputs
from jobs.views.finding import find_job
from jobs.views.folders import addresses_of, source_of

UNREADABLE = "\ufffd"
"""In the name of a file that is no UTF-8, and so can't be asked for by it."""


@require_safe
@organization_page()
def job_file(request: OrganizationRequest, job_id: UUID, path: str) -> HttpResponse:
    """jobs/file.html: `job`, `view` (datasets.views.showing.View), `crumbs`: the folders that it lies in."""
    found = find_job(request, job_id)
    source, size = source_of(found, path)
    addresses = addresses_of(request, found)
    folders = path.split("/")[:-1]
    context = {
        "job": found,
        "view": view_of(
            source,
            path,
            size,
            download=addresses.download(path),
            picture=addresses.picture(path, "picture"),
            sound=addresses.sound(path),
        ),
        "crumbs": [(part, addresses.folder("/".join(folders[: at + 1]))) for at, part in enumerate(folders)],
        "top": addresses.folder(""),
    }
    return render(request, "jobs/file.html", context)


@require_safe
@organization_page()
def job_output(request: OrganizationRequest, job_id: UUID, path: str) -> HttpResponseBase:
    found = find_job(request, job_id)
    return send_file(request, outputs.open_output(found.pk, path), path.rsplit("/", 1)[-1])


@require_safe
@organization_page()
def job_picture(request: OrganizationRequest, job_id: UUID, side: str, path: str) -> HttpResponse:
    source, _size = source_of(find_job(request, job_id), path)
    return picture_answer(request, source, side)


@require_safe
@organization_page()
def job_sound(request: OrganizationRequest, job_id: UUID, path: str) -> HttpResponseBase:
    found = find_job(request, job_id)
    return sound_answer(request, outputs.open_output(found.pk, path), path.rsplit("/", 1)[-1])


@require_safe
@organization_page()
def job_archive(request: OrganizationRequest, job_id: UUID) -> HttpResponseBase:
    """What lies in a folder, or in all of them, once the job has ended: until then its files come and go."""
    found = find_job(request, job_id)
    folder = request.GET.get("folder", "").strip("/")
    prefix = f"{folder}/" if folder else ""
    listed = (file for file in outputs.listing(found.pk) if file.path.startswith(prefix))
    files = [file for file in listed if UNREADABLE not in file.path]
    if not files:
        raise NotFound(_("The job wrote no files there."))
    if not found.is_final:
        raise Conflict(_("The job still writes; its files can be had as a zip when it has ended."), code="not_ended")
    name = f"{found.name}{'-' + folder.rpartition('/')[2] if folder else ''}.zip"
    packed = [
        packing.Packed(file.path.removeprefix(prefix), file.size, partial(outputs.open_output, found.pk, file.path))
        for file in files
    ]
    return zip_answer(lambda: packed, found.finished_at or clock.now(), name)
