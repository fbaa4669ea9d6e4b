"""Datasets for operators: what there is, and how much each organization stores and may."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import ReadOnlyAdmin
from accounts.models import User
from datasets.models import Dataset, Usage, Version
from datasets.services import quota


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "visibility", "last_number", "created_by", "updated_at", "deleted_at")
    list_filter = ("visibility",)
    list_select_related = ("organization", "created_by")
    search_fields = ("name", "organization__slug")
    ordering = ("organization__slug", "name")


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "files", "bytes_", "created_by", "created_at", "published_at", "deleted_at")
    list_select_related = ("dataset__organization", "created_by")
    search_fields = ("dataset__name", "organization__slug", "=digest")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)

    @admin.display(description=_("size"), ordering="size")
    def bytes_(self, version: Version) -> str:
        return filesizeformat(version.size)


@admin.register(Usage)
class UsageAdmin(admin.ModelAdmin):
    """What is stored is counted by the services; the quota is the operators' to set."""

    list_display = ("organization", "stored_", "quota_", "announced_")
    list_select_related = ("organization",)
    search_fields = ("organization__slug",)
    autocomplete_fields = ("organization",)
    ordering = ("-stored",)
    fields = ("organization", "stored", "quota")
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("organization", "stored") if obj else ("stored",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Usage, form: ModelForm, change: bool) -> None:
        actor: Any = request.user
        assert isinstance(actor, User)
        quota.change(actor=actor, organization=obj.organization, quota=obj.quota)

    @admin.display(description=_("stored"), ordering="stored")
    def stored_(self, usage: Usage) -> str:
        return filesizeformat(usage.stored)

    @admin.display(description=_("quota"), ordering="quota")
    def quota_(self, usage: Usage) -> str:
        return filesizeformat(quota.quota_of(usage))

    @admin.display(description=_("announced"))
    def announced_(self, usage: Usage) -> str:
        return filesizeformat(quota.announced(usage.pk))
