"""For probes: whether the process is up, and whether all that it needs is ready."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from search import liveness
from search.liveness import NotReady

# So long a good answer is repeated: anyone may ask, and each one costs the query worker a text.
REPEAT_SECONDS = 5


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


PROBES: dict[str, Callable[[], None]] = {"database": database, "redis": redis, **liveness.WORKERS}
