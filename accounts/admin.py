"""Users, organizations, wallets and the records about them, for operators."""

from typing import Any, ClassVar

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ReadOnlyAdmin, RecordsAdmin
from accounts.admin_top_up import top_up_page
from accounts.models import (
    ApiToken,
    AuditEvent,
    Hold,
    IdempotencyKey,
    Invitation,
    LedgerAccount,
    Membership,
    Organization,
    TopUpRequest,
    Transfer,
    User,
)
from accounts.services import audit, users
from era_platform.common.money import format_credits


class NewUserForm(BaseUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Nobody is deleted, since records name them: take `active` away instead."""

    list_display = ("email", "name", "is_active", "is_staff", "staff_role", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "staff_role")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined")
    add_form = NewUserForm
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("May"), {"fields": ("is_active", "is_staff", "staff_role", "is_superuser", "groups", "user_permissions")}),
        (_("When"), {"fields": ("last_login", "date_joined")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if not change:
            users.enrol(user=obj, actor=_operator(request))
            return
        super().save_model(request, obj, form, change)
        if form.changed_data:
            audit.record("user.changed", actor=_operator(request), target=obj, fields=sorted(form.changed_data))


class MembershipInline(admin.TabularInline):
    model = Membership
    autocomplete_fields = ("user",)
    extra = 0
    readonly_fields = ("created_at",)


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    """New ones are made by their people, and come with a wallet; none is deleted, since the ledger names them."""

    list_display = ("slug", "name", "kind", "available", "created_at")
    list_filter = ("kind",)
    search_fields = ("slug", "name", "memberships__user__email")
    readonly_fields = ("slug", "kind", "created_at")
    inlines = (MembershipInline,)
    actions = ("top_up",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        return super().get_queryset(request).prefetch_related("ledger_accounts")

    @admin.display(description=_("in the wallet"))
    def available(self, organization: Organization) -> str:
        wallets = (one for one in organization.ledger_accounts.all() if one.kind == LedgerAccount.Kind.WALLET)
        return ", ".join(format_credits(wallet.balance) for wallet in wallets)

    @admin.action(description=_("Top up the wallet"), permissions=["change"])
    def top_up(self, request: HttpRequest, queryset: QuerySet[Organization]) -> HttpResponseBase | None:
        return top_up_page(self, request, queryset)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("organization", "user", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("organization", "user")
    search_fields = ("organization__slug", "user__email")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("organization", "email", "role", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_select_related = ("organization",)
    search_fields = ("organization__slug", "email")
    exclude = ("digest",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "name", "organization", "user", "created_at", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("organization", "user")
    search_fields = ("prefix", "name", "organization__slug", "user__email")
    exclude = ("digest",)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "kind", "credits", "credit_limit", "created_at")
    list_filter = ("kind",)
    list_select_related = ("organization",)
    search_fields = ("organization__slug",)

    @admin.display(description=_("credits"), ordering="balance")
    def credits(self, account: LedgerAccount) -> str:
        return format_credits(account.balance)


@admin.register(Transfer)
class TransferAdmin(RecordsAdmin):
    list_display = ("id", "organization", "kind", "credits", "reference", "memo", "actor", "created_at")
    list_filter = ("kind",)
    list_select_related = ("organization", "actor")
    related: ClassVar = {"organization": "slug"}
    own = ("reference",)
    search_help_text = _("An organization's short name, or a job's whole id.")

    @admin.display(description=_("credits"), ordering="amount")
    def credits(self, transfer: Transfer) -> str:
        return format_credits(transfer.amount)


@admin.register(TopUpRequest)
class TopUpRequestAdmin(ReadOnlyAdmin):
    """What waits is decided at the desk."""

    list_display = ("requested_at", "organization", "credits", "memo", "requested_by", "state", "decided_by", "reason")
    list_filter = ("state",)
    list_select_related = ("organization", "requested_by", "decided_by")
    search_fields = ("organization__slug", "requested_by__email", "memo")

    @admin.display(description=_("credits"), ordering="amount")
    def credits(self, request: TopUpRequest) -> str:
        return format_credits(request.amount)


@admin.register(Hold)
class HoldAdmin(RecordsAdmin):
    list_display = ("reference", "organization", "amount", "captured", "released", "created_at")
    list_select_related = ("organization",)
    related: ClassVar = {"organization": "slug"}
    own = ("reference",)
    search_help_text = _("An organization's short name, or a job's whole id.")


@admin.register(AuditEvent)
class AuditEventAdmin(RecordsAdmin):
    list_display = ("at", "action", "actor", "organization", "target", "detail")
    list_select_related = ("organization", "actor")
    related: ClassVar = {"organization": "slug", "actor": "email"}
    search_help_text = _("An organization's short name, or a whole mail address. More: Desk, Who did what.")


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(RecordsAdmin):
    list_display = ("key", "organization", "reference", "created_at")
    list_select_related = ("organization",)
    related: ClassVar = {"organization": "slug"}
    search_help_text = _("An organization's short name.")


admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Deleting one lets somebody in again who has lost the second factor; its secret is shown to nobody."""

    list_display = ("user", "type", "created_at", "last_used_at")
    search_fields = ("user__email",)
    exclude = ("data",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


def _operator(request: HttpRequest) -> User:
    user: Any = request.user
    assert isinstance(user, User)
    return user
