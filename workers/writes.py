"""Writes of what a worker has made, which outlast a restart of PostgreSQL and a full disk."""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from search.disk import DiskFull, is_full
from search.models.promise import Promise

logger = logging.getLogger(__name__)


def persist(write: Callable[[], bool]) -> bool:
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


def persist_or_put_back(write: Callable[[], bool], promise: Promise) -> bool:
    """The same for what a promise is fulfilled with; where a disk is full, the promise waits on."""
    try:
        return persist(write)
    except (DiskFull, DatabaseError) as error:
        if not is_full(error):
            raise
        logger.warning("There is no room for the %s, which waits on: %s", promise, error)
        promise.put_back()
        return False
