"""The pages of errors: not there, not allowed, not working."""

import sys
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.template import loader
from psycopg.errors import LockNotAvailable, QueryCanceled

from config import timeouts
from search.access.bodies import BodyTooLarge
from search.access.requests import PageRequest
from search.disk import is_full
from search.refusals import sentence

SENTENCES = {
    400: "Your browser sent something that can't be understood; please go back and try again.",
    403: "Your account may not open this page.",
    404: "There is nothing at this address, or it is gone.",
    413: "That is more than one request may carry; please send fewer pictures at once.",
    429: "There were too many wrong passwords for this account or from your address; please try"
    " again in {minutes} minutes.",
    500: "This is a fault of ours and has been recorded; please try again.",
    503: "The library is restarting; please try again in a moment.",
}
TOO_LONG: dict[type[object], str] = {
    QueryCanceled: f"This took longer than {timeouts.WEB.statement} seconds and was stopped;"
    " please ask for less at once.",
    LockNotAvailable: "Somebody else is changing the same; please try again in a moment.",
}
TITLES = {
    400: "That did not work",
    403: "Not for this account",
    404: "Not found",
    413: "Too much at once",
    429: "Too many attempts",
    500: "Something broke",
    503: "Back in a moment",
    507: "No room left",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, BodyTooLarge):
        return _page(413, str(exception))
    if isinstance(exception, RequestDataTooBig):
        return _page(413)
    if isinstance(exception, TooManyFilesSent):
        return _page(
            400, f"At most {settings.DATA_UPLOAD_MAX_NUMBER_FILES:,} files can be sent at once."
        )
    return _page(400, str(exception) if isinstance(exception, BadRequest) else "")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(403, str(exception))


@login_not_required
def csrf_failure(request: PageRequest, reason: str = "") -> HttpResponse:
    # Signed in meanwhile in another tab: the sign-in page leads on.
    if request.path == resolve_url(settings.LOGIN_URL) and request.user.is_authenticated:
        return redirect(request.get_full_path())
    return _page(
        403, "This page had been open for too long; please go back, reload it and try again."
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(404)


def server_error(request: HttpRequest) -> HttpResponse:
    error = sys.exception()
    if is_full(error):
        return disk_full()
    if not isinstance(error, OperationalError | InterfaceError):
        return _page(500)
    # What PostgreSQL itself says of a statement that took or waited too long (config/timeouts.py).
    response = _page(503, TOO_LONG.get(type(error.__cause__), ""))
    response["Retry-After"] = "5"
    return response


def refusal(status: int, words: str) -> HttpResponse:
    """A page that says why not."""
    return _page(status, words)


def locked_out(pause: timedelta) -> HttpResponse:
    minutes = round(pause / timedelta(minutes=1))
    response = _page(429, SENTENCES[429].format(minutes=minutes))
    response["Retry-After"] = str(round(pause.total_seconds()))
    return response


def disk_full() -> HttpResponse:
    response = _page(507, sentence("disk_full", {}))
    response["Retry-After"] = "60"
    return response


def _page(status: int, words: str = "") -> HttpResponse:
    # Without the request: neither the session nor the database may be needed to render this.
    context = {"status": status, "title": TITLES[status], "sentence": words or SENTENCES[status]}
    return HttpResponse(loader.render_to_string("error.html", context), status=status)
