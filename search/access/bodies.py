"""How much a request may carry, by its address and its sender; asked before any of it is read."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from search.access.requests import PageRequest, View
from search.models import User

Sender = User | AnonymousUser
# Maximum size of one request, in files of the largest size: a browser without JavaScript sends
# all selected files at once.
LARGEST_FILES = 20
# Kept by functools.wraps, so that it may stand anywhere among a view's decorators.
MAY_SEND = "may_send_pictures"


SIGN_IN_FIRST = "That is more than may be sent without an account; please sign in first."


class BodyTooLarge(RequestDataTooBig):
    """This request carries more than its sender may send to this address.

    The text is a sentence for a stranger, and empty for whoever has signed in.
    """


def takes_pictures(may_send: Callable[[Sender], bool]) -> Callable[[View], View]:
    """Let whoever this is true of send pictures to a view; everyone else a form's worth."""

    def decorator(view: View) -> View:
        setattr(view, MAY_SEND, may_send)
        return view

    return decorator


def is_signed_in(sender: Sender) -> bool:
    return sender.is_authenticated


def refuse_large_body(request: PageRequest, view: Callable[..., Any]) -> None:
    """Raises BodyTooLarge by the length that the request declares.

    What comes without one, in chunks, is never read: Django takes its length for 0.
    """
    length = declared_length(request)
    if length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE and not hasattr(view, MAY_SEND):
        return
    if length > allowed_bytes(request, view):
        raise BodyTooLarge("" if request.user.is_authenticated else SIGN_IN_FIRST)


def allowed_bytes(request: PageRequest, view: Callable[..., Any]) -> float:
    may_send = getattr(view, MAY_SEND, None)
    if may_send and may_send(request.user):
        return LARGEST_FILES * settings.MAX_UPLOAD_MB * 1_000_000
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def declared_length(request: HttpRequest) -> int:
    """The bytes of a request's body, as Django reads the header."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
