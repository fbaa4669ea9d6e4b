"""One client process: sends what is in a folder and not yet in the draft. `python -m … FOLDER URL DRAFT`, ERA_TOKEN."""

import asyncio
import os
import sys
from pathlib import Path

from era_client import transfer
from era_client.transfer import LocalFile, Server


def files_in(folder: Path) -> list[LocalFile]:
    source = folder / "files"
    found = sorted(path for path in source.rglob("*") if path.is_file())
    return [LocalFile(path.relative_to(source).as_posix(), path, path.stat().st_size) for path in found]


def main(folder: Path, url: str, draft: str) -> None:
    server = Server(url, os.environ["ERA_TOKEN"])
    there = asyncio.run(transfer.listing(server, f"demo/{folder.name}@{draft}"))
    stored = {(file.path, file.size) for file in there}
    files = [file for file in files_in(folder) if (file.path, file.size) not in stored]
    report = asyncio.run(transfer.upload(server, draft, files))
    assert not report.failures, report.failures
    (folder / "done").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:4])
