"""What pages and API read of people and wallets. All need the organization's scope open, but `memberships_of`."""

from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, QuerySet, Value, When
from django_scopes import scopes_disabled

from accounts.models import ApiToken, Invitation, LedgerAccount, Membership, Organization, Transfer, User
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
