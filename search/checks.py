"""System checks: versions below which known faults lose or corrupt data, and older rules."""

from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from django.core.checks import Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connections, transaction

from search.library import upgrade

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


@register(Tags.database)
def pictures_are_read_by_todays_rules(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[Warning]:
    """No asset was read by rules that have changed since, unless that is being mended."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    # Before its first migration there is no table, and before the latest one no column.
    with suppress(ProgrammingError), transaction.atomic():
        if upgrade.not_begun().exists():
            return [Warning("Pictures were read by older rules: run manage.py upgrade-library.")]
    return []


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".") if part.isdigit())
