"""The sessions of people who have signed in (settings.SESSION_ENGINE): whose, from where, when."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as PlainStore
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac

from search.access.addresses import client_address
from search.models import Session, User

# Seconds that the time of the last use may be behind: so seldom a page costs an UPDATE more.
NEAR_ENOUGH = 300
# Where the session holds when it was last used, from which address and by which browser.
USE = "use"
BROWSERS = {  # By what they call themselves; the first that fits is the one.
    "Edge": r"Edg",
    "Opera": r"OPR/",
    "Samsung Internet": r"SamsungBrowser",
    "Firefox": r"Firefox|FxiOS",
    "Chrome": r"Chrome|CriOS|Chromium",
    "Safari": r"Safari",
}
SYSTEMS = {
    "iPhone": r"iPhone",
    "iPad": r"iPad",
    "Android": r"Android",
    "Windows": r"Windows",
    "Mac": r"Mac OS X|Macintosh",
    "ChromeOS": r"CrOS",
    "Linux": r"Linux",
}


class SessionStore(PlainStore):
    """Django's, which writes beside the data whose they are."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session: Any = super().create_model_instance(data)
        session.user_id = data.get(SESSION_KEY)
        if use := data.get(USE):
            session.last_use = datetime.fromtimestamp(use["at"], UTC)
            session.address, session.agent = use["address"], use["agent"]
        return session


class UseOfSessions:
    """Middleware that notes when a session was last used, once in some minutes.

    A page that is answered between costs no query more.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if _is_page(response) and request.session.accessed and request.session.get(SESSION_KEY):
            _note_use(request)
        return response


def _is_page(response: HttpResponseBase) -> bool:
    # The pictures of a page come all at once: one may save what another has just changed.
    return response.get("Content-Type", "").startswith("text/html")


def _note_use(request: HttpRequest) -> None:
    now, use = timezone.now().timestamp(), request.session.get(USE) or {}
    address = client_address(request) or ""
    if now - use.get("at", 0) > NEAR_ENOUGH or use.get("address") != address:
        agent = request.META.get("HTTP_USER_AGENT", "").replace("\0", "")[:300]
        request.session[USE] = {"at": now, "address": address, "agent": agent}


def of_person(user: User) -> QuerySet[Session]:
    """The sessions that have not run out, the one that was used last first."""
    return Session.objects.filter(user=user, expire_date__gt=timezone.now())


def public_name(session_key: str) -> str:
    """What a page may call a session by: its key alone would let anybody in."""
    return salted_hmac("search.access.sessions", session_key, algorithm="sha256").hexdigest()[:32]


def named(user: User, name: str) -> Session | None:
    """The session of this person that a page called so."""
    names = {public_name(session.session_key): session for session in of_person(user)}
    return names.get(name)


def device(agent: str) -> str:
    """A browser as people call it: “Firefox on Windows”."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown browser"


def _first(names: dict[str, str], agent: str) -> str:
    return next((name for name, sign in names.items() if re.search(sign, agent)), "")
