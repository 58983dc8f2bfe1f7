"""Whether each kind of worker does its work: not whether it is up, but what becomes of what waits.

A worker that answers pings may be deaf: kombu logs a failed acknowledgement and takes no more.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from search.models import Embedding, Encoder, EncoderRequest, Rendition, TrainingRun
from search.models.lease import LeaseQuerySet
from search.query import encoder_answers
from search.refusals import Refusal
from workers import queues

# Maximum age of what beat writes every three minutes.
BEAT_SECONDS = 600


class NotReady(Refusal):
    """What people ask for can't be done now."""


class Idle(NotReady):
    """It can't, because a worker does nothing while something waits: it is to be started anew."""


def ingest() -> None:
    """Something may wait for long, but then something else is being made meanwhile."""
    # One that can't be used holds up nobody, unless it is the one that everybody uses.
    usable = Encoder.objects.live().filter(Q(problem="") | Q(state=Encoder.State.SERVING))
    kinds: dict[str, LeaseQuerySet] = {
        "embeddings": Embedding.objects.filter(encoder__in=usable),
        "renditions": Rendition.objects.all(),
        "requests for encoders": EncoderRequest.objects.all(),
    }
    for kind, rows in kinds.items():
        # The last is looked at last, since no index helps it: by now something has waited for long.
        lately = rows.filter(fulfilled__gt=Now() - patience())
        if is_left_waiting(rows) and not lately.exists():
            raise Idle("no_progress", kind=kind)


def query(seconds: float = 0.0) -> None:
    """A text is encoded, past the cache of text vectors: that alone proves that searches work.

    In so many seconds, if there are any, else as fast as a search has to be.
    """
    encoder = Encoder.objects.serving()
    if encoder is None:
        raise NotReady("nothing_serves")
    if encoder.problem:
        raise NotReady(encoder.problem, **encoder.problem_parameters)
    if not encoder_answers(encoder, seconds or settings.QUERY_TIMEOUT_SECONDS):
        raise Idle("no_query_worker")


def train() -> None:
    """A training may wait for long, but then another is being trained."""
    if is_left_waiting(TrainingRun.objects.all()):
        raise Idle("no_trainer")


def beat() -> None:
    """It goes round: every three minutes it writes its schedule, beside which this has to run."""
    schedule = Path(settings.CELERY_BEAT_SCHEDULE_FILENAME)
    # Whichever dbm Python has chosen adds an ending of its own, or several.
    written = [path.stat().st_mtime for path in schedule.parent.glob(f"{schedule.name}*")]
    if time.time() - max(written, default=0) > BEAT_SECONDS:
        raise Idle("no_beat")


# By the queue that the workers of a kind take from.
WORKERS: dict[str, Callable[[], None]] = {
    queues.INGEST: ingest,
    queues.QUERY: query,
    queues.TRAIN: train,
}
# By name, those too that only whoever runs beside them can look at.
PROCESSES = WORKERS | {"beat": beat}


def is_left_waiting(rows: LeaseQuerySet) -> bool:
    """Whether one of these rows could have been claimed for long, and none is worked on."""
    return rows.overdue(patience()).exists() and not rows.leased().exists()


def patience() -> timedelta:
    """For how long something may wait, or not be answered, before its worker is to blame.

    Longer than a claim whose worker was killed, and than an encoder takes to be loaded.
    """
    return timedelta(seconds=2 * settings.CLAIM_LEASE_SECONDS)
