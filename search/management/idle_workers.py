"""Starts processes anew that are up and do nothing while something waits, for a supervisor."""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.error import HTTPError
from urllib.request import urlopen

from django.db import Error as DatabaseError

from config.supervisor import Supervisor
from search.liveness import PROCESSES, Idle, NotReady, patience
from workers import queues

logger = logging.getLogger(__name__)

# Maximum seconds between two looks, each of which has the query worker encode a text.
LOOK_SECONDS = 15


class IdleWorkers:
    """Since when each worker has done nothing while something waited.

    `site` is the address of the pages, as in http://127.0.0.1:8000.
    """

    def __init__(
        self, supervisor: Supervisor, commands: Mapping[str, Sequence[str]], site: str
    ) -> None:
        self._supervisor, self._commands, self._site = supervisor, commands, site
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
        reason = silence(self._site) if name == queues.QUERY else idleness(name)
        if not reason:
            self._since.pop(name, None)
            return
        since = self._since.setdefault(name, time.monotonic())
        if time.monotonic() - since >= patience().total_seconds():
            logger.error("The worker %s is started anew: %s", name, reason)
            self._supervisor.restart(name, self._commands[name])
            del self._since[name]


def silence(site: str) -> str:
    """What the site says of a query worker that does not answer; empty where it is not to blame.

    A supervisor may have begun before Redis. Its own messages would then run where they are sent:
    the demo encoded the text itself, with torch and half a gigabyte, for 28 s.
    """
    sentence = parts(site).get("query", "")
    return sentence if sentence == str(Idle("no_query_worker")) else ""


def parts(site: str) -> dict[str, str]:
    """The parts of /readyz; none where it does not answer."""
    with suppress(OSError, ValueError):
        try:
            answer = urlopen(f"{site}/readyz", timeout=5)  # noqa: S310
        except HTTPError as error:
            answer = error
        with answer:
            return json.load(answer)
    return {}


def idleness(name: str) -> str:
    """What waits while this worker does nothing; empty where it is not to blame."""
    try:
        PROCESSES[name]()
    except Idle as idle:
        return str(idle)
    except (NotReady, DatabaseError):
        pass
    return ""
