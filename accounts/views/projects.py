"""Projects of an organization: what each may spend in a month, and what it has spent of that."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors
from accounts.forms import LimitForm, NewProjectForm, ProjectForm
from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Membership, Project, Role
from accounts.services import projects as service
from era_platform.common.errors import InvalidInput, NotFound, Problem
from era_platform.common.money import format_credits
from era_platform.common.problems import add_to_form


@require_safe
@organization_page()
def projects(request: OrganizationRequest) -> HttpResponse:
    """accounts/projects.html: `projects`, `members` (each `of`, `spent`, `limit`, `percent`, `mood`), `archived`."""
    found = selectors.projects_of(request.organization)
    open_ones = [one for one in found if not one.archived_at]
    return render(
        request,
        "accounts/projects.html",
        {
            "projects": selectors.spending_of_projects(request.organization, open_ones),
            "archived": [one for one in found if one.archived_at],
            "members": selectors.spending_of_members(request.organization),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@organization_page(at_least=Role.OWNER)
def project_new(request: OrganizationRequest) -> HttpResponse:
    """accounts/project.html: `form`."""
    form = NewProjectForm(request.POST or None)
    if form.is_valid():
        try:
            made = service.create(actor=request.user, organization=request.organization, **form.cleaned_data)
        except Problem as problem:
            add_to_form(form, problem)
        else:
            messages.success(request, _("The project {name} is there.").format(name=made.name))
            return redirect("projects", request.organization.slug)
    return render(request, "accounts/project.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@organization_page(at_least=Role.OWNER)
def project(request: OrganizationRequest, project: str) -> HttpResponse:
    """accounts/project.html: `form`, `project`."""
    found = _project(request, project)
    limit = None if found.monthly_limit is None else format_credits(found.monthly_limit)
    form = ProjectForm(request.POST or None, initial={"name": found.name, "monthly_limit": limit})
    if form.is_valid():
        service.change(actor=request.user, project=found, **form.cleaned_data)
        messages.success(request, _("The project is changed."))
        return redirect("projects", request.organization.slug)
    return render(
        request, "accounts/project.html", {"form": form, "project": found}, status=400 if form.errors else 200
    )


@require_POST
@organization_page(at_least=Role.OWNER)
def project_archive(request: OrganizationRequest, project: str) -> HttpResponse:
    """Archives it, or takes it back."""
    found = _project(request, project)
    service.archive(actor=request.user, project=found, archived=found.archived_at is None)
    return redirect("projects", request.organization.slug)


@require_POST
@organization_page(at_least=Role.OWNER)
def member_limit(request: OrganizationRequest, pk: int) -> HttpResponse:
    """`monthly_limit` in the form's data; empty for none."""
    member = Membership.objects.select_related("user", "organization").filter(pk=pk).first()
    if member is None:
        raise NotFound(_("There is no such member."))
    form = LimitForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(" ".join(map(str, form.errors["monthly_limit"])), field="monthly_limit")
    service.limit_member(actor=request.user, membership=member, monthly_limit=form.cleaned_data["monthly_limit"])
    messages.success(request, _("The limit of {user} is changed.").format(user=member.user))
    return redirect("members", request.organization.slug)


def _project(request: OrganizationRequest, slug: str) -> Project:
    found: Project | None = Project.objects.filter(organization=request.organization, slug=slug).first()
    if found is None:
        raise NotFound(_("There is no project {slug}.").format(slug=slug))
    return found
