"""Turns that another process has."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from workers import turns


@contextmanager
def elsewhere(name: str) -> Iterator[None]:
    """Somebody else, on a connection of their own, is at the job of this name."""
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [turns.key(name)])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [turns.key(name)])
    other.close()
