"""Datasets: lists and versions over the REST API; whole folders over the transfer socket."""

from pathlib import Path

from era_client.dataset_calls import DatasetCalls, Named, named
from era_client.pulling import Pulled, pull
from era_client.pushing import Pushed, push
from era_client.transfers import OnProgress


class Datasets(DatasetCalls):
    """`client.datasets`."""

    def push(
        self,
        folder: Path | str,
        dataset: Named,
        *,
        note: str = "",
        add: bool = False,
        publish: bool = True,
        on_progress: OnProgress | None = None,
    ) -> Pushed:
        """Make a version of what is in `folder`. With `add`, files of the last version that aren't there stay.

        One that broke off is gone on with: what has arrived is not sent again.
        """
        return push(self, Path(folder), named(dataset), note=note, add=add, publish=publish, on_progress=on_progress)

    def pull(
        self, version: Named, folder: Path | str, *, prefix: str = "", on_progress: OnProgress | None = None
    ) -> Pulled:
        """Fetch a version, or what lies under `prefix`, into `folder`. What is there already is not fetched again."""
        return pull(self, named(version), Path(folder), prefix=prefix, on_progress=on_progress)
