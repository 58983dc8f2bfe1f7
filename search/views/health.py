"""For probes: whether the process is up, and whether all that it needs is ready."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Lock

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
from workers import queues

# Seconds that a good answer and another one are repeated: anyone may ask, and each costs the query
# worker a text, or a thread of the site as long as something is silent.
READY_SECONDS, UNREADY_SECONDS = 5.0, 1.0
# Maximum seconds that a query worker may take here; one that rests answers in a fifth of that.
QUERY_SECONDS = 1.0


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
    parts = site.look()
    return JsonResponse(parts, status=200 if is_ready(parts) else 503)


@dataclass
class Readiness:
    """What the parts of the site said last; one thread of a process at a time asks them anew."""

    parts: dict[str, str] = field(default_factory=dict)
    until: float = 0.0
    asking: Lock = field(default_factory=Lock)

    def look(self) -> dict[str, str]:
        """Each part with "ok" or a sentence. While somebody asks, the others hear the last one."""
        if self._is_over() and self.asking.acquire(blocking=not self.parts):
            try:
                if self._is_over():
                    self._ask()
            finally:
                self.asking.release()
        return self.parts

    def _is_over(self) -> bool:
        return time.monotonic() >= self.until

    def _ask(self) -> None:
        self.parts = ask()
        seconds = READY_SECONDS if is_ready(self.parts) else UNREADY_SECONDS
        self.until = time.monotonic() + seconds


site = Readiness()


def is_ready(parts: dict[str, str]) -> bool:
    return set(parts.values()) == {"ok"}


def ask() -> dict[str, str]:
    """What each part says; where the database is silent, what is known by it alone is not asked."""
    parts = {"database": _sentence(database), "redis": _sentence(redis)}
    silent = "" if parts["database"] == "ok" else parts["database"]
    return parts | {name: silent or _sentence(probe) for name, probe in WORKERS.items()}


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


WORKERS = liveness.WORKERS | {queues.QUERY: partial(liveness.query, QUERY_SECONDS)}
