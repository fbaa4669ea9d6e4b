"""A monthly statement as a PDF of A4 pages: what there was, what moved, what there is, and every transfer."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import IO

import matplotlib
from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from accounts.models import Organization, Transfer
from accounts.words import transfer_label
from billing.selectors.statements import Statement
from billing.words import month_label
from era_platform.common.money import format_credits

WIDTH, HEIGHT = A4
MARGIN, LINE = 50.0, 13.0
NUMBER, WHEN, WHAT, NOTE, TO_WALLET, AMOUNT = MARGIN, 100.0, 195.0, 292.0, WIDTH - MARGIN, 470.0
NOTE_LENGTH = 22
FONTS = {"Statement": "DejaVuSans.ttf", "Statement-Bold": "DejaVuSans-Bold.ttf"}
"""DejaVu, which comes with matplotlib: it has Latin, Greek, Cyrillic and more, but no Chinese, Japanese or Korean."""


def write(file: IO[bytes], organization: Organization, statement: Statement, lines: Iterable[Transfer]) -> None:
    """`lines` may be many: none of them is kept in memory but as its page."""
    _fonts()
    title = _("Statement of {month}").format(month=month_label(statement.month))
    canvas = Canvas(file, pagesize=A4, pageCompression=1, invariant=1)
    canvas.setTitle(f"{title} · {organization.name}")
    canvas.setAuthor("ERA Platform")
    page = _Pages(canvas, title, f"{organization.name} ({organization.slug})")
    page.summary(statement)
    page.heads()
    for line in lines:
        page.line(line)
    page.end()
    canvas.save()


class _Pages:
    """Goes down the page, and on to the next one where it ends."""

    def __init__(self, canvas: Canvas, title: str, whose: str) -> None:
        self._canvas, self._title, self._whose = canvas, title, whose
        self._number = 0
        self._y = 0.0
        self._begin()

    def _begin(self) -> None:
        self._number += 1
        canvas = self._canvas
        canvas.setFont("Statement-Bold", 13)
        canvas.drawString(MARGIN, HEIGHT - 55, self._title)
        canvas.setFont("Statement", 9)
        canvas.drawString(MARGIN, HEIGHT - 70, self._whose[:90])
        canvas.drawRightString(WIDTH - MARGIN, HEIGHT - 55, "ERA Platform")
        canvas.drawRightString(WIDTH - MARGIN, 30, _("Page {number}").format(number=self._number))
        canvas.drawString(MARGIN, 30, _("Times are UTC, amounts credits."))
        self._y = HEIGHT - 100

    def summary(self, statement: Statement) -> None:
        rows = [(_("Balance at the beginning"), statement.opening.balance, True)]
        rows += [(f"{transfer_label(each.kind)} × {each.transfers}", each.to_balance, False) for each in statement.sums
                 if each.to_balance]  # fmt: skip
        end = _("Balance now; the month is not over") if statement.is_open else _("Balance at the end")
        rows += [
            (end, statement.closing.balance, True),
            (_("of which held for jobs"), statement.closing.held, False),
        ]
        for text, amount, is_bold in rows:
            self._canvas.setFont("Statement-Bold" if is_bold else "Statement", 10)
            self._canvas.drawString(MARGIN, self._y, text)
            self._canvas.drawRightString(AMOUNT, self._y, format_credits(amount))
            self._y -= 16
        self._y -= 12

    def heads(self) -> None:
        canvas = self._canvas
        canvas.setFont("Statement-Bold", 8)
        for x, text in ((NUMBER, _("No.")), (WHEN, _("When")), (WHAT, _("What")), (NOTE, _("Job or note"))):
            canvas.drawString(x, self._y, text)
        canvas.drawRightString(AMOUNT, self._y, _("Amount"))
        canvas.drawRightString(TO_WALLET, self._y, _("To the wallet"))
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, self._y - 4, WIDTH - MARGIN, self._y - 4)
        canvas.setFont("Statement", 7.5)
        self._y -= LINE + 3

    def line(self, transfer: Transfer) -> None:
        if self._y < 50:
            self._canvas.showPage()
            self._begin()
            self.heads()
        canvas, y = self._canvas, self._y
        change: int = transfer.change  # type: ignore[attr-defined]  # annotated by transfers_of
        canvas.drawString(NUMBER, y, str(transfer.pk))
        canvas.drawString(WHEN, y, f"{transfer.created_at:%Y-%m-%d %H:%M:%S}")
        canvas.drawString(WHAT, y, transfer_label(transfer.kind)[:24])
        canvas.drawString(NOTE, y, f"{str(transfer.reference or '')[:8]} {transfer.memo}".strip()[:NOTE_LENGTH])
        canvas.drawRightString(AMOUNT, y, format_credits(transfer.amount))
        canvas.drawRightString(TO_WALLET, y, format_credits(change) if change else "–")
        self._y -= LINE

    def end(self) -> None:
        self._canvas.showPage()


@cache
def _fonts() -> None:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name, file in FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
