"""The market for operators: pools can be made and changed through the services; book and forecasts only read."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ReadOnlyAdmin, RecordsAdmin
from accounts.models import User
from era_platform.common.errors import Problem
from pricing.admin_outages import OutageAdmin
from pricing.admin_policy import PolicyPages
from pricing.admin_refunds import RefundPages
from pricing.models import BookEntry, BookSnapshot, Forecast, Pool
from pricing.selectors.capacity import capacity_ahead
from pricing.services import pools

__all__ = ["BookEntryAdmin", "BookSnapshotAdmin", "ForecastAdmin", "OutageAdmin", "PoolAdmin"]

SIZES = ("units", "headroom_units")
FIXED = ("slug", "slot_seconds", "horizon_slots")  # what reservations already rest on
SALES = ("is_open", "closed_reason")  # paused and resumed at the desk, with a reason


class PoolForm(forms.ModelForm):
    class Meta:
        model = Pool
        fields = "__all__"
        help_texts = {name: _("Micro-credits per unit and slot.") for name in pools.PRICES}


@admin.register(Pool)
class PoolAdmin(PolicyPages, RefundPages):
    form = PoolForm
    list_display = (
        "slug",
        "name",
        "units",
        "headroom_units",
        "slot_seconds",
        "floor_price",
        "list_price",
        "ceiling_price",
        "uses_forecast",
        "is_open",
    )
    search_fields = ("slug", "name")
    readonly_fields = ("book_number", "forecast_version", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, *(FIXED if obj else ()), *SALES)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Pool, form: forms.ModelForm, change: bool) -> None:
        """Units and prices go through the services, which keep the book, the forecast and the audit in step."""
        user = cast(User, request.user)
        if not change:
            super().save_model(request, obj, form, change)
            pools.open_for_sale(obj, actor=user)
            return
        changed = set(form.changed_data)
        plain = changed - {*SIZES, *pools.POLICY}
        if plain:
            Pool.objects.filter(pk=obj.pk).update(**{name: getattr(obj, name) for name in plain})
        policy = changed & set(pools.POLICY)
        if policy:
            pools.change_policy(actor=user, pool_id=obj.pk, **{name: getattr(obj, name) for name in policy})
        if changed & set(SIZES):
            pools.change_capacity(actor=user, pool_id=obj.pk, units=obj.units, headroom_units=obj.headroom_units)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With what the pool has in each slot, and where the rest is."""
        pool = self.get_object(request, object_id)
        shown = {"capacity": capacity_ahead(pool)} if pool else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A change that the market can't take (less than is promised) is told, and nothing of it is kept."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Problem as problem:
            self.message_user(request, problem.detail, messages.ERROR)
            return self.response_post_save_change(request, self.get_object(request, object_id or ""))


@admin.register(BookEntry)
class BookEntryAdmin(RecordsAdmin):
    list_display = ("pool", "number", "kind", "start_slot", "end_slot", "units", "capacity", "cause", "reference", "at")
    list_filter = ("pool", "kind", "cause")
    own = ("reference",)
    search_help_text = _("A job's whole id.")
    list_select_related = ("pool",)


@admin.register(BookSnapshot)
class BookSnapshotAdmin(ReadOnlyAdmin):
    list_display = ("pool", "number", "first_slot", "at")
    list_filter = ("pool",)
    list_select_related = ("pool",)


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyAdmin):
    list_display = ("pool", "version", "method", "floor_price", "created_at")
    list_filter = ("pool", "method")
    list_select_related = ("pool",)
