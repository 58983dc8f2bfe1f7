"""Where one is signed in: the sessions of an account, listed and ended."""

from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from search.access import sessions as stored
from search.access.requests import PageRequest
from search.models import Session, User


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: PageRequest) -> HttpResponse:
    person, current = cast(User, request.user), request.session.session_key
    if request.method == "POST":
        _end(person, request.POST.get("end", ""), current)
        return redirect("sessions")
    rows = [describe(each, current) for each in stored.of_person(person)]
    return render(request, "account/sessions.html", {"sessions": rows})


def describe(session: Session, current: str | None) -> dict[str, Any]:
    """What a page says of a session."""
    return {
        "device": stored.device(session.agent),
        "address": session.address,
        "last_use": session.last_use,
        "name": stored.public_name(session.session_key),
        "is_current": session.session_key == current,
    }


def _end(person: User, name: str, current: str | None) -> None:
    if name == "others":
        stored.of_person(person).exclude(session_key=current).delete()
    elif session := stored.named(person, name):
        session.delete()
