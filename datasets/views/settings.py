"""What can be changed about a dataset: its description, who can see it, and whether there is one at all."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Role
from datasets.forms import LICENCES, DescribeForm, GrantForm, VisibilityForm
from datasets.models import Dataset, Grant
from datasets.selectors.access import find_version, own_dataset
from datasets.services import datasets as service
from datasets.views.places import rights
from era_platform.common.errors import NotFound, Problem
from era_platform.common.problems import add_to_form


@require_http_methods(["GET", "HEAD", "POST"])
@organization_page()
def dataset_settings(request: OrganizationRequest, owner: str, name: str) -> HttpResponse:
    """datasets/settings.html: `form` (description, licence, tags), `visibility_form`, `grant_form`, `grants`."""
    found = own_dataset(request.membership, owner, name)
    initial = {"description": found.description, "licence": found.licence, "tags": found.tags}
    form = DescribeForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            service.describe(actor=request.user, dataset=found, **form.cleaned_data)
            messages.success(request, _("It is saved."))
            return redirect("dataset", request.organization.slug, owner, name)
        except Problem as problem:
            add_to_form(form, problem)
    return _page(request, found, form=form)


@require_POST
@organization_page()
def dataset_visibility(request: OrganizationRequest, owner: str, name: str) -> HttpResponse:
    found = own_dataset(request.membership, owner, name, at_least=Role.OWNER)
    form = VisibilityForm(request.POST)
    if not form.is_valid():
        return _page(request, found, visibility_form=form)
    service.set_visibility(actor=request.user, dataset=found, visibility=form.cleaned_data["visibility"])
    messages.success(request, _("Who can see it is changed, from now on."))
    return redirect("dataset-settings", request.organization.slug, owner, name)


@require_POST
@organization_page()
def dataset_grant(request: OrganizationRequest, owner: str, name: str) -> HttpResponse:
    found = own_dataset(request.membership, owner, name, at_least=Role.OWNER)
    form = GrantForm(request.POST)
    if form.is_valid():
        slug = form.cleaned_data["slug"].lower()
        try:
            service.grant(actor=request.user, dataset=found, slug=slug)
            messages.success(request, _("If there is an organization “{slug}”, it can see it now.").format(slug=slug))
            return redirect("dataset-settings", request.organization.slug, owner, name)
        except Problem as problem:
            add_to_form(form, problem)
    return _page(request, found, grant_form=form)


@require_POST
@organization_page()
def dataset_revoke(request: OrganizationRequest, owner: str, name: str) -> HttpResponse:
    found = own_dataset(request.membership, owner, name, at_least=Role.OWNER)
    slug = request.POST.get("slug", "")
    service.revoke(actor=request.user, dataset=found, slug=slug)
    messages.success(request, _("“{slug}” can no longer see it.").format(slug=slug))
    return redirect("dataset-settings", request.organization.slug, owner, name)


@require_POST
@organization_page()
def dataset_delete(request: OrganizationRequest, owner: str, name: str) -> HttpResponse:
    """Only for who types its name."""
    found = own_dataset(request.membership, owner, name, at_least=Role.OWNER)
    if request.POST.get("name", "").strip() != found.name:
        return _page(request, found, delete_error=_("Type “{name}” to delete it.").format(name=found.name))
    try:
        service.delete(actor=request.user, dataset=found)
    except Problem as problem:
        return _page(request, found, delete_error=problem.detail)
    messages.success(request, _("“{name}” is deleted.").format(name=found.name))
    return redirect("datasets", request.organization.slug)


@require_POST
@organization_page()
def dataset_version_delete(request: OrganizationRequest, owner: str, name: str, version: str) -> HttpResponse:
    own_dataset(request.membership, owner, name, at_least=Role.OWNER)
    found = find_version(request.organization, owner, name, version)
    if found.is_draft:
        raise NotFound(_("Version {version} is a draft; abandon it instead.").format(version=version[:40]))
    try:
        service.delete_version(actor=request.user, version=found)
        messages.success(request, _("Version {number} is deleted.").format(number=found.number))
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("dataset", request.organization.slug, owner, name)


def _page(request: OrganizationRequest, dataset: Dataset, **given: Any) -> HttpResponse:
    """The settings, with the form that was not right, if any."""
    initial = {"description": dataset.description, "licence": dataset.licence, "tags": dataset.tags}
    forms: dict[str, Form] = {
        "form": DescribeForm(initial=initial),
        "visibility_form": VisibilityForm(initial={"visibility": dataset.visibility}),
        "grant_form": GrantForm(),
    }
    context = {
        "dataset": dataset,
        "licences": LICENCES,
        "grants": list(Grant.objects.filter(dataset=dataset)),
        **forms,
        **given,
        **rights(request, dataset),
    }
    wrong = "delete_error" in given or any(form.errors for form in given.values() if isinstance(form, Form))
    return render(request, "datasets/settings.html", context, status=400 if wrong else 200)
