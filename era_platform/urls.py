"""Every address of the platform: pages, API, and what operators ask."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from era_platform.common import error_views
from era_platform.health import healthz, readyz
from era_platform.metrics import metrics


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing here is for search engines."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


api: list[URLPattern | URLResolver] = [
    path("schema", SpectacularAPIView.as_view(), name="api-schema"),
    path("", include("accounts.api_urls")),
    path("", include("notifications.api_urls")),
    path("", include("pricing.api_urls")),
    path("", include("datasets.api_urls")),
    path("", include("jobs.api_urls")),
    path("", include("billing.api_urls")),
]
docs = SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html")
catalog = cache_control(max_age=3600, private=True)(JavaScriptCatalog.as_view(packages=["era_platform"]))

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("robots.txt", robots, name="robots"),
    path("api/v1/", include(api)),
    path("api/docs", docs, name="api-docs"),
    path("jsi18n/", catalog, name="javascript-catalog"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("pricing.urls")),
    path("", include("datasets.urls")),
    path("", include("jobs.urls")),
    path("", include("billing.urls")),
]

handler400 = error_views.bad_request
handler403 = error_views.permission_denied
handler404 = error_views.page_not_found
handler500 = error_views.server_error
