"""The README's tour, as somebody walks it who has nothing but the wheel."""

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tests.platform import PROJECT

README = (PROJECT / "cli" / "README.md").read_text()
TOUR = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
[FROM_PYTHON] = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
WRITTEN_THERE = "http://localhost:8000"
PIP = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input"]


def installed(folder: Path) -> Path:
    """Where the programs are of an empty environment that only the wheel was installed into."""
    source = shutil.copytree(PROJECT / "cli", folder / "source", ignore=shutil.ignore_patterns("*.egg-info", "build"))
    build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    [wheel] = folder.glob("era_client-*.whl")
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    pinned = ["--constraint", str(PROJECT / "cli" / "requirements.txt")]
    subprocess.run([*PIP, "--python", str(python), "install", *pinned, str(wheel)], check=True, timeout=240)
    return python.parent


def walk(folder: Path, programs: Path, url: str, token: str) -> list[str]:
    """What each block printed, all run one after the other in one folder as typed, but for where the platform is.

    The last element is what lies in the folder then.
    """
    (folder / "token.txt").write_text(token + "\n")
    (folder / "home").mkdir()
    environment = {"HOME": str(folder / "home"), "PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    typed = [("bash", "-euo", "pipefail", "-c", block.replace(WRITTEN_THERE, url)) for block in TOUR]
    printed = []
    for command in [*typed, ("python", "-c", FROM_PYTHON)]:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, f"{command}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        printed.append(done.stdout)
    return [*printed, str(sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()))]
