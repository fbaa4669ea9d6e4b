"""What pages and API read of people and wallets. All need the organization's scope open, but `memberships_of`
and `waiting_top_ups`."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django_scopes import scopes_disabled

from accounts.models import (
    ApiToken,
    Invitation,
    LedgerAccount,
    Membership,
    MonthlySpend,
    Organization,
    Project,
    TopUpRequest,
    Transfer,
    User,
)
from era_platform.common import clock

Kind = LedgerAccount.Kind


@dataclass(frozen=True)
class Wallet:
    """Micro-credits. `balance` is all that the organization owns, what is held included."""

    balance: int
    held: int
    available: int
    credit_limit: int


def wallet_of(organization: Organization) -> Wallet:
    accounts = {account.kind: account for account in LedgerAccount.objects.filter(organization=organization)}
    wallet, held = accounts[Kind.WALLET], accounts[Kind.HELD]
    return Wallet(
        balance=wallet.balance + held.balance,
        held=held.balance,
        available=wallet.balance + wallet.credit_limit,
        credit_limit=wallet.credit_limit,
    )


def transfers_of(organization: Organization) -> QuerySet[Transfer]:
    """Newest first; `change` is what each did to what can be spent, in micro-credits."""
    sign = Case(
        When(target__kind=Kind.WALLET, then=Value(1)),
        When(source__kind=Kind.WALLET, then=Value(-1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    return (
        Transfer.objects.filter(organization=organization)
        .annotate(change=sign * F("amount"))
        .select_related("actor")
        .order_by("-id")
    )


def waiting_top_ups() -> QuerySet[TopUpRequest]:
    """Of all organizations, the one that has waited longest first. To be used where scopes are off."""
    with scopes_disabled():
        waiting = TopUpRequest.objects.filter(state=TopUpRequest.State.WAITING)
        return waiting.select_related("organization", "requested_by").order_by("requested_at")


@dataclass(frozen=True)
class Spending:
    """Of this month, against a limit; micro-credits."""

    of: Project | User
    spent: int
    limit: int | None

    @property
    def percent(self) -> int | None:
        """How much of the limit is used, rounded down; None where there is no limit."""
        if self.limit is None:
            return None
        return 100 * self.spent // self.limit if self.limit else 100

    @property
    def mood(self) -> str:
        """How near the limit is: calm, half, high (from 80 %) or full."""
        percent = self.percent or 0
        return "full" if percent >= 100 else "high" if percent >= 80 else "half" if percent >= 50 else "calm"


def projects_of(organization: Organization) -> QuerySet[Project]:
    return Project.objects.filter(organization=organization).order_by("name", "slug")


def open_projects(organization: Organization) -> QuerySet[Project]:
    """Those that take jobs, with `spent` of this month."""
    counter = MonthlySpend.objects.filter(organization=organization, month=_this_month(), project=OuterRef("pk"))
    spent = Coalesce(Subquery(counter.values("amount")[:1]), 0)
    return projects_of(organization).filter(archived_at=None).annotate(spent=spent)


def spending_of_projects(organization: Organization, projects: Sequence[Project]) -> list[Spending]:
    counters = MonthlySpend.objects.filter(organization=organization, month=_this_month(), project__isnull=False)
    spent = dict(counters.values_list("project", "amount"))
    return [Spending(project, spent.get(project.pk, 0), project.monthly_limit) for project in projects]


def spending_of_members(organization: Organization) -> list[Spending]:
    """Of those who have a limit, or have spent something."""
    counters = MonthlySpend.objects.filter(organization=organization, month=_this_month(), project=None)
    spent = dict(counters.values_list("user", "amount"))
    members = members_of(organization).select_related("user")
    found = [Spending(one.user, spent.get(one.user_id, 0), one.monthly_limit) for one in members]
    return [one for one in found if one.limit is not None or one.spent]


def _this_month() -> int:
    now = clock.now()
    return now.year * 100 + now.month


def members_of(organization: Organization) -> QuerySet[Membership]:
    rank = Case(When(role="owner", then=0), When(role="member", then=1), default=2, output_field=IntegerField())
    return Membership.objects.filter(organization=organization).select_related("user").order_by(rank, "user__email")


def open_invitations(organization: Organization) -> QuerySet[Invitation]:
    """Those that could still be accepted, and those that expired without anybody taking them."""
    return Invitation.objects.filter(organization=organization, accepted_at=None, revoked_at=None).order_by("email")


def tokens_of(organization: Organization) -> QuerySet[ApiToken]:
    """Those that aren't revoked; `is_expired` says which no longer work."""
    now = clock.now()
    expired = Case(When(expires_at__lte=now, then=Value(True)), default=Value(False))
    tokens = ApiToken.objects.filter(organization=organization, revoked_at=None).select_related("user")
    return tokens.annotate(is_expired=expired).order_by("-created_at", "-id")


def memberships_of(user: User) -> list[Membership]:
    """All organizations a person is in: the personal one first, then teams by name."""
    with scopes_disabled():
        return list(
            Membership.objects.filter(user=user)
            .select_related("organization")
            .order_by("organization__kind", "organization__name", "organization__slug")
        )
