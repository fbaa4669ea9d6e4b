"""A dump of the database comes back whole, as `docker/restore` brings it back: nothing in it needs a search path."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django_scopes import scopes_disabled

from desk.demo_data import making
from era_platform.embedded.postgres import binaries
from tests.datasets.ways import a_dataset
from tests.factories import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def empty() -> Iterator[str]:
    """The address of a database of its own."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
        yield address(name)
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def address(name: str) -> str:
    there = connection.settings_dict
    return f"postgres://{there['USER']}:{there['PASSWORD']}@{there['HOST']}:{there['PORT']}/{name}"


def rows(url: str) -> dict[str, int]:
    """Table → how many rows it has."""
    with psycopg.connect(url) as database:
        names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        counts = ((name, database.execute(f'SELECT count(*) FROM "{name}"'.encode()).fetchone()) for (name,) in names)
        return {name: found[0] for name, found in counts if found}


def test_what_is_dumped_comes_back(ours: Tenant, empty: str, tmp_path: Path) -> None:
    with scopes_disabled():
        a_dataset(ours, "digits", description="Handwritten digits")
        making.make(jobs=200, seed=1, beside_real=True)
    whole, dump = address(connection.settings_dict["NAME"]), tmp_path / "dump"
    run("pg_dump", "--format", "custom", "--no-owner", "--file", str(dump), whole)
    run("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname", empty, str(dump))
    there = rows(empty)
    assert there == rows(whole)
    assert min(there[name] for name in ("accounts_transfer", "jobs_job", "datasets_dataset", "django_migrations")) > 0
    with psycopg.connect(empty) as database:
        found = database.execute("SELECT words::text, trigrams FROM datasets_dataset").fetchone()
        assert found
        assert "handwritten" in found[0]
        assert "dig" in found[1]


def run(program: str, *words: str) -> None:
    done = subprocess.run([str(binaries() / program), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{program}: {done.stderr}"
