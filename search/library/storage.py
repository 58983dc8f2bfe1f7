"""Files that no row refers to: found, and removed once they are old enough."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Model
from django.utils import timezone

from search.models import Asset, JudgedQuery, Rendition, SavedPicture

logger = logging.getLogger(__name__)

# Maximum age of a file whose row may still come: an upload writes its file before its row, and an
# hour is longer than any upload's transaction.
YOUNG = timedelta(hours=1)
# Each folder of the storage, and the rows that name its files.
FOLDERS: dict[str, tuple[type[Model], str]] = {
    "originals": (Asset, "original"),
    "renditions": (Rendition, "file"),
    "judged": (JudgedQuery, "picture"),
    "saved": (SavedPicture, "picture"),
}


def stored_files(folder: str) -> Iterator[str]:
    """The names of all files under a folder of the storage."""
    if not default_storage.exists(folder):
        return
    folders, files = default_storage.listdir(folder)
    yield from (str(PurePosixPath(folder, name)) for name in files)
    for name in folders:
        yield from stored_files(str(PurePosixPath(folder, name)))


def orphans() -> Iterator[str]:
    """The stored files that have no row."""
    for folder, (model, field) in FOLDERS.items():
        with_row = set(model._default_manager.values_list(field, flat=True))
        yield from (name for name in stored_files(folder) if name not in with_row)


def is_young(name: str) -> bool:
    """Whether a file may belong to an upload that is still under way."""
    return timezone.now() - default_storage.get_modified_time(name) < YOUNG


def remove_orphans() -> int:
    """Delete orphans that are old enough; returns how many."""
    count = 0
    for name in orphans():
        # Looked at again: its row may have been committed since the names were listed.
        if not is_young(name) and not _has_row(name):
            default_storage.delete(name)
            count += 1
    if count:
        logger.info("Removed %d files without a row", count)
    return count


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
    model, field = FOLDERS[name.split("/")[0]]
    return model._default_manager.filter(**{field: name}).exists()
