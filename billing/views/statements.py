"""Monthly statements: as a page, as a PDF and as a table for other programs."""

import csv
from collections.abc import Iterator
from tempfile import TemporaryFile

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from accounts.guards import OrganizationRequest, organization_page
from accounts.models import Transfer
from accounts.words import transfer_label
from billing import pdf
from billing.months import Month
from billing.selectors import statements
from billing.words import month_label
from era_platform.common.moments import format_moment
from era_platform.common.money import format_credits
from era_platform.common.pagination import CURSOR, paginate

HEADS = ("number", "at", "kind", "amount", "to_wallet", "job", "memo")


@require_safe
@organization_page()
def statement_list(request: OrganizationRequest) -> HttpResponse:
    """billing/statements.html: `months` (each `month`, `label`, `is_open`), the present one first."""
    now = Month.now()
    found = statements.months(request.organization)
    months = [{"month": str(month), "label": month_label(month), "is_open": month == now} for month in found]
    return render(request, "billing/statements.html", {"months": months})


@require_safe
@organization_page()
def statement(request: OrganizationRequest, month: str) -> HttpResponse:
    """billing/statement.html: `statement`, `sums` (each with its label), `label`, and a page of `transfers`."""
    wanted, cursor = Month.wanted(month), request.GET.get(CURSOR, "")
    found = statements.statement(request.organization, wanted)
    page = paginate(statements.lines(request.organization, wanted), cursor=cursor)
    context = {
        "month": str(wanted),
        "label": month_label(wanted),
        "statement": found,
        "sums": [{"label": transfer_label(each.kind), "sum": each} for each in found.sums],
        "transfers": page.rows,
        "next_cursor": page.next_cursor,
        "is_first_page": not cursor,
    }
    return render(request, "billing/statement.html", context)


@require_safe
@organization_page()
def statement_pdf(request: OrganizationRequest, month: str) -> HttpResponseBase:
    wanted = Month.wanted(month)
    file = TemporaryFile()  # noqa: SIM115 (the answer closes it)
    found = statements.statement(request.organization, wanted)
    pdf.write(file, request.organization, found, statements.all_lines(request.organization, wanted))
    file.seek(0)
    name = f"statement-{request.organization.slug}-{wanted}.pdf"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/pdf")


@require_safe
@organization_page()
def statement_csv(request: OrganizationRequest, month: str) -> HttpResponseBase:
    wanted = Month.wanted(month)
    name = f"statement-{request.organization.slug}-{wanted}.csv"
    return StreamingHttpResponse(
        _rows(statements.all_lines(request.organization, wanted)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
    )


class _Line:
    """What csv writes a row into."""

    def write(self, text: str) -> str:
        return text


def _rows(lines: Iterator[Transfer]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(HEADS)
    for line in lines:
        change: int = line.change  # type: ignore[attr-defined]  # annotated by transfers_of
        amounts = (format_credits(line.amount), format_credits(change))
        yield writer.writerow(
            (line.pk, format_moment(line.created_at), line.kind, *amounts, line.reference or "", as_text(line.memo))
        )


def as_text(memo: str) -> str:
    """So that no spreadsheet takes it for a formula."""
    return f"'{memo}" if memo[:1] in ("=", "+", "-", "@", "\t", "\r") else memo
