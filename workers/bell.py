"""The bell: one message that has a worker look around. It asks the database nothing."""

import logging

from celery import current_app, signature
from django.conf import settings

from config import silence
from workers import queues
from workers.messages import NotSent, sending

logger = logging.getLogger(__name__)

# By name: whoever rings is below those who do the work.
LOOK_AROUND = "workers.look_around.look_around"


def ring(queue: str = queues.INGEST) -> None:
    """Have a worker of this queue look what there is to do; if Redis is silent, the next bell will.

    Without Redis all that waits is done before this returns.
    """
    if settings.CELERY_TASK_ALWAYS_EAGER:
        current_app.loader.import_default_modules()  # As a worker does when it starts.
        current_app.tasks[LOOK_AROUND](queue)
        return
    if silence.redis.lasts():
        return
    try:
        with sending():
            signature(LOOK_AROUND, [queue]).apply_async(queue=queue, **queues.WAKING[queue])
    except NotSent as error:
        logger.warning("The bell of the queue %s could not be rung: %s", queue, error)
