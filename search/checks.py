"""System checks: versions below which known faults lose or corrupt data."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from django.core.checks import Error, Tags, register
from django.db import connections

# Celery and kombu: reconnection to Redis and lost messages. Pillow: decoding faults.
AT_LEAST = {
    "celery": (5, 7),
    "kombu": (5, 7),
    "pillow": (12, 3),
    "django": (5, 2, 13),
    "pgvector": (0, 4),
}
# Before it a vacuum could corrupt an HNSW index.
LEAST_PGVECTOR = (0, 8, 4)


@register()
def versions_are_recent_enough(**kwargs: Any) -> list[Error]:
    return [
        Error(f"{name} {version(name)} is too old: install {'.'.join(map(str, least))} or newer.")
        for name, least in AT_LEAST.items()
        if _numbers(version(name)) < least
    ]


@register(Tags.database)
def pgvector_keeps_its_indexes(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[Error]:
    """The server has a pgvector whose HNSW indexes last."""
    least, errors = ".".join(map(str, LEAST_PGVECTOR)), []
    for name in databases or ():
        with connections[name].cursor() as cursor:
            cursor.execute(
                "SELECT default_version FROM pg_available_extensions WHERE name='vector'"
            )
            row = cursor.fetchone()
        if not row or _numbers(row[0]) < LEAST_PGVECTOR:
            has = f"pgvector {row[0]}" if row else "no pgvector"
            errors.append(Error(f"The server has {has}: install pgvector {least} or newer there."))
    return errors


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".") if part.isdigit())
