"""Icons of @tabler/icons, read from node_modules once and drawn into the page: no font, no further request."""

import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString

_SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_ATTRIBUTES = (
    'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round" '
    'focusable="false">'
)


@lru_cache(maxsize=256)
def drawing(name: str) -> SafeString:
    """Attributes and shapes that follow `<svg `. Raises FileNotFoundError for an icon that isn't there."""
    file = Path(settings.NODE_MODULES) / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
    found = _SHAPES.search(file.read_text())
    shapes = " ".join(found[1].split()) if found else ""
    return SafeString(_ATTRIBUTES + shapes)
