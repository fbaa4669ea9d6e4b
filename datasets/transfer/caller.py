"""Who is at the other end of the connection, and for which organization."""

from typing import Any
from urllib.parse import parse_qs

from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from accounts.callers import memberships_of_caller
from accounts.models import Membership
from era_platform.common.errors import NotFound


@scopes_disabled()
def membership_of_caller(asgi_scope: dict[str, Any]) -> Membership:
    """By token, or by session and `?org=`. Raises Unauthenticated; NotFound where the caller is no member of it."""
    memberships = memberships_of_caller(asgi_scope).select_related("organization", "user")
    named = parse_qs(asgi_scope["query_string"].decode("latin-1")).get("org", [""])[0]
    if named or not _has_token(asgi_scope):
        memberships = memberships.filter(organization__slug=named.replace("\0", ""))
    found = memberships.first()
    if found is None:
        raise NotFound(_("There is no such organization, or you are not a member of it."))
    return found


def _has_token(asgi_scope: dict[str, Any]) -> bool:
    return any(name == b"authorization" for name, _value in asgi_scope["headers"])
