"""Invitations: a place in an organization, offered by mail, taken once by the person it was sent to."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django_scopes import scope, scopes_disabled

from accounts.digests import digest, new_secret
from accounts.models import Invitation, Membership, Organization, Role, User
from accounts.services import audit
from era_platform.common import clock
from era_platform.common.errors import Conflict, Forbidden, InvalidInput, NotFound


@transaction.atomic(durable=True)
def invite(*, actor: User, organization: Organization, email: str, role: Role) -> tuple[Invitation, str]:
    """Offer a place and mail the link; an open invitation to the same address ends. Gives the link too.

    Raises InvalidInput if the address belongs to a member.
    """
    email = email.strip().lower()
    now = clock.now()
    secret = new_secret()
    with scope(organization=organization):
        # Two owners who invite the same person at once come one after the other.
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        _refuse_member(organization, email)
        Invitation.objects.filter(email=email, accepted_at=None, revoked_at=None).update(revoked_at=now)
        invitation = Invitation.objects.create(
            organization=organization,
            email=email,
            role=role,
            digest=digest(secret),
            invited_by=actor,
            expires_at=now + timedelta(days=settings.ERA_INVITATION_DAYS),
        )
    audit.record("invitation.sent", actor=actor, organization=organization, target=email, role=role.value)
    link = settings.ERA_PUBLIC_URL.rstrip("/") + reverse("invitation", args=[secret])
    # A mail server that is down doesn't undo the invitation: the owner is shown the link as well.
    transaction.on_commit(lambda: _send(invitation, link), robust=True)
    return invitation, link


@transaction.atomic(durable=True)
def accept(*, actor: User, secret: str) -> Membership:
    """Take the place offered. Raises what `find` and `check` raise."""
    invitation = find(secret)
    with scope(organization=invitation.organization):
        invitation = Invitation.objects.select_for_update().select_related("organization").get(pk=invitation.pk)
        check(invitation, actor)
        membership, is_new = Membership.objects.get_or_create(
            organization=invitation.organization, user=actor, defaults={"role": invitation.role}
        )
        if not is_new:
            raise Conflict(_("You are a member already."), code="already_member")
        invitation.accepted_at = clock.now()
        invitation.save(update_fields=["accepted_at"])
    audit.record(
        "invitation.accepted",
        actor=actor,
        organization=invitation.organization,
        target=invitation.email,
        role=invitation.role,
    )
    return membership


@transaction.atomic(durable=True)
def revoke(*, actor: User, invitation: Invitation) -> None:
    """Take an offer back. Raises Conflict if it was accepted; taking it back twice is the same as once."""
    with scope(organization=invitation.organization):
        open_ = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
        ended = open_.update(revoked_at=clock.now())
        if not ended and Invitation.objects.filter(pk=invitation.pk).exclude(accepted_at=None).exists():
            raise Conflict(_("{email} has accepted already.").format(email=invitation.email), code="accepted")
    if ended:
        audit.record("invitation.revoked", actor=actor, organization=invitation.organization, target=invitation.email)


def find(secret: str) -> Invitation:
    """The invitation this link's secret belongs to. Raises NotFound."""
    with scopes_disabled():
        invitation = (
            Invitation.objects.select_related("organization", "invited_by").filter(digest=digest(secret)).first()
        )
    if invitation is None:
        raise NotFound(_("There is no such invitation; ask for the link to be sent again."))
    return invitation


def check(invitation: Invitation, user: User | None) -> None:
    """Whether the invitation can be accepted, by this user if one is given. Raises Conflict or Forbidden if not."""
    if invitation.accepted_at is not None:
        raise Conflict(_("This invitation was accepted already."), code="invitation_accepted")
    if invitation.revoked_at is not None:
        raise Conflict(
            _("This invitation was withdrawn or replaced by a newer one; use the newest link."),
            code="invitation_revoked",
        )
    if clock.now() >= invitation.expires_at:
        raise Conflict(_("This invitation has expired; ask for a new one."), code="invitation_expired")
    if user is not None and user.email.lower() != invitation.email:
        raise Forbidden(
            _("This invitation is for {invited}; you are signed in as {user}.").format(
                invited=invitation.email, user=user.email
            ),
            code="invitation_for_another",
        )


def _refuse_member(organization: Organization, email: str) -> None:
    if Membership.objects.filter(user__email__iexact=email).exists():
        raise InvalidInput(
            _("{email} is a member of {organization} already.").format(email=email, organization=organization.name),
            field="email",
            code="already_member",
        )


def _send(invitation: Invitation, link: str) -> None:
    organization = invitation.organization
    send_mail(
        subject=_("You are invited to {organization} on ERA Platform").format(organization=organization.name),
        message=render_to_string("accounts/mail/invitation.txt", {"invitation": invitation, "link": link}),
        from_email=None,
        recipient_list=[invitation.email],
    )
