"""What all operators' pages share: they see every tenant, need the portal's own sign-in, leave records alone, and write
down whatever is done on them."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, ClassVar, cast

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, URLResolver, include, path
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from accounts.models import User
from accounts.selectors import waiting_top_ups
from accounts.services import audit

View = Callable[..., Any]


class OperatorSite(admin.AdminSite):
    """The one place where tenants' scopes are off. Signing in goes through the portal, second factor included."""

    site_title = _("ERA Platform")
    site_header = _("ERA Platform: operators")
    index_title = _("Everything there is")
    desk_urls: ClassVar[list[URLPattern]] = []
    """Of the desk's own pages; the app that has them puts them here, each within `admin.site.admin_view`."""

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [path("desk/", include(self.desk_urls)), *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """`waiting_top_ups` is counted only where a page shows it."""
        return {**super().each_context(request), "waiting_top_ups": waiting_top_ups().count}

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # type: ignore[override]
        return super().admin_view(_unscoped(_audited(view)), cacheable)

    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().login(request, extra_context)


class BoundedPaginator(Paginator):
    """Counts no further than MOST: of a table with millions of rows, all are never counted for a page of a hundred."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        """How many there are, at most MOST. What is older is found by filters and search."""
        found = cast(QuerySet[Model], self.object_list).order_by()[: self.MOST]
        return found.count()


class ReadOnlyAdmin(admin.ModelAdmin):
    """For what is only ever appended by the services: nothing to add, change or delete, and no actions."""

    actions = None
    paginator = BoundedPaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RecordsAdmin(ReadOnlyAdmin):
    """For tables of millions of rows: what is searched for is the whole of something that an index finds."""

    related: ClassVar[dict[str, str]] = {}
    """Foreign key → the field of what it points to, by whose whole text, small or large, rows are found."""
    own: ClassVar[tuple[str, ...]] = ()
    """Fields of the row itself."""

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return (*self.related, *self.own)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        if not (text := search_term.strip()):
            return queryset, False
        condition = Q()
        for field, name in self.related.items():
            pointed = self.model._meta.get_field(field).related_model
            if keys := list(pointed._base_manager.filter(**{f"{name}__iexact": text}).values_list("pk", flat=True)):
                condition |= Q(**{f"{field}__in": keys})
        for field in self.own:
            with suppress(ValidationError):
                condition |= Q(**{field: self.model._meta.get_field(field).to_python(text)})
        return queryset.filter(condition) if condition else queryset.none(), False


def _audited(view: View) -> View:
    """The view; whoever posts something to it is in the audit record before it is done, by which page and with which
    fields. The values are told by the services, which write down what they did."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD", "OPTIONS") and isinstance(request.user, User):
            audit.record(
                f"admin.{_name(request)}"[:60], actor=request.user, target=request.path[:120], **_told(request)
            )
        answer: HttpResponseBase = view(request, *args, **kwargs)
        return answer

    return page


def _name(request: HttpRequest) -> str:
    return (request.resolver_match.url_name if request.resolver_match else None) or "page"


def _told(request: HttpRequest) -> dict[str, Any]:
    fields = sorted(name for name in request.POST if name != "csrfmiddlewaretoken")
    told: dict[str, Any] = {"fields": [name[:60] for name in fields[:50]]}
    if action := request.POST.get("action"):
        told |= {"acting": action[:60], "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME)[:100]}
    return told


def _unscoped(view: View) -> View:
    """The view with scopes off until its page is rendered."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with scopes_disabled():
            response = view(request, *args, **kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response

    return page
