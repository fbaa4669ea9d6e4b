"""Settings that are kept in files, as a Swarm keeps its secrets."""

import os
import subprocess
import sys
from pathlib import Path

from tests.platform import PROJECT
from tests.steps import PRODUCTION

SHOW = (
    "from django.conf import settings as s;"
    "print(s.SECRET_KEY, s.DATABASES['default']['PASSWORD'], s.REDIS_URL, s.ERA_METRICS_TOKEN)"
)


def test_a_setting_is_read_from_the_file_that_its_variable_names(tmp_path: Path) -> None:
    kept = {
        "SECRET_KEY": "a-key-in-a-file",
        "DATABASE_URL": "postgres://era:sesame@database/era",
        "REDIS_URL": "redis://:open@broker/0",
        "ERA_METRICS_TOKEN": "a-token",
    }
    for name, value in kept.items():
        (tmp_path / name).write_text(value)
    files = {f"{name}_FILE": str(tmp_path / name) for name in kept}
    others = {name: value for name, value in os.environ.items() if name not in kept}
    environment = {**others, **PRODUCTION, **files, "ERA_DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SHOW], env=environment, cwd=PROJECT, capture_output=True, text=True)
    assert done.stdout.split() == ["a-key-in-a-file", "sesame", "redis://:open@broker/0", "a-token"], done.stderr
