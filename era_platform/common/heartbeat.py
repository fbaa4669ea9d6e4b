"""Signs of life of the processes that nobody can call: worker, beat and collector leave them in Valkey.

Where ERA_SIGN_OF_LIFE names a file, they touch that as well: what looks after a container looks there.
"""

from functools import cache
from pathlib import Path

import redis
from django.conf import settings

from era_platform.common import clock

PARTS = ("worker", "beat", "collector")
PREFIX = "era:alive"
KEPT_SECONDS = 60


def touch() -> None:
    """For whatever looks after this process's container: it works."""
    if settings.ERA_SIGN_OF_LIFE:
        Path(settings.ERA_SIGN_OF_LIFE).touch()


def alive(part: str) -> None:
    """Say that `part` works; to be said at least every few seconds. Says nothing where Valkey is gone."""
    touch()
    try:
        broker().set(_key(part), clock.timestamp(), ex=KEPT_SECONDS)
    except redis.RedisError:
        return  # the broker is not ready then, and readyz says so


def forget() -> None:
    """Before the processes start: signs of the ones that ran here before say nothing about these."""
    broker().delete(*map(_key, PARTS))


def ages() -> dict[str, float | None]:
    """Seconds since each part gave its last sign of life, None where none is known. Raises redis.RedisError."""
    now, signs = clock.timestamp(), broker().mget([_key(part) for part in PARTS])
    return {part: now - float(sign) if sign else None for part, sign in zip(PARTS, signs, strict=True)}


@cache
def broker() -> redis.Redis:
    """One client for each process; it keeps its connections and is safe to use from any thread."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


def _key(part: str) -> str:
    return f"{PREFIX}:{part}"
