"""Which provider there is, and what a credit costs there: from the settings."""

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from billing.payments.provider import Provider
from billing.payments.stripe_checkout import Stripe
from era_platform.common.money import MICRO

MOST_MONEY = 99_999_999
"""Of a currency's smallest unit, in one payment: Stripe takes eight digits."""


@dataclass(frozen=True)
class Price:
    """Of one credit, in the smallest unit of `currency`."""

    cents: int
    currency: str

    def of(self, credits: int) -> int:
        """Money for whole credits, given as micro-credits."""
        assert credits % MICRO == 0, "only whole credits are sold"
        return credits // MICRO * self.cents

    @property
    def most_credits(self) -> int:
        """Whole credits, in one payment."""
        return MOST_MONEY // self.cents


def is_on() -> bool:
    """Whether credits can be paid for: where there are both keys."""
    return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET)


def provider() -> Provider | None:
    if not is_on():
        return None
    return _stripe(settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_API_BASE)


def price() -> Price:
    """Raises ImproperlyConfigured."""
    cents, currency = settings.ERA_CREDIT_PRICE_CENTS, settings.ERA_CREDIT_CURRENCY
    if not 0 < cents <= MOST_MONEY:
        raise ImproperlyConfigured(f"ERA_CREDIT_PRICE_CENTS is {cents}: it must be from 1 to {MOST_MONEY}.")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise ImproperlyConfigured(f"ERA_CREDIT_CURRENCY is {currency!r}: it must have three letters, like eur.")
    return Price(cents, currency.lower())


@lru_cache(maxsize=4)
def _stripe(secret_key: str, webhook_secret: str, api_base: str) -> Stripe:
    return Stripe(secret_key=secret_key, webhook_secret=webhook_secret, api_base=api_base)
