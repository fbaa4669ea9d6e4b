"""Drafts: begun, filled by the browser, and published or abandoned."""

import json
from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import OrganizationRequest, organization_page, require
from accounts.models import Role
from datasets import store
from datasets.forms import NoteForm
from datasets.models import Entry, Upload, Version
from datasets.selectors.access import find_draft, find_version, own_dataset
from datasets.services import drafts as service
from datasets.services import uploads
from era_platform.common.errors import Conflict, InvalidInput, NotFound, Problem

AT_ONCE = 2_000


@require_POST
@organization_page()
def draft_begin(request: OrganizationRequest, owner: str, name: str) -> HttpResponse:
    """Empty, or with the files of version `base`."""
    dataset = own_dataset(request.membership, owner, name)
    number = request.POST.get("base", "")
    base = find_version(request.organization, owner, name, number) if number else None
    try:
        draft = service.begin(actor=request.user, dataset=dataset, base=base)
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect("dataset", request.organization.slug, owner, name)
    return redirect("dataset-version", request.organization.slug, owner, name, str(draft.pk))


@require_POST
@organization_page()
def draft_publish(request: OrganizationRequest, owner: str, name: str, version: str) -> HttpResponse:
    draft = draft_at(request, owner, name, version)
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("The note is too long."), field="note")
    try:
        published = service.publish(actor=request.user, version=draft, note=form.cleaned_data["note"])
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect("dataset-version", request.organization.slug, owner, name, version)
    messages.success(request, _("It is published as version {number}.").format(number=published.number))
    return redirect("dataset", request.organization.slug, owner, name)


@require_POST
@organization_page()
def draft_abandon(request: OrganizationRequest, owner: str, name: str, version: str) -> HttpResponse:
    service.abandon(actor=request.user, version=draft_at(request, owner, name, version))
    messages.success(request, _("The draft is gone."))
    return redirect("dataset", request.organization.slug, owner, name)


@require_POST
@organization_page()
def draft_remove(request: OrganizationRequest, owner: str, name: str, version: str) -> HttpResponse:
    """Take a file, or a folder with all in it, out of the draft."""
    draft = draft_at(request, owner, name, version)
    path = request.POST.get("path", "").replace("\0", "")
    is_folder = bool(request.POST.get("is_folder"))
    gone = service.remove_files(
        actor=request.user, version=draft, paths=[] if is_folder else [path], prefix=path if is_folder else ""
    )
    messages.success(request, ngettext("{n} file is taken out.", "{n} files are taken out.", gone).format(n=gone))
    return redirect("dataset-version", request.organization.slug, owner, name, version)


@require_safe
@never_cache
@organization_page()
def draft_files(request: OrganizationRequest, owner: str, name: str, version: str) -> HttpResponseBase:
    """What the draft has, a line of JSON for each: `[path, size, sha256]`; the browser skips these."""
    draft = draft_at(request, owner, name, version)
    return StreamingHttpResponse(_lines(draft), content_type="application/x-ndjson")


@require_safe
@never_cache
@organization_page()
def draft_uploads(request: OrganizationRequest, owner: str, name: str, version: str) -> JsonResponse:
    """What is not all there yet: `uploads`, each with `id`, `path`, `size`, and `at`: how many bytes are there."""
    draft = draft_at(request, owner, name, version)
    begun = Upload.objects.filter(version=draft).order_by("path")
    return JsonResponse({"uploads": [_told(upload) for upload in begun[:1_000]], "count": begun.count()})


@require_POST
@organization_page()
def draft_discard(request: OrganizationRequest, owner: str, name: str, version: str) -> HttpResponse:
    """Forget an upload that nobody will go on with."""
    draft = draft_at(request, owner, name, version)
    upload = Upload.objects.filter(version=draft, path=request.POST.get("path", "").replace("\0", "")).first()
    if upload is None:
        raise NotFound(_("There is no such upload; it may be complete by now."))
    uploads.discard(upload=upload)
    return HttpResponse(status=204)


def draft_at(request: OrganizationRequest, owner: str, name: str, version: str) -> Version:
    """Raises NotFound, Forbidden, or Conflict where it is published."""
    own_dataset(request.membership, owner, name)
    found = find_version(request.organization, owner, name, version)
    require(request.membership, Role.MEMBER)
    if not found.is_draft:
        raise Conflict(_("Version {number} is published and never changes.").format(number=found.number))
    return find_draft(request.membership, found.pk)


def _told(upload: Upload) -> dict[str, object]:
    try:
        at = store.part_path(upload.organization_id, upload.pk).stat().st_size
    except FileNotFoundError:
        at = 0
    return {"id": str(upload.pk), "path": upload.path, "size": upload.size, "at": at}


def _lines(draft: Version) -> Iterator[bytes]:
    entries = Entry.objects.filter(version=draft).order_by("path")
    lines: list[str] = []
    for row in entries.values_list("path", "blob__size", "blob__digest").iterator(chunk_size=AT_ONCE):
        lines.append(json.dumps(row))
        if len(lines) == AT_ONCE:
            yield ("\n".join(lines) + "\n").encode()
            lines.clear()
    yield ("\n".join(lines) + "\n").encode() if lines else b""
