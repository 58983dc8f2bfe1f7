"""The second bell: an ingest worker rings for work that waits, so a dead beat is no outage."""

import logging
import threading
import time
from typing import Any

from celery.signals import worker_ready
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from workers.tasks import ring_bell

logger = logging.getLogger(__name__)

# Any number that nothing else locks: "bell" in ASCII.
ADVISORY_LOCK = 0x62656C6C


@worker_ready.connect
def start_ringing(sender: Any, **kwargs: Any) -> None:
    """Begin with the worker's parent process, if this worker takes ingest work."""
    if "ingest" in sender.app.amqp.queues.consume_from:
        # A thread, not Celery's timer: that is cleared whenever Redis goes away.
        threading.Thread(target=ring_for_ever, daemon=True, name="bell").start()


def ring_for_ever() -> None:
    while True:
        time.sleep(settings.BELL_SECONDS)
        try:
            ring_once()
        except DatabaseError as error:
            logger.warning("The bell can't read what waits: %s", error)
        finally:
            connection.close()


def ring_once() -> None:
    """Ring, unless another worker is doing so at this moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        if cursor.fetchone() == (True,):
            ring_bell()
