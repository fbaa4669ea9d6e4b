"""Which draft of a dataset a folder is on its way into, so that the next push goes on with it."""

import json
from collections.abc import Mapping
from pathlib import Path

from era_client import profiles
from era_client.references import Reference


class Drafts:
    """For one folder and one dataset, kept in the user's state folder."""

    def __init__(self, url: str, dataset: Reference, folder: Path) -> None:
        self._path = profiles.state_folder() / "drafts.json"
        self._key = f"{url} {dataset.dataset} {folder.resolve()}"

    def begun(self) -> str:
        return self._kept().get(self._key, "")

    def remember(self, draft: str) -> None:
        self._write(self._kept() | {self._key: draft})

    def forget(self) -> None:
        kept = self._kept()
        if kept.pop(self._key, None) is not None:
            self._write(kept)

    def _kept(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(key): str(draft) for key, draft in found.items()} if isinstance(found, dict) else {}

    def _write(self, kept: Mapping[str, str]) -> None:
        profiles.write_private(self._path, json.dumps(kept, indent=2) + "\n")
