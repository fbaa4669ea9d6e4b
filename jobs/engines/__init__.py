"""What runs instances; `engine()` gives the one that ERA_ENGINE names."""

from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from jobs.engines.base import Engine
from jobs.engines.process import ProcessEngine
from jobs.engines.swarm import SwarmEngine

_KINDS: dict[str, type[Engine]] = {"process": ProcessEngine, "swarm": SwarmEngine}


@cache
def engine(name: str = "") -> Engine:
    """The engine called `name`, or the one in use. Raises ImproperlyConfigured for an unknown name."""
    wanted = name or settings.ERA_ENGINE
    if wanted not in _KINDS:
        raise ImproperlyConfigured(f"ERA_ENGINE is {wanted!r}; it can be {' or '.join(_KINDS)}.")
    return _KINDS[wanted]()
