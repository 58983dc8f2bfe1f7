"""Turns: the advisory locks of jobs that only one process may do at a time."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# The turn of whoever lets the encoder of the settings serve.
SERVING = "encoder serve"


@contextmanager
def turn(name: str) -> Iterator[bool]:
    """Whether it is this process's turn; while it is, nobody else has it.

    A lock of the session, since indexes can't be built in a transaction: PostgreSQL takes it back
    as soon as the connection is gone.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key(name)])
        taken = cursor.fetchone() == (True,)
        try:
            yield taken
        finally:
            if taken and connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key(name)])


@contextmanager
def await_turn(name: str) -> Iterator[None]:
    """The same, but whoever comes second waits for the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key(name)])
        try:
            yield
        finally:
            if connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key(name)])


def key(name: str) -> int:
    """The number that PostgreSQL knows the turn by: 8 bytes, signed."""
    digest = hashlib.sha256(f"turn {name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
