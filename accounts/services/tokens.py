"""API tokens: made, and ended."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django_scopes import scope

from accounts.digests import digest, new_secret
from accounts.models import ApiToken, Membership, Organization, User
from accounts.services import audit
from era_platform.common import clock
from era_platform.common.errors import InvalidInput, NotFound

PREFIX = "era_"


@transaction.atomic(durable=True)
def create_token(
    *, actor: User, organization: Organization, name: str, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A token that speaks for the actor in `organization`, and its secret, which is nowhere else.

    Raises NotFound if the actor isn't a member, InvalidInput if `expires_at` has passed.
    """
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput(
            _("A token must expire in the future; {moment} has passed.").format(
                moment=expires_at.isoformat(timespec="minutes")
            ),
            field="expires_at",
        )
    with scope(organization=organization):
        if not Membership.objects.filter(user=actor).exists():
            raise NotFound(_("{user} is not a member of {organization}.").format(user=actor, organization=organization))
        secret = new_secret(PREFIX)
        token = ApiToken.objects.create(
            organization=organization,
            user=actor,
            name=name,
            prefix=secret[:12],
            digest=digest(secret),
            expires_at=expires_at,
        )
    audit.record("token.created", actor=actor, organization=organization, target=token, name=name)
    return token, secret


@transaction.atomic(durable=True)
def revoke_token(*, actor: User, token: ApiToken) -> None:
    """End a token at once; ending it twice is the same as once."""
    with scope(organization=token.organization):
        ended = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now())
    if ended:
        audit.record("token.revoked", actor=actor, organization=token.organization, target=token)
