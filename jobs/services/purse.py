"""What a batch may spend: the wallet, and the month's limits of its projects and of its submitter."""

from accounts.models import Organization, User
from accounts.services import budgets
from accounts.services.budgets import Left
from era_platform.common import clock
from jobs.domain import BUDGET_EXCEEDED, INSUFFICIENT_FUNDS, JobRequest
from jobs.services.submit import Checked
from pricing.domain import Offer
from pricing.models import Pool


class Purse:
    """Micro-credits that are left, request by request; the wallet's row is locked."""

    def __init__(self, organization: Organization, user: User, funds: int, checked: Checked) -> None:
        self._organization, self._user, self._checked = organization, user, checked
        self._funds = funds
        self._left: dict[tuple[int, str], list[Left]] = {}
        self._taken: dict[tuple[int, str], int] = {}

    def take(self, request: JobRequest, pool: Pool, offer: Offer) -> str:
        """Spend the offer's price; else why it can't be spent."""
        if offer.total > self._funds:
            return INSUFFICIENT_FUNDS
        month = month_of(pool, offer)
        limits = self._limits(month, request.project)
        if any(self._taken.get((month, each.of), 0) + offer.total > each.left for each in limits):
            return BUDGET_EXCEEDED
        self._funds -= offer.total
        for each in limits:
            self._taken[month, each.of] = self._taken.get((month, each.of), 0) + offer.total
        return ""

    def _limits(self, month: int, project: str) -> list[Left]:
        """What is left of each limit before this batch, read once."""
        if (month, project) not in self._left:
            found = self._checked.projects.get(project)
            self._left[month, project] = budgets.left(self._organization, self._user, found, month)
        return self._left[month, project]


def month_of(pool: Pool, offer: Offer) -> int:
    return budgets.month_of(clock.slot_start(offer.start_slot, pool.slot_seconds))
