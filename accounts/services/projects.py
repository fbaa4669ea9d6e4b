"""Projects and the limits of members: made and changed by an organization's owners."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_scopes import scope

from accounts.models import Membership, Organization, Project, User
from accounts.services import audit
from era_platform.common import clock
from era_platform.common.errors import Conflict, InvalidInput
from era_platform.common.money import MAX_AMOUNT, format_credits


def create(
    *, actor: User, organization: Organization, slug: str, name: str, monthly_limit: int | None = None
) -> Project:
    """Raises Conflict if there is one of that short name, InvalidInput for a limit that is none."""
    _check(monthly_limit)
    project = Project(organization=organization, slug=slug, name=name, monthly_limit=monthly_limit)
    with scope(organization=organization):
        project.clean_fields(exclude=["organization"])
        try:
            with transaction.atomic():
                project.save(force_insert=True)
                _write_down("project.created", actor, project, name=name, monthly_limit=_told(monthly_limit))
        except IntegrityError as error:
            text = _("There is a project {slug} already; choose another short name.")
            raise Conflict(text.format(slug=slug), field="slug") from error
    return project


@transaction.atomic
def change(*, actor: User, project: Project, name: str, monthly_limit: int | None) -> None:
    """A limit below what is spent already stops what comes next; it takes nothing back."""
    _check(monthly_limit)
    was = {"name": project.name, "monthly_limit": _told(project.monthly_limit)}
    now = {"name": name, "monthly_limit": _told(monthly_limit)}
    if was == now:
        return
    with scope(organization=project.organization):
        Project.objects.filter(pk=project.pk).update(name=name, monthly_limit=monthly_limit)
        _write_down("project.changed", actor, project, was=was, now=now)
    project.name, project.monthly_limit = name, monthly_limit


@transaction.atomic
def archive(*, actor: User, project: Project, archived: bool) -> None:
    """Take no more jobs for it, or take them again; those that are there stay."""
    at = clock.now() if archived else None
    with scope(organization=project.organization):
        if Project.objects.filter(pk=project.pk, archived_at__isnull=archived).update(archived_at=at):
            _write_down("project.archived" if archived else "project.reopened", actor, project)


@transaction.atomic
def limit_member(*, actor: User, membership: Membership, monthly_limit: int | None) -> None:
    """What this person may spend in a calendar month, whatever the project; None: as much as there is."""
    _check(monthly_limit)
    organization = membership.organization
    with scope(organization=organization):
        was = membership.monthly_limit
        Membership.objects.filter(pk=membership.pk).update(monthly_limit=monthly_limit)
        audit.record(
            "member.limited",
            actor=actor,
            organization=organization,
            target=membership.user,
            was=_told(was),
            now=_told(monthly_limit),
        )
    membership.monthly_limit = monthly_limit


def _check(limit: int | None) -> None:
    if limit is not None and not 0 <= limit <= MAX_AMOUNT:
        text = _("A limit must be 0 or more, not {limit}.")
        raise InvalidInput(text.format(limit=format_credits(limit)), field="monthly_limit")


def _told(limit: int | None) -> str | None:
    return None if limit is None else format_credits(limit)


def _write_down(action: str, actor: User, project: Project, **detail: object) -> None:
    audit.record(action, actor=actor, organization=project.organization, target=project.slug, **detail)
