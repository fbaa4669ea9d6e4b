"""The operators' way to see what a policy would do before it is saved, and how good a pool's forecasts were."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from era_platform.common import clock
from era_platform.common.errors import InvalidInput
from pricing.models import Forecast, Pool
from pricing.selectors.accuracy import Accuracy, accuracy, aheads
from pricing.services.preview import Preview, preview


class PolicyPages(admin.ModelAdmin):
    """Adds two pages to those of a pool. To `<pool>/preview/` the form comes first, and from there to be saved;
    `<pool>/forecast/` shows what each version said against what came."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pool_id>/preview/", view(self.preview_view), name="pricing_pool_preview"),
            path("<int:pool_id>/forecast/", view(self.forecast_view), name="pricing_pool_forecast"),
            *super().get_urls(),
        ]

    def forecast_view(self, request: HttpRequest, pool_id: int) -> HttpResponse:
        """admin/pricing/pool/forecast.html: `accuracy`, `aheads` (to choose from), `chart` (numbers to draw),
        `rows` (the same as a table), `latest` (the version in use). Raises InvalidInput."""
        pool = self.get_object(request, str(pool_id))
        if not self.has_view_permission(request, pool):
            raise PermissionDenied
        if pool is None:
            return HttpResponseRedirect(reverse("admin:pricing_pool_changelist"))
        choices = aheads(pool)
        found = accuracy(pool, _chosen(request, choices)) if choices else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Forecast of {pool}").format(pool=pool.name),
            "opts": self.model._meta,
            "original": pool,
            "aheads": choices,
            "accuracy": found,
            "chart": found and _drawn(found),
            "rows": list(_rows(found)) if found else [],
            "served": [(clock.slot_start(each.made, 1), each) for each in found.served] if found else [],
            "latest": Forecast.objects.filter(pool=pool, version=pool.forecast_version).first(),
        }
        return TemplateResponse(request, "admin/pricing/pool/forecast.html", context)

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


def _chosen(request: HttpRequest, choices: list[int]) -> int:
    """`ahead` of the address in seconds; the nearest where it isn't given."""
    text = request.GET.get("ahead") or str(choices[0])
    if text not in map(str, choices):
        raise InvalidInput(
            _("ahead must be one of {choices} seconds, not “{value}”.").format(
                choices=", ".join(map(str, choices)), value=text[:40]
            ),
            field="ahead",
        )
    return int(text)


def _drawn(found: Accuracy) -> dict[str, Any]:
    """Columns for the charts: prices stand in their titles only."""
    return {
        "moments": found.moments,
        "levels": [{"said": level.said, "came": level.came} for level in found.levels],
        "served": {
            "moments": [each.made for each in found.served],
            "percent": [round(100 * each.share, 2) for each in found.served],
        },
    }


def _rows(found: Accuracy) -> Iterator[tuple[Any, list[tuple[float, float]]]]:
    """A moment, and what was said and came at each price; the last one first."""
    for at in reversed(range(len(found.moments))):
        yield clock.slot_start(found.moments[at], 1), [(level.said[at], level.came[at]) for level in found.levels]
