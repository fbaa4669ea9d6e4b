"""What a job is: the request that is sent, made by hand in Python or read from a job file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from era_client.moments import write_moment


@dataclass(frozen=True)
class Way:
    """Another configuration that would do just as well; `value` is the request's own where it is None."""

    units: int
    duration: int
    value: Decimal | None = None


@dataclass(frozen=True)
class JobSpec:
    """`duration` is in seconds, `value` in credits; `deadline` and `earliest` need a time zone.

    `also` names further configurations, any one of which will do. `value` may be left out of a quote only.
    """

    pool: str
    units: int
    duration: int
    deadline: datetime
    value: Decimal | int | str | None = None
    name: str = ""
    image: str = "host"
    command: tuple[str, ...] | str = ()
    earliest: datetime | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    datasets: tuple[str, ...] = ()
    nodes: int = 1
    network: bool = False
    project: str = ""
    also: tuple[Way, ...] = ()

    def ask(self) -> dict[str, Any]:
        """The part that a quote needs."""
        body: dict[str, Any] = {
            "pool": self.pool,
            "units": self._each(self.units, [way.units for way in self.also]),
            "duration": self._each(self.duration, [way.duration for way in self.also]),
            "deadline": write_moment(self.deadline),
        }
        if self.earliest is not None:
            body["earliest"] = write_moment(self.earliest)
        if self.value is not None:
            body["value"] = self._values()
        return body

    def body(self) -> dict[str, Any]:
        """All of it."""
        command = self.command if isinstance(self.command, str) else list(self.command)
        more = {"name": self.name, "image": self.image, "command": command}
        used = {
            "env": dict(self.env),
            "datasets": list(self.datasets),
            "nodes": self.nodes if self.nodes != 1 else None,
            "network": self.network,
            "project": self.project,
        }
        return self.ask() | more | {name: value for name, value in used.items() if value}

    def with_changes(self, **changes: Any) -> "JobSpec":
        return replace(self, **changes)

    def _each(self, own: int, others: list[int]) -> int | list[int]:
        return [own, *others] if others else own

    def _values(self) -> str | list[str]:
        if all(way.value is None for way in self.also):
            return _plain(self.value)
        return [_plain(self.value), *(_plain(self.value if way.value is None else way.value) for way in self.also)]


def _plain(value: Any) -> str:
    """Decimal digits, never 1E+2."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)
