"""The disk: the room on it, and files that are there whole and durably, or not at all."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from psycopg import errors

from search.refusals import Refusal

# What the system says of a write that finds no room: none on the disk, none in the quota.
FULL = {errno.ENOSPC, errno.EDQUOT}


# Files that can be made anew are left to the system's cache: 13 ms each on a slow disk, two for
# each picture.
MADE_ANEW = ("renditions/", "inputs/")


class DiskFull(Refusal):
    """There is no room to write; nothing of it is left behind, and later there may be."""


def is_full(error: BaseException | None) -> bool:
    """Whether this, or what it came from, says that a disk is full, that of PostgreSQL included."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        if isinstance(error, DiskFull | errors.DiskFull):
            return True
        error = error.__cause__
    return False


def has_room(size: int = 0) -> bool:
    """Whether the floor of free space stands once so many bytes more are written.

    A storage that is no folder has room.
    """
    try:
        folder = Path(default_storage.path(""))
    except NotImplementedError:
        return True
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free - size >= settings.MIN_FREE_MB * 1_000_000


class DurableStorage(FileSystemStorage):
    """A folder in which a saved file is whole, and an original outlasts a power cut from then on.

    Django's own leaves what it had written where a write fails, and leaves the file to the cache
    of the system. Here a write that is cut off leaves a `.part` at most, which has no row and goes
    like every such file. Raises DiskFull.
    """

    def _save(self, name: str, content: File) -> str:
        if not has_room(content.size):
            raise DiskFull("disk_full")
        path = Path(self.path(name))
        part = path.with_name(f"{path.name}.part")
        try:
            _make_folder(path.parent)
            _fill(part, content)
            part.chmod(self.file_permissions_mode or 0o600)
            if not name.startswith(MADE_ANEW):
                _sync(part)
            part.rename(path)
            if not name.startswith(MADE_ANEW):
                _sync(path.parent)
        except OSError as error:
            for file in (part, path):
                file.unlink(missing_ok=True)
            if is_full(error):
                raise DiskFull("disk_full") from error
            raise
        return name


def _make_folder(folder: Path) -> None:
    """A new folder is only durable once the one that names it is."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(folder.parent)


def _fill(part: Path, content: Any) -> None:
    if _move(content, part):
        return
    with part.open("wb") as file:
        for chunk in content.chunks():
            file.write(chunk)


def _move(content: Any, part: Path) -> bool:
    """Move the temporary file of an upload here; False where it is none, or on another disk."""
    if not hasattr(content, "temporary_file_path"):
        return False
    try:
        os.rename(content.temporary_file_path(), part)
    except OSError:
        return False
    return True


def _sync(path: Path) -> None:
    """Have a file's bytes, or the names in a folder, written to the disk itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
