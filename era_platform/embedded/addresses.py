"""Where the embedded servers can be reached, kept in the data folder for other commands of `manage.py`."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from era_platform.embedded.secret import write_private


def recall_addresses(folder: Path) -> None:
    """Put the addresses of the last start into the environment, unless others are given there."""
    for name, url in _kept(folder).items():
        os.environ.setdefault(name, url)


def keep_addresses(folder: Path, addresses: dict[str, str]) -> None:
    write_private(_file(folder), "".join(f"{name}={url}\n" for name, url in addresses.items()))


def given_address(folder: Path, variable: str) -> str | None:
    """The address of a server that is not ours, if the environment names one."""
    url = os.environ.get(variable)
    return url if url != _kept(folder).get(variable) else None


def last_port(folder: Path, variable: str) -> int | None:
    url = _kept(folder).get(variable)
    return urlsplit(url).port if url else None


def _kept(folder: Path) -> dict[str, str]:
    if not _file(folder).exists():
        return {}
    return dict(line.split("=", 1) for line in _file(folder).read_text().splitlines())


def _file(folder: Path) -> Path:
    return folder / "servers.env"
