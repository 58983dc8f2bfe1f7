"""Who may open a page."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url

from search.models import User
from search.models.user import contributes

View = Callable[..., HttpResponseBase]
Response = TypeVar("Response", bound=HttpResponseBase)


class PageRequest(HttpRequest):
    """A request as the middleware leaves it."""

    htmx: Any
    user: User | AnonymousUser


class StaffRequest(PageRequest):
    """A request that `for_staff` or `for_contributors` has let through."""

    user: User


def open_where_search_is_public(view: View) -> View:
    """Let everyone in where settings.PUBLIC_SEARCH says so, else those who have signed in."""

    @login_not_required
    @wraps(view)
    def guarded(request: PageRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated or settings.PUBLIC_SEARCH:
            return view(request, *args, **kwargs)
        return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))

    return guarded


def for_staff(deed: str) -> Callable[[View], View]:
    """Let only curators in; others get a page that says who may do this."""
    sentence = f"Only curators may {deed}; ask one of them to do it."
    return _for(lambda user: user.is_staff, sentence)


def for_contributors(deed: str) -> Callable[[View], View]:
    """Let those in who may upload and edit what is theirs, curators too."""
    sentence = f"Only contributors and curators may {deed}; ask an administrator to be one."
    return _for(contributes, sentence)


def _for(may: Callable[[User | AnonymousUser], bool], sentence: str) -> Callable[[View], View]:
    def decorator(view: View) -> View:
        @wraps(view)
        def guarded(request: PageRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user):
                raise PermissionDenied(sentence)
            return view(request, *args, **kwargs)

        return guarded

    return decorator


def leaving_nothing(response: Response) -> Response:
    """The answer to a sign-out: the browser forgets the pages and pictures that it was sent."""
    response["Clear-Site-Data"] = '"cache"'
    return response


def sealed(response: Response) -> Response:
    """Bytes that came from a user: no browser may run, guess at or share them."""
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
