"""Payments and what was told of them, for operators and auditors to read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ReadOnlyAdmin
from billing.models import Payment, PaymentEvent
from billing.words import money_label
from era_platform.common.money import format_credits


class Owing(admin.SimpleListFilter):
    title = _("still owed")
    parameter_name = "owing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Something"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        return queryset.filter(owed__gt=0) if self.value() else queryset


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """`still owed` is what was to be taken back from a wallet and was not there; the next money that comes pays it."""

    list_display = ("__str__", "organization", "bought", "price", "state", "back", "debt", "created_by", "created_at")
    list_filter = ("state", "currency", Owing)
    list_select_related = ("organization", "created_by")
    search_fields = ("=id", "organization__slug", "created_by__email", "=session_id", "=intent_id")

    @admin.display(description=_("credits"), ordering="credits")
    def bought(self, payment: Payment) -> str:
        return format_credits(payment.credits)

    @admin.display(description=_("price"), ordering="money")
    def price(self, payment: Payment) -> str:
        return money_label(payment.money, payment.currency)

    @admin.display(description=_("refunded, disputed"))
    def back(self, payment: Payment) -> str:
        return " · ".join(money_label(each, payment.currency) for each in (payment.refunded, payment.disputed))

    @admin.display(description=_("still owed"), ordering="owed")
    def debt(self, payment: Payment) -> str:
        return format_credits(payment.owed)


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnlyAdmin):
    """Those with a problem were handled by nothing."""

    list_display = ("event_id", "type", "payment", "problem", "created", "received_at", "handled_at")
    list_filter = ("kind", ("handled_at", admin.EmptyFieldListFilter))
    list_select_related = ("payment",)
    search_fields = ("=event_id", "=intent_id", "=session_id")
