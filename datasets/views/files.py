"""One file of a version: its page, its bytes, its picture, its sound; and a folder as a zip."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from datasets import store
from datasets.models import Entry, Version
from datasets.selectors.access import find_version
from datasets.selectors.files import find_entry, listed
from datasets.selectors.folders import below
from datasets.views.places import addresses_of, rights, source_of
from datasets.views.showing import picture_answer, sound_answer, view_of, zip_answer
from era_platform.common import packing
from era_platform.common.downloads import send_file
from era_platform.common.errors import NotFound
from era_platform.common.fields import printable


@require_safe
@organization_page()
def dataset_file(request: OrganizationRequest, owner: str, name: str, version: str, path: str) -> HttpResponse:
    """datasets/file.html: `view` (showing.View), `crumbs`: the folders that it lies in, and its `version`."""
    found, entry = _found(request, owner, name, version, path)
    addresses = addresses_of(request, found)
    view = view_of(
        source_of(found, entry),
        entry.path,
        entry.blob.size,
        download=addresses.download(entry.path),
        picture=addresses.picture(entry.path, "picture"),
        sound=addresses.sound(entry.path),
        digest=entry.blob.digest,
    )
    folders = entry.path.split("/")[:-1]
    context = {
        "dataset": found.dataset,
        "version": found,
        "view": view,
        "crumbs": [(part, addresses.folder("/".join(folders[: at + 1]))) for at, part in enumerate(folders)],
        "top": addresses.folder(""),
        **rights(request, found.dataset),
    }
    return render(request, "datasets/file.html", context)


@require_safe
@organization_page()
def dataset_download(request: OrganizationRequest, owner: str, name: str, version: str, path: str) -> HttpResponseBase:
    found, entry = _found(request, owner, name, version, path)
    return send_file(request, source_of(found, entry).open(), entry.path.rpartition("/")[2], etag=entry.blob.digest)


@require_safe
@organization_page()
def dataset_picture(
    request: OrganizationRequest, owner: str, name: str, version: str, side: str, path: str
) -> HttpResponse:
    found, entry = _found(request, owner, name, version, path)
    return picture_answer(request, source_of(found, entry), side)


@require_safe
@organization_page()
def dataset_sound(request: OrganizationRequest, owner: str, name: str, version: str, path: str) -> HttpResponseBase:
    found, entry = _found(request, owner, name, version, path)
    return sound_answer(request, source_of(found, entry).open(), entry.path.rpartition("/")[2])


def _found(request: OrganizationRequest, owner: str, name: str, version: str, path: str) -> tuple[Version, Entry]:
    found = find_version(request.organization, owner, name, version)
    return found, find_entry(found, path)


@require_safe
@organization_page()
def dataset_archive(request: OrganizationRequest, owner: str, name: str, version: str) -> HttpResponseBase:
    """A folder, or all files, as a zip; names in it begin below the folder."""
    found = find_version(request.organization, owner, name, version)
    folder = request.GET.get("folder", "").strip("/").replace("\0", "")
    if folder and not below(found, folder)[0]:
        raise NotFound(
            _("{version} has no folder {folder}.").format(version=found, folder=repr(printable(folder, 200)))
        )
    word = str(found.number) if found.number else "draft"
    called = f"{found.dataset.name}-{word}{'-' + folder.rpartition('/')[2] if folder else ''}.zip"
    files = partial(_packed, found, f"{folder}/" if folder else "")
    return zip_answer(files, found.published_at or found.created_at, called)


def _packed(version: Version, prefix: str) -> Iterator[packing.Packed]:
    for path, digest, size in listed(version.pk, prefix):
        blob = store.blob_path(version.organization_id, digest)
        yield packing.Packed(path[len(prefix) :], size, partial(_open, blob))


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")
