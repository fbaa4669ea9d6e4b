"""The operators' way to see what a policy would do before it is saved."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from pricing.models import Pool
from pricing.services.preview import Preview, preview


class PolicyPages(admin.ModelAdmin):
    """Adds `<pool>/preview/` to the pages of a pool: the form comes here first, and from here to be saved."""

    def get_urls(self) -> list[URLPattern]:
        own = path("<int:pool_id>/preview/", self.admin_site.admin_view(self.preview_view), name="pricing_pool_preview")
        return [own, *super().get_urls()]

    def preview_view(self, request: HttpRequest, pool_id: int) -> HttpResponse:
        """admin/pricing/pool/preview.html: `preview`, `changes`, `given` (the form, to be sent on as it is)."""
        pool = self.get_object(request, str(pool_id))
        if not self.has_change_permission(request, pool):
            raise PermissionDenied
        page = reverse("admin:pricing_pool_change", args=[pool_id])
        if pool is None or request.method != "POST":
            return HttpResponseRedirect(page)
        form_class: Any = self.get_form(request, pool, change=True)
        form: ModelForm[Pool] = form_class(request.POST, instance=self.get_object(request, str(pool_id)))
        if not form.is_valid():
            return self.change_view(request, str(pool_id), form_url=page)
        shown = preview(pool, form.instance)
        context = {
            **self.admin_site.each_context(request),
            "title": shown.pool.name,
            "opts": self.model._meta,
            "original": pool,
            "page": page,
            "preview": shown,
            "changes": list(_told(shown, self.model)),
            "given": [
                (name, value)
                for name, values in request.POST.lists()
                if name != "csrfmiddlewaretoken" and not name.startswith("_")
                for value in values
            ],
        }
        return TemplateResponse(request, "admin/pricing/pool/preview.html", context)


def _told(shown: Preview, model: type[Model]) -> Iterator[tuple[str, object, object]]:
    for name, (now, then) in shown.changes.items():
        yield str(getattr(model._meta.get_field(name), "verbose_name", name)), now, then
