"""System checks: versions below which known faults lose or corrupt data."""

from importlib.metadata import version
from typing import Any

from django.core.checks import Error, register

# Celery and kombu: reconnection to Redis and lost messages. Pillow: decoding faults.
AT_LEAST = {
    "celery": (5, 7),
    "kombu": (5, 7),
    "pillow": (12, 3),
    "django": (5, 2, 13),
    "pgvector": (0, 4),
}


@register()
def versions_are_recent_enough(**kwargs: Any) -> list[Error]:
    return [
        Error(f"{name} {version(name)} is too old: install {'.'.join(map(str, least))} or newer.")
        for name, least in AT_LEAST.items()
        if _numbers(version(name)) < least
    ]


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".") if part.isdigit())
