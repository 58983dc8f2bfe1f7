"""Writes of what a worker has made, which outlast a restart of PostgreSQL and a full disk."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from search.disk import DiskFull, is_full
from search.models.promise import Promise

logger = logging.getLogger(__name__)


Returned = TypeVar("Returned")


def persist(write: Callable[[], Returned]) -> Returned:
    """Write what has been made, again and again while PostgreSQL restarts."""
    for pause in (0.5, 1, 2, 4, 8):
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if is_full(error):
                raise
            logger.warning("Can't write, trying again in %s s: %s", pause, error)
            connection.close()
            time.sleep(pause)
    return write()


def persist_or_put_back(write: Callable[[], object], *promises: Promise) -> None:
    """The same for what promises are fulfilled with; where a disk is full, these wait on."""
    try:
        persist(write)
    except (DiskFull, DatabaseError) as error:
        if not is_full(error):
            raise
        for promise in promises:
            logger.warning("There is no room for the %s, which waits on: %s", promise, error)
            promise.put_back()
