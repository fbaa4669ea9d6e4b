"""What the platform needs of a payment provider, and what it is told by one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from era_platform.common.errors import Problem


class ProviderUnavailable(Problem):
    """Nothing was paid; the same order can be sent again."""

    status = 503
    code = "payments_unavailable"


class FactKind(StrEnum):
    """What an event says. REFUNDED is what has been refunded of a charge so far; DISPUTED is how a dispute stands."""

    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


@dataclass(frozen=True)
class Fact:
    """One event. Amounts are in the currency's smallest unit. Empty is what the event does not say.

    `subject` is the charge or the dispute that it is about; `holds` whether a dispute has the money at that moment, and
    `is_final` whether nothing follows.
    """

    event_id: str
    type: str
    created: datetime
    payload: dict[str, Any]
    kind: FactKind
    amount: int
    currency: str
    payment_id: UUID | None = None
    session_id: str = ""
    intent_id: str = ""
    subject: str = ""
    holds: bool = True
    is_final: bool = False
    whole: int | None = None
    """What was charged in all, where the event says it."""


@dataclass(frozen=True)
class Order:
    """What somebody is to pay for; the same `payment_id` is the same order, however often it is sent."""

    payment_id: UUID
    organization: str
    credits: str
    money: int
    currency: str
    paid_url: str
    left_url: str


@dataclass(frozen=True)
class Checkout:
    """The provider's page on which an order is paid."""

    session_id: str
    url: str


class Provider(Protocol):
    name: str

    def checkout(self, order: Order) -> Checkout:
        """Raises ProviderUnavailable, and InvalidInput for an order that nobody can pay."""

    def read_event(self, body: bytes, signature: str) -> Fact | None:
        """What a webhook says; None where it is nothing that matters here. Raises InvalidInput for a wrong signature,
        one that is too old, and for what is no event."""
