"""Files that no row refers to: found, and removed once they are old enough."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.utils import timezone

from search.models import Asset, Rendition

logger = logging.getLogger(__name__)

# An upload writes its file before its row; an hour is longer than any upload's transaction.
YOUNG = timedelta(hours=1)


def stored_files(folder: str) -> Iterator[str]:
    """The names of all files in the storage."""
    if not default_storage.exists(folder):
        return
    folders, files = default_storage.listdir(folder)
    yield from (str(PurePosixPath(folder, name)) for name in files)
    for name in folders:
        yield from stored_files(str(PurePosixPath(folder, name)))


def orphans() -> Iterator[str]:
    """The stored files that have no row."""
    known = set(Asset.objects.values_list("original", flat=True))
    known |= set(Rendition.objects.exclude(file="").values_list("file", flat=True))
    for folder in ("originals", "renditions"):
        yield from (name for name in stored_files(folder) if name not in known)


def is_young(name: str) -> bool:
    """Whether a file may belong to an upload that is still under way."""
    return timezone.now() - default_storage.get_modified_time(name) < YOUNG


def remove_orphans() -> int:
    """Delete orphans that are old enough; how many there were."""
    removed = 0
    for name in orphans():
        # Looked at again: its row may have been committed since the names were listed.
        if not is_young(name) and not _has_row(name):
            default_storage.delete(name)
            removed += 1
    if removed:
        logger.info("Removed %d files without a row", removed)
    return removed


def _has_row(name: str) -> bool:
    return (
        Asset.objects.filter(original=name).exists() or Rendition.objects.filter(file=name).exists()
    )
