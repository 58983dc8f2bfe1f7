"""The kinds of work, by the queue whose worker does them.

A kind is a module with `waits()`, whether there is something to do, and `do()`, which takes a step
of it and returns whether it got on. A new kind of work is one module and one line here.
"""

import time
from types import ModuleType

from celery import shared_task
from django.conf import settings

from workers import queues
from workers.bell import ring
from workers.tasks import (
    calibrations,
    departures,
    embeddings,
    encoders,
    inspections,
    labels,
    near_duplicates,
    renditions,
    training,
    trash,
    upgrades,
)

KINDS: dict[str, list[ModuleType]] = {
    queues.INGEST: [
        renditions,
        trash,
        departures,
        embeddings,
        near_duplicates,
        encoders,
        inspections,
        upgrades,
    ],
    queues.QUERY: [labels, calibrations],
    queues.TRAIN: [training],
}
# Seconds until whoever waits in the same queue has their turn. A search waits for a step at most.
TURN_SECONDS = {queues.INGEST: 50.0, queues.QUERY: 0.0, queues.TRAIN: 0.0}


@shared_task
def look_around(queue: str = queues.INGEST) -> None:
    """Take a step of each kind of work that waits, again and again until none gets on."""
    until = time.monotonic() + TURN_SECONDS[queue]
    # Not any() of a generator: that would end with the first kind that gets on.
    while sum([kind.do() for kind in KINDS[queue] if kind.waits()]):
        if time.monotonic() >= until and not settings.CELERY_TASK_ALWAYS_EAGER:
            ring(queue)
            break
    if queue == queues.INGEST:
        wake_others()


def wake_others() -> None:
    """Wake the workers of other queues where something waits for them."""
    for queue, kinds in KINDS.items():
        if queue != queues.INGEST and any(kind.waits() for kind in kinds):
            ring(queue)
