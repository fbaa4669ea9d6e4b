"""What all operators' pages share: they see every tenant, need the portal's own sign-in, and leave records alone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

View = Callable[..., Any]


class OperatorSite(admin.AdminSite):
    """The one place where tenants' scopes are off. Signing in goes through the portal, second factor included."""

    site_title = _("ERA Platform")
    site_header = _("ERA Platform: operators")
    index_title = _("Everything there is")

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # type: ignore[override]
        return super().admin_view(_unscoped(view), cacheable)

    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().login(request, extra_context)


class ReadOnlyAdmin(admin.ModelAdmin):
    """For what is only ever appended by the services: nothing to add, change or delete, and no actions."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _unscoped(view: View) -> View:
    """The view with scopes off until its page is rendered."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with scopes_disabled():
            response = view(request, *args, **kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response

    return page
