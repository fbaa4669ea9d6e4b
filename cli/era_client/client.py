"""The platform from Python: one object, with the calls of the REST API as methods."""

from functools import cached_property
from types import TracebackType
from typing import Any

from era_client import profiles
from era_client.datasets import Datasets
from era_client.http import Connection
from era_client.jobs import Jobs
from era_client.models import Me, Pool, Quote
from era_client.reading import read
from era_client.spec import JobSpec


class Client:
    """Speaks for one user in one organization.

    Without `url` and `token` it takes ERA_URL and ERA_TOKEN, else what `era login` kept (`profile` names which).
    Calls that do no harm when sent twice are tried again after a broken connection; submissions are among them, since
    each brings a key. Use it in a `with`, or close it.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, *, profile: str | None = None, timeout: float = 30.0
    ) -> None:
        used = profiles.resolve(profile, url=url, token=token)
        self.connection = Connection(used.url, used.token, timeout=timeout)
        self.jobs = Jobs(self.connection, lambda: self.me.limits)
        self.datasets = Datasets(self.connection, lambda: self.me.organization)

    @property
    def url(self) -> str:
        return self.connection.url

    @cached_property
    def me(self) -> Me:
        """Who the token speaks for; asked once."""
        return read(Me, self.connection.get("me"))

    def pools(self) -> list[Pool]:
        return [read(Pool, row) for row in self.connection.pages("pools")]

    def quote(self, spec: JobSpec, *, curve: bool = False) -> Quote:
        """What the market would answer now. It binds nobody."""
        body: dict[str, Any] = spec.ask() | ({"curve": True} if curve else {})
        return read(Quote, self.connection.call("POST", "quotes", json=body, again=True))

    def wallet(self) -> dict[str, Any]:
        """Amounts in credits, as decimal texts: balance, held, available, credit_limit."""
        found: dict[str, Any] = self.connection.get("wallet")
        return found

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
