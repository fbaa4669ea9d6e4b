"""Organizations: a personal one for each user, and teams."""

import secrets

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django_scopes import scope

from accounts.models import Membership, Organization, Role, User
from accounts.services import audit, ledger
from era_platform.common.errors import InvalidInput

SLUG_LENGTH = 40


@transaction.atomic(durable=True)
def create_team(*, actor: User, name: str, slug: str) -> Organization:
    """A team with a wallet of its own; the actor is its owner. Raises InvalidInput if the short name is taken."""
    try:
        with transaction.atomic():
            team = Organization.objects.create(name=name, slug=slug, kind=Organization.Kind.TEAM)
    except IntegrityError as error:
        raise InvalidInput(
            _("The short name “{slug}” is taken; choose another.").format(slug=slug), field="slug", code="taken"
        ) from error
    _set_up(team, owner=actor)
    audit.record("organization.created", actor=actor, organization=team, target=team, name=name)
    return team


@transaction.atomic(durable=True)
def rename(*, actor: User, organization: Organization, name: str) -> None:
    """Change what an organization is called. Its short name is in addresses and scripts, and stays."""
    before, organization.name = organization.name, name
    organization.save(update_fields=["name"])
    audit.record(
        "organization.renamed", actor=actor, organization=organization, target=organization, before=before, name=name
    )


def open_personal(user: User) -> Organization:
    """The user's own organization, named after the e-mail address. Part of `users.register`'s transaction."""
    local_part = user.email.split("@")[0]
    personal = _create_unique(slugify(local_part), name=user.name or local_part)
    _set_up(personal, owner=user)
    return personal


def _set_up(organization: Organization, *, owner: User) -> None:
    with scope(organization=organization):
        Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
        ledger.open_accounts(organization)


def _create_unique(wanted: str, *, name: str) -> Organization:
    """A personal organization called `wanted`, `wanted-2`, `wanted-3`, or, where all are taken, with a random end."""
    base = wanted.replace("_", "-").strip("-")[: SLUG_LENGTH - 9].strip("-") or "user"
    for slug in (base, f"{base}-2", f"{base}-3"):
        try:
            with transaction.atomic():
                return Organization.objects.create(slug=slug, name=name, kind=Organization.Kind.PERSONAL)
        except IntegrityError:
            continue
    return Organization.objects.create(
        slug=f"{base}-{secrets.token_hex(4)}", name=name, kind=Organization.Kind.PERSONAL
    )
