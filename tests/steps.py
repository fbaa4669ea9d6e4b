"""All that `make test` does, step by step, with the seconds each took. `python -m tests.steps all|checks`."""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.needs import install_what_is_missing

PROGRAMS = Path(sys.executable).parent
WHOLE = "engine or swarm or browser or load or api or platform"
APART = "deploy"  # builds all images: `make test-deploy`
ALONE = "faults"  # kills parts at moments that count: with nothing beside it
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "era_platform.settings.production",
    "SECRET_KEY": "not-a-secret-but-long-and-of-many-different-characters-0123456789",
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgres://era:era@database.example.org/era",
    "REDIS_URL": "redis://:era@broker.example.org/0",
}


@dataclass(frozen=True)
class Step:
    name: str
    command: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def passes(self) -> bool:
        print(f"--- {self.name}: {self.command}", flush=True)
        began = time.monotonic()
        environment = {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", **self.environment}
        code = subprocess.run(shlex.split(self.command), env=environment, check=False).returncode
        # After the last step nothing more is said, so that pytest's own closing line stays the last.
        if self.name != STEPS[-1].name or code != 0:
            verdict = "passed" if code == 0 else f"FAILED with exit code {code}"
            print(f"--- {self.name}: {verdict}, {time.monotonic() - began:.1f} s", flush=True)
        return code == 0


CHECKS = [
    Step("style", "ruff check --quiet ."),
    Step("layout", "ruff format --quiet --check ."),
    Step("types", "mypy ."),
    Step("imports", "lint-imports"),
    Step("migrations", "python -m tests.servers manage.py makemigrations --check --dry-run"),
    Step("deployment", "python manage.py check --deploy --fail-level WARNING", PRODUCTION),
]
TESTS = [
    Step("unit tests", f"pytest -q -n 2 -m 'not ({WHOLE} or {ALONE} or {APART})'"),
    Step("whole-system tests", f"pytest -q -n 2 --dist loadfile -m '{WHOLE}'"),
    Step("fault tests", f"pytest -q -m '{ALONE}'"),
]
STEPS = [*CHECKS, *TESTS]


def main(which: str) -> int:
    steps = CHECKS if which == "checks" else STEPS
    if steps is STEPS:
        install_what_is_missing()
    with tempfile.TemporaryDirectory(prefix="era-test-") as scratch:
        Path(scratch).chmod(0o711)  # some tests work in it as an ordinary user
        os.environ["TMPDIR"] = scratch
        failed = [step.name for step in steps if not step.passes()]
    if failed:
        print(f"Failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
