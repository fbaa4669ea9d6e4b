"""How a start is refused."""

import os
import subprocess
import sys
from pathlib import Path

from era_platform.embedded.folder import PROJECT
from era_platform.embedded.ports import free_port
from tests.platform import NOT_INHERITED


def refusal(folder: Path, **variables: str) -> str:
    """The one line that `manage.py up` says on this data folder before it ends with exit code 1."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    settings = {"ERA_DATA_DIR": str(folder), "ERA_PORT": str(free_port()), **variables}
    done = subprocess.run(
        [sys.executable, str(PROJECT / "manage.py"), "up"],
        env={**inherited, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = (done.stdout + done.stderr).splitlines()
    assert (done.returncode, len(said)) == (1, 1), said
    return said[0]
