"""For probes: whether the process is up, and whether all that it needs is ready."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from search.models import Embedding, Encoder, Rendition
from search.models.promise import PromiseQuerySet
from search.query import encoder_answers
from search.refusals import Refusal

# So long a good answer is repeated: anyone may ask, and each one costs the query worker a text.
REPEAT_SECONDS = 5


class NotReady(Refusal):
    """What a probe found amiss."""


@require_safe
@login_not_required
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up; nothing else is looked at."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@login_not_required
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if all parts are ready, else 503; each part with "ok" or a sentence."""
    parts = _remembered() or {name: _sentence(probe) for name, probe in PROBES.items()}
    ready = set(parts.values()) == {"ok"}
    if ready:
        cache.add("ready", parts, REPEAT_SECONDS)
    return JsonResponse(parts, status=200 if ready else 503)


def _remembered() -> dict[str, str] | None:
    try:
        return cache.get("ready")
    except RedisError:
        return None


def _sentence(probe: Callable[[], None]) -> str:
    try:
        probe()
    except NotReady as error:
        return str(error)
    except DatabaseError:
        return "The database does not answer."
    except RedisError:
        return "Redis does not answer."
    return "ok"


def database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def redis() -> None:
    cache.get("ready")


def query_worker() -> None:
    """A text is encoded, past the cache of text vectors: that alone proves that searches work."""
    encoder = Encoder.objects.serving()
    if encoder is None:
        raise NotReady("nothing_serves")
    if encoder.problem:
        raise NotReady(encoder.problem, **encoder.problem_parameters)
    if not encoder_answers(encoder):
        raise NotReady("no_query_worker")


def progress() -> None:
    """Something may wait for long, but then something else is being made meanwhile."""
    # One that can't be used holds up nobody, unless it is the one that everybody uses.
    usable = Encoder.objects.live().filter(Q(problem="") | Q(state=Encoder.State.SERVING))
    live = Embedding.objects.filter(encoder__in=usable)
    for kind, promises in {"embeddings": live, "renditions": Rendition.objects.all()}.items():
        if _stuck(promises):
            raise NotReady("no_progress", kind=kind)


def _stuck(promises: PromiseQuerySet) -> bool:
    patience = timedelta(seconds=2 * settings.CLAIM_LEASE_SECONDS)
    return (
        promises.overdue(patience).exists()
        and not promises.waiting().filter(leased_until__gt=Now()).exists()
        # Last, since no index helps it: by now something has waited for long.
        and not promises.filter(fulfilled__gt=Now() - patience).exists()
    )


PROBES = {
    "database": database,
    "redis": redis,
    "query_worker": query_worker,
    "progress": progress,
}
