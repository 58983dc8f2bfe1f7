"""Writes of what a worker has made, which must not be lost while PostgreSQL restarts."""

import logging
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)


def persist(write: Callable[[], bool]) -> bool:
    """Write what has been made, again and again while PostgreSQL restarts."""
    for pause in (0.5, 1, 2, 4, 8):
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            logger.warning("Can't write, trying again in %s s: %s", pause, error)
            connection.close()
            time.sleep(pause)
    return write()
