"""Who is at the other end of a WebSocket. A token, if the request brought one, says who that is, else the session."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import AuthenticationFailed

from accounts.authentication import usable_token
from accounts.models import Membership

BEARER = b"bearer "


class Unauthenticated(Exception):
    """Neither a session nor a token that works."""


def memberships_of_caller(asgi_scope: dict[str, Any]) -> QuerySet[Membership]:
    """A token speaks for its own organization only, a session for all of the user's."""
    authorization = dict(asgi_scope["headers"]).get(b"authorization", b"")
    if authorization:
        # Whoever sends this header was not asked where the page came from, so the session must not count.
        return _memberships_of_header(authorization)
    user = asgi_scope.get("user")
    if user is None or not user.is_authenticated:
        raise Unauthenticated
    return Membership.objects.filter(user_id=user.pk, user__is_active=True)


def _memberships_of_header(authorization: bytes) -> QuerySet[Membership]:
    kind, secret = authorization[: len(BEARER)].lower(), authorization[len(BEARER) :].strip()
    if kind != BEARER:
        raise Unauthenticated
    try:
        token = usable_token(secret.decode("latin-1"))
    except AuthenticationFailed as error:
        raise Unauthenticated from error
    return Membership.objects.filter(user_id=token.user_id, organization_id=token.organization_id)
