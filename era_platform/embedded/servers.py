"""Which servers the supervisor runs itself: those to which the environment gives no address."""

from pathlib import Path

from era_platform.embedded.account import server_account
from era_platform.embedded.addresses import given_address, last_port
from era_platform.embedded.ports import free_port
from era_platform.embedded.postgres import Postgres
from era_platform.embedded.valkey import Valkey

Server = Postgres | Valkey
KINDS: dict[str, type[Server]] = {"DATABASE_URL": Postgres, "REDIS_URL": Valkey}
FOLDERS = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}


def embedded_servers(folder: Path) -> dict[str, Server]:
    """From environment variable to the server whose address it will hold, in the order of their start."""
    account = server_account()
    return {
        variable: kind(folder / FOLDERS[variable], free_port(last_port(folder, variable)), account)
        for variable, kind in KINDS.items()
        if given_address(folder, variable) is None
    }
