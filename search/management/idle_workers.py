"""Starts processes anew that are up and do nothing while something waits, for a supervisor."""

import logging
import time
from collections.abc import Mapping, Sequence

from django.db import Error as DatabaseError

from config.supervisor import Supervisor
from search.liveness import PROCESSES, Idle, NotReady, patience

logger = logging.getLogger(__name__)

# Maximum seconds between two looks, each of which has the query worker encode a text.
LOOK_SECONDS = 15


class IdleWorkers:
    """Since when each worker has done nothing while something waited."""

    def __init__(self, supervisor: Supervisor, commands: Mapping[str, Sequence[str]]) -> None:
        self._supervisor, self._commands = supervisor, commands
        self._since: dict[str, float] = {}
        self._next_look = 0.0

    def look(self) -> None:
        """Start anew whoever has been idle for too long; to be called often, it looks seldom."""
        if time.monotonic() < self._next_look:
            return
        running = {child.name for child in self._supervisor.children}
        for name in PROCESSES.keys() & running:
            self._look_at(name)
        self._next_look = time.monotonic() + min(LOOK_SECONDS, patience().total_seconds())

    def _look_at(self, name: str) -> None:
        reason = idleness(name)
        if not reason:
            self._since.pop(name, None)
            return
        since = self._since.setdefault(name, time.monotonic())
        if time.monotonic() - since >= patience().total_seconds():
            logger.error("The worker %s is started anew: %s", name, reason)
            self._supervisor.restart(name, self._commands[name])
            del self._since[name]


def idleness(name: str) -> str:
    """What waits while this worker does nothing; empty where it is not to blame."""
    try:
        PROCESSES[name]()
    except Idle as idle:
        return str(idle)
    except (NotReady, DatabaseError):
        pass
    return ""
