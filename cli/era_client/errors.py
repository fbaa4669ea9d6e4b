"""What can go wrong, as exceptions: `detail` is for people, `code` for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class EraError(Exception):
    """The root of all that this package raises on purpose. `hint` says what to do, where that isn't in `detail`."""

    code = "error"

    def __init__(self, detail: str, *, code: str = "", hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.hint = hint

    def as_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        shown = {"code": self.code, "detail": self.detail, "hint": self.hint}
        return {name: value for name, value in shown.items() if value}


class LocalError(EraError):
    """Something on this machine: a file that can't be read, a name that can't be sent."""

    code = "local"


class UsageError(EraError):
    """What was asked for makes no sense as it stands."""

    code = "usage"


class NotConfigured(EraError):
    """There is no address or no token to use."""

    code = "not_signed_in"


class NetworkError(EraError):
    """The platform was not reached, or the connection broke; whether it has done what was asked is not known."""

    code = "network"


class DamagedTransfer(EraError):
    """What arrived is not what was sent."""

    code = "damaged"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a job file. `line` and `column` count from 1; 0 where it came from an option."""

    line: int
    column: int
    field: str
    detail: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.detail}" if self.line else self.detail


class JobFileError(EraError):
    """A job file that can't be used; `faults` has all that is wrong with it, in order."""

    code = "job_file"

    def __init__(self, path: str, faults: Sequence[Fault]) -> None:
        lines = (f"{path}:{fault}" if fault.line else str(fault) for fault in faults)
        super().__init__("\n".join(lines))
        self.path, self.faults = path, tuple(faults)

    def as_dict(self) -> dict[str, Any]:
        return super().as_dict() | {"path": self.path, "faults": [vars(fault) for fault in self.faults]}


class ApiError(EraError):
    """The platform's answer was no. `problem` is the whole of its RFC 9457 problem."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        detail = str(problem.get("detail") or problem.get("title") or f"The platform answered {status}.")
        super().__init__(detail, code=str(problem.get("code") or f"http_{status}"))
        self.status = status
        self.problem = dict(problem)
        self.field = str(problem.get("field") or "")
        self.request_id = str(problem.get("request_id") or "")

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Each field that is wrong, where several are: `field`, `detail`, `code`."""
        found = self.problem.get("errors")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def as_dict(self) -> dict[str, Any]:
        return super().as_dict() | self.problem | {"status": self.status}


class Invalid(ApiError):
    """400, 422: a field can't be taken."""


class NotSignedIn(ApiError):
    """401: the token is unknown, revoked or expired."""


class InsufficientFunds(ApiError):
    """402: the wallet holds less than the price."""


class Forbidden(ApiError):
    """403: one's own thing, without the right role."""


class NotFound(ApiError):
    """404: not there, or somebody else's."""


class Conflict(ApiError):
    """409: not possible in the present state."""


class TooLarge(ApiError):
    """413, 507: more than is taken, or than there is room for."""


class ServerError(ApiError):
    """5xx: something went wrong at the platform."""


BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: NotSignedIn,
    402: InsufficientFunds,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: Invalid,
    507: TooLarge,
}


def api_error(status: int, problem: Mapping[str, Any]) -> ApiError:
    kind = BY_STATUS.get(status, ServerError if status >= 500 else ApiError)
    return kind(status, problem)
