"""The banners that somebody is to see now."""

from collections.abc import Collection

from django.db.models import Q

from desk.models import Banner
from era_platform.common import clock

MOST = 3
"""At once on a page: the newest."""


def shown(dismissed: Collection[int] = ()) -> list[Banner]:
    now = clock.now()
    running = Banner.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
    return list(running.exclude(pk__in=dismissed).order_by("-id")[:MOST])
