"""`Authorization: Bearer <token>`: who is asking, and in which organization."""

from datetime import timedelta
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.digests import digest
from accounts.models import ApiToken, Membership, Organization, User
from era_platform.common import clock, rows

if TYPE_CHECKING:  # REST framework's views import this module by the name in its settings
    from rest_framework.views import APIView

LAST_USED_STEP = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """Sets request.user, and request.auth to the token; `token.membership` is what it may do."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed(_("The header must be “Authorization: Bearer <token>”."))
        with scopes_disabled():
            token = usable_token(words[1].decode("latin-1"))
            _note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="ERA Platform"'


class HasToken(BasePermission):
    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.auth, ApiToken)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made on the portal's tokens page."}


def usable_token(secret: str) -> ApiToken:
    """Raises AuthenticationFailed with the same words whatever is wrong: a found token tells nothing more."""
    refused = AuthenticationFailed(_("The token is not valid: it is unknown, revoked or expired."))
    token = _token(digest(secret))
    if (
        token is None
        or not token.is_usable(clock.now())
        or not token.user.is_active
        or not hasattr(token, "membership")
    ):
        raise refused
    return token


def _token(wanted: str) -> ApiToken | None:
    """The token with its user, organization and, where there still is one, their membership; in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_token_query(), [wanted])
        found = cursor.fetchone()
    if found is None:
        return None
    values = iter(found)
    token: ApiToken
    token, user, organization, membership = (
        model.from_db(connection.alias, names, list(islice(values, len(names)))) for model, names in _token_parts()
    )
    token.user, token.organization = user, organization
    if membership.pk is not None:
        membership.user, membership.organization = user, organization
        token.membership = membership
    return token


@cache
def _token_parts() -> list[tuple[Any, list[str]]]:
    models = (ApiToken, User, Organization, Membership)
    return [(model, [field.attname for field in model._meta.concrete_fields]) for model in models]


@cache
def _token_query() -> str:
    selected = ", ".join(rows.columns(model) for model, _names in _token_parts())
    return f"""
        SELECT {selected} FROM accounts_apitoken
        JOIN accounts_user ON accounts_user.id = accounts_apitoken.user_id
        JOIN accounts_organization ON accounts_organization.id = accounts_apitoken.organization_id
        LEFT JOIN accounts_membership ON accounts_membership.organization_id = accounts_apitoken.organization_id
            AND accounts_membership.user_id = accounts_apitoken.user_id
        WHERE accounts_apitoken.digest = %s
    """


def _note_use(token: ApiToken) -> None:
    """Remember when the token was last used, at most once a minute, whichever process asks."""
    now = clock.now()
    long_ago = now - LAST_USED_STEP
    if token.last_used_at is None or token.last_used_at <= long_ago:
        due = Q(last_used_at=None) | Q(last_used_at__lte=long_ago)
        ApiToken.objects.filter(due, pk=token.pk).update(last_used_at=now)
