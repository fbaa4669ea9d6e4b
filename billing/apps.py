"""What a team pays and has paid: payments, spending, statements."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        from accounts.services import wallets
        from billing.payments import choice
        from billing.services.payments import collect

        choice.price()  # a wrong one is told at the start
        wallets.after_paying_in.append(collect)
