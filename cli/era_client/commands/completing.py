"""What the shell offers after Tab: jobs, pools and datasets as they are now; nothing where that takes long or fails."""

import os
from collections.abc import Callable, Iterable

from era_client.client import Client
from era_client.errors import EraError
from era_client.profiles import PROFILE

SOON = 2.0
MOST = 30


def _offered(look: Callable[[Client], Iterable[tuple[str, str]]], incomplete: str) -> list[tuple[str, str]]:
    try:
        with Client(profile=os.environ.get(PROFILE), timeout=SOON) as client:
            client.connection.attempts = 1
            return [(word, help_) for word, help_ in look(client) if word.startswith(incomplete)]
    except EraError:
        return []


def jobs(incomplete: str) -> list[tuple[str, str]]:
    return _offered(
        lambda client: ((job.id, f"{job.name}, {job.state}") for job in client.jobs.list(most=MOST)), incomplete
    )


def pools(incomplete: str) -> list[tuple[str, str]]:
    return _offered(lambda client: ((pool.slug, pool.name) for pool in client.pools()), incomplete)


def datasets(incomplete: str) -> list[tuple[str, str]]:
    def look(client: Client) -> Iterable[tuple[str, str]]:
        return ((one.reference, one.visibility) for one, _ in zip(client.datasets.list(), range(MOST), strict=False))

    return _offered(look, incomplete)
