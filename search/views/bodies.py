"""The door that every request's body passes before anything reads it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from search.access.bodies import refuse_large_body


class LimitedBodies:
    """Middleware: refuses a body by its length.

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
        return None
