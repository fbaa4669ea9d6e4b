"""An organization's money: what it has, what is held, and every movement of it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import selectors
from accounts.guards import OrganizationRequest, organization_page
from era_platform.common.pagination import CURSOR, paginate


@require_safe
@organization_page()
def wallet(request: OrganizationRequest) -> HttpResponse:
    """accounts/wallet.html: `wallet` (balance, held, available, credit_limit: micro-credits), `transfers`
    (rows with `change`), `next_cursor` ("" on the last page; goes into `?cursor=`), `is_first_page`."""
    cursor = request.GET.get(CURSOR, "")
    page = paginate(selectors.transfers_of(request.organization), cursor=cursor)
    return render(
        request,
        "accounts/wallet.html",
        {
            "wallet": selectors.wallet_of(request.organization),
            "transfers": page.rows,
            "next_cursor": page.next_cursor,
            "is_first_page": not cursor,
        },
    )
