"""The transfer engine as the rest of the client uses it: synchronously, with errors of one family."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from era_client import transfer
from era_client.errors import EraError, NetworkError, api_error
from era_client.http import Connection
from era_client.references import Reference
from era_client.transfer import Failure, LocalFile, Progress, RemoteFile, Report, TransferError

T = TypeVar("T")
OnProgress = Callable[[Progress], None]
STATUS = {"unauthenticated": 401, "forbidden": 403, "not_found": 404, "published": 409, "draft_gone": 409}


class PartlyFailed(EraError):
    """Some files could not be sent or fetched; the others were. `failures` says which, and why."""

    code = "partly_failed"

    def __init__(self, what: str, failures: Sequence[Failure]) -> None:
        count = len(failures)
        super().__init__(f"{count:,} {'file was' if count == 1 else 'files were'} not {what}.")
        self.failures = tuple(failures)

    def as_dict(self) -> dict[str, Any]:
        return super().as_dict() | {"failures": [vars(failure) for failure in self.failures]}


def upload(connection: Connection, draft: str, files: Sequence[LocalFile], on_progress: OnProgress | None) -> Report:
    return _run(transfer.upload(_server(connection), draft, files, on_progress=on_progress))


def download(
    connection: Connection,
    reference: Reference,
    folder: Path,
    files: Sequence[RemoteFile],
    on_progress: OnProgress | None,
) -> Report:
    return _run(transfer.download(_server(connection), str(reference), folder, files=files, on_progress=on_progress))


def listing(connection: Connection, reference: Reference, prefix: str = "") -> list[RemoteFile]:
    return _run(transfer.listing(_server(connection), str(reference), prefix=prefix))


def _server(connection: Connection) -> transfer.Server:
    return transfer.Server(connection.url, connection.token)


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except TransferError as error:
        status = STATUS.get(error.code)
        if status:
            raise api_error(status, {"code": error.code, "detail": error.detail}) from error
        raise NetworkError(error.detail, code=error.code) from error
