"""What is kept of payments. Spending and statements are read from jobs and the ledger."""

from billing.models.payments import Payment, PaymentEvent

__all__ = ["Payment", "PaymentEvent"]
