"""The doors to an organization: each gives back the membership it let through, and opens the tenant's scope.

Somebody else's organization and one that isn't there look the same (NotFound); one's own without the
right role is Forbidden. Outside a scope, queries over tenants' rows raise.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django_scopes import scope, scopes_disabled

from accounts.models import Membership, Organization, Role, User
from era_platform.common.errors import Forbidden, NotFound

LAST_ORGANIZATION = "organization"  # session key: the slug of the organization last looked at

Page = Callable[..., HttpResponseBase]


class SignedInRequest(HttpRequest):
    user: User


class OrganizationRequest(SignedInRequest):
    """What a view under /o/<org>/ is given."""

    organization: Organization
    membership: Membership


def membership_for(user: User | AnonymousUser, slug: str, *, at_least: Role = Role.VIEWER) -> Membership:
    """The user's membership of organization `slug`. Raises NotFound, or Forbidden if the role is too low."""
    with scopes_disabled():
        membership = (
            Membership.objects.select_related("organization", "user")
            .filter(user_id=user.pk or 0, organization__slug=slug)
            .first()
        )
    if membership is None:
        raise NotFound(_("There is no organization “{slug}”, or you are not a member of it.").format(slug=slug))
    require(membership, at_least)
    return membership


def organization_for(user: User | AnonymousUser, slug: str, *, at_least: Role = Role.VIEWER) -> Organization:
    """The organization `slug`, if the user is in it with this role; raises as `membership_for` does."""
    return membership_for(user, slug, at_least=at_least).organization


def require(membership: Membership, at_least: Role) -> None:
    """Raises Forbidden unless the membership's role may do what `at_least` may."""
    role = Role(membership.role)
    if role.rank < at_least.rank:
        raise Forbidden(
            _("This needs the role “{needed}” in {organization}; yours is “{role}”. Ask one of its owners.").format(
                needed=at_least.label, organization=membership.organization.name, role=role.label
            ),
            needed=at_least.value,
            role=role.value,
        )


def organization_page(*, at_least: Role = Role.VIEWER) -> Callable[[Page], Page]:
    """For views under /o/<org>/: signs in, checks, sets request.organization and request.membership, opens the scope.

    The view itself gets `request` and what its URL names besides `org`.
    """

    def decorate(view: Page) -> Page:
        @wraps(view)
        @login_required
        def page(request: HttpRequest, org: str, **kwargs: Any) -> HttpResponseBase:
            membership = membership_for(request.user, org, at_least=at_least)
            tenant_request = cast(OrganizationRequest, request)
            tenant_request.membership = membership
            tenant_request.organization = membership.organization
            if request.session.get(LAST_ORGANIZATION) != org:
                request.session[LAST_ORGANIZATION] = org
            with scope(organization=membership.organization):
                response = view(tenant_request, **kwargs)
                return finish_in_scope(response, membership.organization)

        return page

    return decorate


def finish_in_scope(response: HttpResponseBase, organization: Organization) -> HttpResponseBase:
    """Do within the scope what Django would do after the view: render a template, produce a stream."""
    patch_cache_control(response, private=True)
    if isinstance(response, SimpleTemplateResponse):
        return response.render()
    if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
        chunks = response.streaming_content
        if isinstance(chunks, AsyncIterator):
            response.streaming_content = _scoped_async(chunks, organization)
        else:
            response.streaming_content = _scoped(iter(chunks), organization)
    return response


def _scoped(chunks: Iterator[bytes], organization: Organization) -> Iterator[bytes]:
    # The scope is opened for each chunk: between two of them other requests' code runs.
    while True:
        with scope(organization=organization):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


async def _scoped_async(chunks: AsyncIterator[bytes], organization: Organization) -> AsyncIterator[bytes]:
    while True:
        with scope(organization=organization):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk
