"""Datasets of one's own organization, those shared with it, and public ones; found by words and by tags."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Role
from datasets.forms import LICENCES, NewForm
from datasets.models import Dataset, Usage
from datasets.readme import summary
from datasets.selectors.listing import datasets_for
from datasets.selectors.tags import tags_of
from datasets.services import datasets as service
from datasets.services.quota import quota_of
from era_platform.common.errors import Problem
from era_platform.common.pagination import CURSOR, paginate
from era_platform.common.problems import add_to_form

PAGE = 20
MOST_TAGS = 15
OWNERS = ("mine", "shared", "public")


@require_safe
@organization_page()
def datasets(request: OrganizationRequest) -> HttpResponse:
    """datasets/datasets.html: `datasets` (each with its first words), `owner` (of OWNERS), `search`, `tag`, `tags`."""
    owner = request.GET.get("owner", "")
    owner = owner if owner in OWNERS else "mine"
    search = request.GET.get("search", "").strip()[:120].replace("\0", "")
    tag = request.GET.get("tag", "").strip()[:40].replace("\0", "")
    cursor = request.GET.get(CURSOR, "")
    found = datasets_for(request.organization, owner=owner, search=search, tag=tag)
    page = paginate(found, cursor=cursor, size=PAGE)
    context = {
        "datasets": [(each, summary(each.description)) for each in page.rows],
        "owner": owner,
        "search": search,
        "tag": tag,
        "tags": tags_of(datasets_for(request.organization, owner=owner), MOST_TAGS),
        "usage": _stored(request) if owner == "mine" else None,
        "next_cursor": page.next_cursor,
        "is_first_page": not cursor,
        "is_new": not page.rows and not search and not tag and not cursor,
    }
    return render(request, "datasets/datasets.html", context)


def _stored(request: OrganizationRequest) -> tuple[int, int]:
    """Bytes that the organization has stored, and how many it may."""
    usage = Usage.objects.filter(organization=request.organization).first() or Usage(organization=request.organization)
    return usage.stored, quota_of(usage)


@require_http_methods(["GET", "HEAD", "POST"])
@organization_page(at_least=Role.MEMBER)
def dataset_new(request: OrganizationRequest) -> HttpResponse:
    """datasets/new.html: `form`, `licences` to choose from. Who is no owner makes private ones only."""
    form = NewForm(request.POST or None, may_show=request.membership.role == Role.OWNER)
    if form.is_valid() and (made := _made(request, form)):
        messages.success(request, _("“{name}” is there. Begin a draft to bring files in.").format(name=made.name))
        return redirect("dataset", request.organization.slug, request.organization.slug, made.name)
    context = {"form": form, "licences": LICENCES}
    return render(request, "datasets/new.html", context, status=400 if form.errors else 200)


def _made(request: OrganizationRequest, form: NewForm) -> Dataset | None:
    """The dataset; None where the form now says what is wrong."""
    given = dict(form.cleaned_data)
    visibility = given.pop("visibility", "")
    try:
        made = service.create(actor=request.user, organization=request.organization, **given)
    except Problem as problem:
        add_to_form(form, problem)
        return None
    if visibility and visibility != made.visibility:
        made = service.set_visibility(actor=request.user, dataset=made, visibility=visibility)
    return made
