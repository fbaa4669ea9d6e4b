"""What an organization had at a month's begin and end, and every transfer in between: the ledger, read back.

The balances are not kept by month. They are what the accounts have now, less what has moved since, read in one
statement of SQL: what a statement says can't be anything else than what the ledger says.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from accounts.models import Organization, Transfer
from accounts.selectors import transfers_of
from billing.months import Month

Kind = Transfer.Kind
TO_WALLET = {
    Kind.TOP_UP: 1,
    Kind.HOLD: -1,
    Kind.CAPTURE: 0,
    Kind.RELEASE: 1,
    Kind.REFUND: 1,
    Kind.CREDIT: 1,
    Kind.WITHDRAWAL: -1,
}
TO_HELD = {Kind.HOLD: 1, Kind.CAPTURE: -1, Kind.RELEASE: -1}
AT_ONCE = 2_000

_SUMS = """
SELECT a.wallet, a.held, t.kind, coalesce(t.within, 0), coalesce(t.since, 0), coalesce(t.count, 0)
FROM (
    SELECT max(balance) FILTER (WHERE kind = 'wallet') AS wallet, max(balance) FILTER (WHERE kind = 'held') AS held
    FROM accounts_ledgeraccount WHERE organization_id = %(organization)s
) a
LEFT JOIN (
    SELECT kind, sum(amount) FILTER (WHERE created_at < %(end)s) AS within,
        sum(amount) FILTER (WHERE created_at >= %(end)s) AS since, count(*) FILTER (WHERE created_at < %(end)s) AS count
    FROM accounts_transfer WHERE organization_id = %(organization)s AND created_at >= %(start)s GROUP BY kind
) t ON true
"""


class Funds(NamedTuple):
    """Micro-credits: what is in the wallet, and what is held for jobs."""

    wallet: int
    held: int

    @property
    def balance(self) -> int:
        return self.wallet + self.held


class Sum(NamedTuple):
    """What the transfers of one kind come to, in micro-credits."""

    kind: Kind
    transfers: int
    amount: int

    @property
    def to_wallet(self) -> int:
        return TO_WALLET[self.kind] * self.amount

    @property
    def to_balance(self) -> int:
        """What they did to all that the organization owns: nothing where money only became held, or free again."""
        return self.to_wallet + TO_HELD.get(self.kind, 0) * self.amount


@dataclass(frozen=True)
class Statement:
    """`sums` has the kinds that occurred. `is_open` while the month lasts: more may come."""

    month: Month
    opening: Funds
    closing: Funds
    sums: list[Sum]
    is_open: bool

    @property
    def count(self) -> int:
        return sum(each.transfers for each in self.sums)


def statement(organization: Organization, month: Month) -> Statement:
    """Of one month. It reads what moved since the month began."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"organization": organization.pk, "start": month.begins, "end": month.ends})
        found = cursor.fetchall()
    now = Funds(found[0][0] or 0, found[0][1] or 0)
    moved = [(Kind(kind), int(within), int(since), count) for _w, _h, kind, within, since, count in found if kind]
    closing = _before(now, [(kind, since) for kind, _within, since, _count in moved])
    opening = _before(closing, [(kind, within) for kind, within, _since, _count in moved])
    order = list(Kind)
    sums = [Sum(kind, count, within) for kind, within, _since, count in moved if count]
    sums.sort(key=lambda each: order.index(each.kind))
    return Statement(month, opening, closing, sums, month >= Month.now())


def lines(organization: Organization, month: Month) -> QuerySet[Transfer]:
    """Every transfer of the month, the first one first, each with its `change` to the wallet."""
    within = {"created_at__gte": month.begins, "created_at__lt": month.ends}
    return transfers_of(organization).filter(**within).order_by("created_at", "id")


def all_lines(organization: Organization, month: Month) -> Iterator[Transfer]:
    """The same, read piece by piece."""
    return lines(organization, month).iterator(chunk_size=AT_ONCE)


def months(organization: Organization) -> list[Month]:
    """From the present one back to the one in which the first money moved."""
    first = _first_transfer(organization)
    month, last = Month.of(first) if first else Month.now(), Month.now()
    found = [month]
    while month < last:
        month = month.next
        found.append(month)
    return found[::-1]


def _first_transfer(organization: Organization) -> datetime | None:
    oldest = Transfer.objects.filter(organization=organization).order_by("created_at")
    return oldest.values_list("created_at", flat=True).first()


def _before(funds: Funds, moved: list[tuple[Kind, int]]) -> Funds:
    """What there was before these amounts moved."""
    wallet = sum(TO_WALLET[kind] * amount for kind, amount in moved)
    held = sum(TO_HELD.get(kind, 0) * amount for kind, amount in moved)
    return Funds(funds.wallet - wallet, funds.held - held)
