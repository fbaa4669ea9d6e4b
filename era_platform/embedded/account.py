"""The unprivileged user that PostgreSQL and Valkey run as where the platform runs as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from era_platform.embedded.access import let_enter
from era_platform.embedded.errors import CannotStart

NAME = "era-servers"


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    def take(self, path: Path) -> None:
        """Make `path` the account's own, and the way to it passable."""
        os.chown(path, self.uid, self.gid)
        self.enter(path)

    def enter(self, path: Path) -> None:
        try:
            let_enter(path, self.uid)
        except OSError as error:
            raise CannotStart(
                f"as root it runs PostgreSQL as user {self.name}, who cannot enter {error.filename}"
                f" ({error.strerror}): allow it with chmod o+x, or move the project and ERA_DATA_DIR elsewhere"
            ) from error


def server_account() -> Account | None:
    """None where the platform is not root: then the servers run as whoever started it."""
    if os.geteuid() != 0:
        return None
    entry = _find() or _create()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _find() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", NAME]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    entry = _find()
    if entry is None:
        raise CannotStart(
            f"PostgreSQL refuses to run as root, and user {NAME} could not be made"
            f" ({made.stderr.strip()}): make it by hand, run as another user, or set DATABASE_URL"
        )
    return entry
