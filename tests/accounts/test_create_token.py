"""`manage.py create_token` as scripts use it: the token on stdout and nothing else."""

import os
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from tests.factories import Tenant, with_token


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_a_token_that_works(ours: Tenant) -> None:
    output = printed("--user", "MEMBER@ours.example.com", "--org", "ours")
    assert output.count("\n") == 1
    assert with_token(output.strip()).get("/api/v1/wallet").status_code == 200


@pytest.mark.parametrize(
    ("user", "org"), [("nobody@example.com", "ours"), ("member@ours.example.com", "theirs"), ("", "ours")]
)
def test_it_says_what_is_wrong(ours: Tenant, theirs: Tenant, user: str, org: str) -> None:
    with pytest.raises(CommandError):
        printed("--user", user, "--org", org)


def test_an_error_goes_to_stderr_with_exit_code_1(ours: Tenant) -> None:
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    command = [sys.executable, "manage.py", "create_token", "--user", "nobody@example.com", "--org", "ours"]
    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "era_platform.settings.testing"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no user nobody@example.com." in done.stderr
