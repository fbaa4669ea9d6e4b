"""A body that is being received: to a part on the store's disk, counted and hashed as it comes."""

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _

from datasets import store
from era_platform.common.errors import TooLarge


class Gathering:
    """Takes at most `most` bytes. At the end of the `with` block the part is gone, unless somebody moved it away."""

    def __init__(self, organization_id: int, most: int) -> None:
        with store.fullness_is_told():
            self.part: Path = store.part_path(organization_id, uuid4())
            self._file = self.part.open("xb", buffering=0)
        self.size = 0
        self._most = most
        self._digest = hashlib.sha256()

    def __enter__(self) -> "Gathering":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, at: TracebackType | None) -> None:
        self.discard()

    def write(self, piece: bytes) -> None:
        """Raises TooLarge, StorageFull."""
        self.size += len(piece)
        if self.size > self._most:
            raise TooLarge(_("The body has more than {most} bytes.").format(most=self._most))
        self._digest.update(piece)
        view = memoryview(piece)
        with store.fullness_is_told():
            while view:
                view = view[self._file.write(view) :]

    def finish(self) -> str:
        """No more bytes come. The digest of those that did."""
        self._file.close()
        return self._digest.hexdigest()

    def discard(self) -> None:
        self._file.close()
        self.part.unlink(missing_ok=True)
