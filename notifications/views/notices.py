"""A person's notices in an organization: the list, how many are unread, and what is to be told how."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import OrganizationRequest, organization_page, require
from accounts.models import Role
from era_platform.common.errors import InvalidInput
from era_platform.common.pagination import CURSOR, paginate
from notifications import texts
from notifications.models import Kind
from notifications.selectors.notices import MOST_COUNTED, notices_of, unread
from notifications.selectors.preferences import Ways, ways_of
from notifications.services import preferences


@require_safe
@organization_page()
def notices(request: OrganizationRequest) -> HttpResponse:
    """notifications/notices.html: `rows` (`delivery`, `headline`, `link`), `newest`: as far as marking goes."""
    cursor = request.GET.get(CURSOR, "")
    page = paginate(notices_of(request.organization, request.user), cursor=cursor)
    rows = [
        {"delivery": row, "headline": texts.headline(row.notice), "link": texts.link(row.notice)} for row in page.rows
    ]
    of = {
        "rows": rows,
        "newest": page.rows[0].pk if page.rows else 0,
        "next_cursor": page.next_cursor,
        "is_first_page": not cursor,
    }
    return render(request, "notifications/notices.html", of)


@require_safe
@organization_page()
def notices_unread(request: OrganizationRequest) -> HttpResponse:
    """notifications/unread.html: `count`, and whether there are `more`. Asked for by every page now and then."""
    count = unread(request.organization, request.user)
    return render(request, "notifications/unread.html", {"count": count, "more": count >= MOST_COUNTED})


@require_POST
@organization_page()
def notices_read(request: OrganizationRequest) -> HttpResponse:
    text = request.POST.get("until", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidInput(_("“{value}” is not the number of a notice.").format(value=text[:40]), field="until")
    preferences.mark_read(actor=request.user, organization=request.organization, until=int(text) if text else None)
    return redirect("notices", org=request.organization.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@organization_page()
def notice_settings(request: OrganizationRequest) -> HttpResponse:
    """notifications/settings.html: `kinds` (`kind`, `ways`), `for_all`: these are the organization's defaults."""
    for_all = (request.POST if request.method == "POST" else request.GET).get("for") == "all"
    if for_all:
        require(request.membership, Role.OWNER)
    if request.method == "POST":
        mail, page = request.POST.getlist("mail"), request.POST.getlist("page")
        ways = {kind: Ways(kind.value in mail, kind.value in page) for kind in Kind}
        preferences.choose(actor=request.user, organization=request.organization, ways=ways, for_all=for_all)
        messages.success(request, _("Saved."))
        return redirect("notices", org=request.organization.slug)
    chosen = ways_of(request.organization, None if for_all else request.user.pk)
    of = {"kinds": [{"kind": kind, "ways": ways} for kind, ways in chosen.items()], "for_all": for_all}
    return render(request, "notifications/settings.html", of)
