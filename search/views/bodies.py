"""The door that every request's body passes before anything reads it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from search.access.bodies import declared_length, refuse_large_body
from search.disk import has_room
from search.views.errors import disk_full


class LimitedBodies:
    """Middleware: refuses a body by its length, and a large one for which there is no room.

    Above CsrfViewMiddleware, which reads forms and would have the files of a stranger written to
    the disk; the sender is known all the same, since views are looked at after every middleware
    has had the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: Any, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        refuse_large_body(request, view)
        length = declared_length(request)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and not has_room(length):
            return disk_full()
        return None
