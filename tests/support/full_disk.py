"""Disks that are full: of the library, and of PostgreSQL."""

import errno
import os

from django.db import OperationalError
from psycopg import errors

from search import disk

NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_up(monkeypatch) -> None:
    """Let every write to the library's disk fail once part of it is written."""

    def fail(part, content):
        part.write_bytes(b"some of it")
        raise NO_SPACE

    monkeypatch.setattr(disk, "_fill", fail)


def database_is_full(*args, **kwargs):
    """In place of a write: PostgreSQL's answer on a full disk, as Django hands it on."""
    try:
        raise errors.DiskFull('could not extend file "base/5/1": No space left on device')
    except errors.DiskFull as error:
        raise OperationalError(str(error)) from error
