"""A dataset's page: what it says of itself, its latest files, its versions, who can see it and who used it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from datasets.models import Dataset, Grant, Version
from datasets.readme import paths, rendered
from datasets.selectors.access import find_dataset, find_version, versions_of
from datasets.selectors.folders import existing
from datasets.uses import uses_of
from datasets.views.places import addresses_of, folder_of_version, rights

MOST_VERSIONS = 30


@require_safe
@organization_page()
def dataset(request: OrganizationRequest, owner: str, name: str) -> HttpResponse:
    """datasets/dataset.html: `dataset`, `readme`, `version` (the latest), `folder`, `versions`, `drafts`, `uses`."""
    found = find_dataset(request.organization, owner, name)
    versions = list(versions_of(request.organization, found)[:MOST_VERSIONS])
    published = [each for each in versions if not each.is_draft]
    latest = published[0] if published else None
    if latest:
        latest.dataset = found
    context: dict[str, Any] = {
        "dataset": found,
        "readme": readme(request, found, latest),
        "versions": published,
        "drafts": [each for each in versions if each.is_draft],
        "version": latest,
        "uses": uses_of(found.pk, request.organization.slug),
        **rights(request, found),
    }
    if latest:
        context["folder"] = folder_of_version(request, latest)
    if context["is_own"]:
        context["grants"] = list(Grant.objects.filter(dataset=found))
    return render(request, "datasets/dataset.html", context)


@require_safe
@organization_page()
def dataset_version(request: OrganizationRequest, owner: str, name: str, version: str) -> HttpResponse:
    """datasets/version.html, or datasets/draft.html: `version`, `folder`, `before` (the one to compare it with)."""
    found = find_version(request.organization, owner, name, version)
    versions = versions_of(request.organization, found.dataset).filter(number__isnull=False)
    context = {
        "dataset": found.dataset,
        "version": found,
        "folder": folder_of_version(request, found),
        "versions": versions[:MOST_VERSIONS],
        "before": versions.filter(number__lt=found.number or 2**31 - 1).first(),
        **rights(request, found.dataset),
    }
    return render(request, "datasets/draft.html" if found.is_draft else "datasets/version.html", context)


def readme(request: OrganizationRequest, dataset: Dataset, latest: Version | None) -> str:
    """Its links and pictures lead to files of the latest version, where there are such files."""
    if latest is None:
        return rendered(dataset.description, file=_nowhere, picture=_nowhere)
    there = existing(latest, paths(dataset.description))
    addresses = addresses_of(request, latest)
    return rendered(
        dataset.description,
        file=lambda path: addresses.file(path) if path in there else "",
        picture=lambda path: addresses.picture(path, "picture") if path in there else "",
    )


def _nowhere(_path: str) -> str:
    return ""
