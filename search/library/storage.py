"""Files that no row refers to: found, and removed once they are old enough."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from heapq import merge
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Model
from django.db.models.functions import Collate
from django.utils import timezone

from search.library import inputs
from search.models import Asset, Document, JudgedQuery, Rendition, SavedPicture, Version

logger = logging.getLogger(__name__)

# Maximum age of a file whose row may still come: an upload writes its file before its row. Longer
# than any transaction, and than the clocks of two machines differ: files have that of the disk's.
YOUNG = timedelta(days=1)
# Rows fetched at a time.
BATCH = 1000
# Each folder of the storage, and the rows that name its files.
FOLDERS: dict[str, tuple[tuple[type[Model], str], ...]] = {
    "originals": ((Asset, "original"), (Version, "original")),
    "renditions": ((Rendition, "file"), (Version, "thumbnail")),
    "judged": ((JudgedQuery, "picture"),),
    "saved": ((SavedPicture, "picture"),),
    "documents": ((Document, "file"),),
}


def stored_files(folder: str) -> Iterator[str]:
    """The names of all files under a folder of the storage, in their order."""
    if not default_storage.exists(folder):
        return
    folders, files = default_storage.listdir(folder)
    # What is in a folder stands where its name with the slash does.
    for name in sorted([*files, *(f"{name}/" for name in folders)]):
        path = str(PurePosixPath(folder, name))
        yield from stored_files(path) if name.endswith("/") else [path]


def orphans() -> Iterator[str]:
    """The stored files that no row needs."""
    for folder, rows in FOLDERS.items():
        names = merge(*(named_files(model, field) for model, field in rows))
        yield from not_among(names, stored_files(folder))
    yield from inputs.not_needed(stored_files(inputs.FOLDER))


def named_files(model: type[Model], field: str) -> Iterator[str]:
    """The names that rows give their files, in the order of stored_files()."""
    rows = model._base_manager.exclude(**{field: ""})  # The trash too.
    ordered = rows.annotate(stored=Collate(field, "C")).order_by("stored")
    return ordered.values_list("stored", flat=True).iterator(BATCH)


def not_among(rows: Iterator[str], files: Iterator[str]) -> Iterator[str]:
    """Those of the files that no row names. Both come in order, so that neither is held in memory:
    the names of a million files in a set took 0.7 GB.
    """
    row = next(rows, None)
    for file in files:
        while row is not None and row < file:
            row = next(rows, None)
        if row != file:
            yield file


def is_young(name: str) -> bool:
    """Whether a file may belong to an upload that is still under way."""
    return timezone.now() - default_storage.get_modified_time(name) < YOUNG


def remove_orphans() -> int:
    """Delete orphans that are old enough; returns how many."""
    count = sum(map(remove_orphan, orphans()))
    if count:
        logger.info("Removed %d files without a row", count)
    return count


def remove_orphan(name: str) -> bool:
    """Delete an orphan that is old enough; whether it was."""
    # Looked at again: its row may have been committed since the names were listed.
    if is_young(name) or _has_row(name):
        return False
    default_storage.delete(name)
    return True


def remove_left_uploads() -> int:
    """Delete temporary files that a killed web process left; returns how many."""
    count = 0
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*"):
        with suppress(FileNotFoundError):  # Its upload has ended meanwhile.
            if timezone.now().timestamp() - path.stat().st_mtime > YOUNG.total_seconds():
                path.unlink()
                count += 1
    if count:
        logger.info("Removed %d temporary files of uploads", count)
    return count


def _has_row(name: str) -> bool:
    folder = name.split("/")[0]
    if folder == inputs.FOLDER:
        return inputs.is_needed(name)
    rows = FOLDERS[folder]
    return any(model._base_manager.filter(**{field: name}).exists() for model, field in rows)
