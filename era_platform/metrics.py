"""`metrics`: what Prometheus asks for. It tells of prices and turnover, so not everybody may read it."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from era_platform.common.metrics import CONTENT_TYPE, exposition
from jobs.gauges import JobGauges

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """With `Authorization: Bearer $ERA_METRICS_TOKEN`; where none is set, only for programs on this machine."""
    if not may_read(request):
        raise PermissionDenied
    return HttpResponse(exposition(JobGauges()), content_type=CONTENT_TYPE)


def may_read(request: HttpRequest) -> bool:
    if token := settings.ERA_METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    return _is_local(request)


def _is_local(request: HttpRequest) -> bool:
    """A proxy on this machine asks from here too, but for somebody else, and says so."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
