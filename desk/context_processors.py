"""What every page of the portal shows on top: banners, but for those that this browser has dismissed."""

import re
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from desk.selectors.banners import shown

COOKIE = "era_banners"
"""Ids of dismissed ones, with dots between; static/site/js/banners.js writes it."""


def banners(request: HttpRequest) -> dict[str, Any]:
    """`banners`: asked for only where a template shows them."""
    text = request.COOKIES.get(COOKIE, "")
    dismissed = [int(part) for part in re.findall(r"[0-9]{1,18}", text[:1000])]
    return {"banners": SimpleLazyObject(lambda: shown(dismissed))}
