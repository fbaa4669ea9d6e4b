"""What was asked of a pool. Who keeps the requests, an app above this one, says so once, when it is ready."""

from collections.abc import Callable

from pricing.forecasting import History
from pricing.models import Pool

Source = Callable[[Pool], History]

_sources: list[Source] = []


def comes_from(source: Source) -> None:
    """Have `asked_of` answer from `source`, which gives what a fit looks at."""
    _sources[:] = [source]


def asked_of(pool: Pool) -> History:
    """The requests of the last weeks, accepted or refused; none where nobody keeps any."""
    return _sources[0](pool) if _sources else History.of([])
