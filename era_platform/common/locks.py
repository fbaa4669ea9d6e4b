"""Locks that are held across transactions and are gone with the process that held them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection


@contextmanager
def advisory_lock(name: str) -> Iterator[bool]:
    """Try for PostgreSQL's advisory lock called `name`; yields whether it was got. Never waits.

    It belongs to the database connection of this thread: when the process or the connection dies,
    PostgreSQL lets go of it.
    """
    key = _key(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            _unlock(key)


@contextmanager
def exclusive_lock(name: str) -> Iterator[None]:
    """Wait until nobody shares the lock called `name`, and keep everybody out until the block ends."""
    key = _key(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
    try:
        yield
    finally:
        _unlock(key)


def share_until_commit(name: str) -> None:
    """Wait until nobody has the lock called `name` exclusively, and share it until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_key(name)])


def keep_until_commit(name: str) -> None:
    """Wait until nobody has the lock called `name`, and keep it exclusively until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_key(name)])


def _key(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


def _unlock(key: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
    except DatabaseError:
        connection.close()  # and with it goes whatever it still held
