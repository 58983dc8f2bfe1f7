"""What workers do besides their tasks: warm up, stand back, ring the second bell, and tend."""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from celery.signals import celeryd_after_setup, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction

from search.models import Encoder
from workers import runs
from workers.tasks import encode_text, ring_bell
from workers.upkeep import tend

logger = logging.getLogger(__name__)

# Any number that nothing else locks: "bell" in ASCII.
ADVISORY_LOCK = 0x62656C6C
# A curator who adds an encoder watches what becomes of it; a look costs some queries by key.
TENDING_SECONDS = 2
# How far each stands back: uploads go before training.
NICE = {"ingest": 10, "train": 15}


@celeryd_after_setup.connect
def stand_back(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Leave the processor to whoever waits for an answer: the query worker and the pages."""
    for queue, nice in NICE.items():
        if takes(queue, instance.app):
            os.nice(nice)


@worker_ready.connect
def warm_up(sender: Any, **kwargs: Any) -> None:
    """Have the encoder loaded before the first person asks: it takes seconds."""
    if takes("query", sender.app) and (encoder := Encoder.objects.serving()):
        encode_text.delay(encoder.pk, "warm up", f"encoded:{encoder.pk}:warm-up")
    # The child processes that are forked later must not inherit it.
    connection.close()


@worker_ready.connect
def start_threads(sender: Any, **kwargs: Any) -> None:
    """Ring and tend from the worker's parent process, so that a dead beat is no outage."""
    # Threads, not Celery's timer: that is cleared whenever Redis goes away.
    for queue, name, step, pause in (
        ("ingest", "bell", ring_once, settings.BELL_SECONDS),
        ("ingest", "tending", tend, TENDING_SECONDS),
        ("train", "training", runs.ring, settings.BELL_SECONDS),
    ):
        if takes(queue, sender.app):
            threading.Thread(target=for_ever, args=(step, pause), daemon=True, name=name).start()


@worker_shutting_down.connect
def stop_training(**kwargs: Any) -> None:
    """Have what is being trained saved and given back: another worker goes on with it."""
    runs.ending.set()


def takes(queue: str, app: Any) -> bool:
    return queue in app.amqp.queues.consume_from


def for_ever(step: Callable[[], None], pause: float) -> None:
    while True:
        time.sleep(pause)
        try:
            step()
        except DatabaseError as error:
            logger.warning("The database does not let the worker look what there is: %s", error)
            time.sleep(settings.BELL_SECONDS)
        finally:
            connection.close()


def ring_once() -> None:
    """Ring, unless another worker is doing so at this moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        if cursor.fetchone() == (True,):
            ring_bell()
