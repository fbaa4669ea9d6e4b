"""What changed from one version to another."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from datasets.selectors.access import find_version, version_of, versions_of
from datasets.selectors.diffs import REMOVED, diff
from datasets.selectors.files import totals_of
from datasets.views.places import addresses_of, rights

MOST_VERSIONS = 100


@require_safe
@organization_page()
def dataset_difference(request: OrganizationRequest, owner: str, name: str, version: str) -> HttpResponse:
    """datasets/difference.html: `old`, `new`, `diff`, `changes` with their addresses, `more` bytes, `versions`.

    `?against=` names the earlier version; the one published before where it is left out.
    """
    new = find_version(request.organization, owner, name, version)
    published = versions_of(request.organization, new.dataset).filter(number__isnull=False)
    earlier = published.filter(number__lt=new.number or 2**31 - 1).first()
    against = request.GET.get("against", "") or (str(earlier.number) if earlier else str(new.number or new.pk))
    old = version_of(request.organization, new.dataset, against)
    found = diff(new, old)
    totals = totals_of([old, new])
    at_old, at_new = addresses_of(request, old), addresses_of(request, new)
    context = {
        "dataset": new.dataset,
        "old": old,
        "new": new,
        "diff": found,
        "changes": [(each, (at_old if each.change == REMOVED else at_new).file(each.path)) for each in found.files],
        "more": totals[new.pk][1] - totals[old.pk][1],
        "versions": published[:MOST_VERSIONS],
        **rights(request, new.dataset),
    }
    return render(request, "datasets/difference.html", context)
