"""Who is in an organization, in which role. An organization always has an owner."""

from django.db import transaction
from django.utils.translation import gettext as _
from django_scopes import scope

from accounts.models import ApiToken, Membership, Organization, Role, User
from accounts.services import audit
from era_platform.common import clock
from era_platform.common.errors import Conflict, NotFound


@transaction.atomic(durable=True)
def change_role(*, actor: User, membership: Membership, role: Role) -> None:
    """Raises Conflict if the organization would be left without an owner."""
    organization = membership.organization
    with scope(organization=organization):
        locked = _lock(membership)
        before = locked.role
        if before == role:
            return
        _keep_an_owner(locked)
        locked.role = role
        locked.save(update_fields=["role"])
    audit.record(
        "member.role_changed",
        actor=actor,
        organization=organization,
        target=membership.user,
        before=before,
        role=role.value,
    )


@transaction.atomic(durable=True)
def remove(*, actor: User, membership: Membership) -> None:
    """Take somebody out of an organization, or leave it; the person's tokens for it end at once.

    Raises Conflict if the organization would be left without an owner.
    """
    organization, user = membership.organization, membership.user
    with scope(organization=organization):
        locked = _lock(membership)
        _keep_an_owner(locked)
        revoked = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=clock.now())
        locked.delete()
    action = "member.left" if actor == user else "member.removed"
    audit.record(action, actor=actor, organization=organization, target=user, tokens_revoked=revoked)


def _lock(membership: Membership) -> Membership:
    """The membership as it is now. The organization's row is locked, so that two owners can't leave at once."""
    Organization.objects.select_for_update(no_key=True).get(pk=membership.organization_id)
    present = Membership.objects.filter(pk=membership.pk).first()
    if present is None:
        raise NotFound(_("{user} is no longer a member.").format(user=membership.user))
    return present


def _keep_an_owner(membership: Membership) -> None:
    others = Membership.objects.filter(role=Role.OWNER).exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.exists():
        raise Conflict(
            _("{user} is the last owner of {organization}; make somebody else an owner first.").format(
                user=membership.user, organization=membership.organization.name
            ),
            code="last_owner",
        )
