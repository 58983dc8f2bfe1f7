"""What workers do besides their tasks: warm up, stand back, ring the second bell, look after
encoders.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from typing import Any

from celery import current_app
from celery.signals import (
    celeryd_after_setup,
    task_postrun,
    task_prerun,
    worker_process_init,
    worker_ready,
    worker_shutting_down,
)
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from config import priority, timeouts
from search.history.context import acting
from search.models import Encoder
from workers import queues
from workers.bell import ring
from workers.tasks import training
from workers.tasks.queries import encode_text
from workers.upkeep import advance_encoders

logger = logging.getLogger(__name__)

# Seconds between two looks after the encoders. A curator who adds one watches what becomes of it;
# a look costs some queries by key.
UPKEEP_SECONDS = 2
# How far each stands back: uploads go before training. Steps of 10 and 15 left uploads a tenth of
# the processors while people search, and a new text took 1.6 times what it takes alone.
NICE = {queues.INGEST: 15, queues.TRAIN: 19}


@celeryd_after_setup.connect
def stand_back(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Leave the processor to whoever waits for an answer: the query worker and the pages."""
    for queue, nice in NICE.items():
        if takes(queue, instance.app):
            priority.lower(nice)


@celeryd_after_setup.connect
def limit_waiting(**kwargs: Any) -> None:
    """No statement of a worker and its children works or waits without an end."""
    timeouts.apply(timeouts.WORKER)


@worker_process_init.connect
def import_torch(**kwargs: Any) -> None:
    """Have the query worker's child import torch before there is an encoder to load: 4 seconds."""
    if takes(queues.QUERY, current_app):
        # In a thread: a child that is not up within four seconds is killed.
        what = "workers.encoders.checkpoint_encoder"
        threading.Thread(target=import_module, args=(what,), daemon=True).start()


@worker_ready.connect
def warm_up(sender: Any, **kwargs: Any) -> None:
    """Have the encoder loaded before the first person searches: it takes seconds."""
    if takes(queues.QUERY, sender.app) and (encoder := Encoder.objects.serving()):
        encode_text.delay(encoder.pk, "warm up", f"encoded:{encoder.pk}:warm-up")
    # The child processes that are forked later must not inherit it.
    connection.close()


@worker_ready.connect
def start_threads(sender: Any, **kwargs: Any) -> None:
    """Ring and look after encoders from the worker's parent: a dead beat is no outage."""
    # Threads, not Celery's timer: that is cleared whenever Redis goes away.
    for queue, name, step, pause in (
        (queues.INGEST, "bell", ring, settings.BELL_SECONDS),
        (queues.INGEST, "upkeep", advance_encoders, UPKEEP_SECONDS),
        (queues.TRAIN, "bell", partial(ring, queues.TRAIN), settings.BELL_SECONDS),
    ):
        if takes(queue, sender.app):
            threading.Thread(target=for_ever, args=(step, pause), daemon=True, name=name).start()


# The contexts of the tasks that run, by their ids.
working: dict[str, AbstractContextManager[None]] = {}


@task_prerun.connect
def begin(task_id: str, task: Any, **kwargs: Any) -> None:
    """What a task changes has its name in the history."""
    working[task_id] = acting(lambda: {"task": task.name.rpartition(".")[2]})
    working[task_id].__enter__()


@task_postrun.connect
def end(task_id: str, **kwargs: Any) -> None:
    if task_id in working:
        working.pop(task_id).__exit__(None, None, None)


@worker_shutting_down.connect
def stop_training(**kwargs: Any) -> None:
    """Have what is being trained saved and given back: another worker goes on with it."""
    training.ending.set()


def takes(queue: str, app: Any) -> bool:
    return queue in app.amqp.queues.consume_from


def for_ever(step: Callable[[], None], pause: float) -> None:
    while True:
        time.sleep(pause)
        try:
            step()
        except DatabaseError as error:
            logger.warning("The database does not answer the worker: %s", error)
            time.sleep(settings.BELL_SECONDS)
        finally:
            connection.close()
