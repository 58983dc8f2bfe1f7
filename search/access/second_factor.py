"""Who needs a second factor (settings.SECOND_FACTOR_FOR_STAFF), and what they may do before."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect

# Where the session holds that its account has one: asked of the database once.
HAS = "has_second_factor"
KINDS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
# What is open to staff who have none yet: to set one up, and to leave.
OPEN = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "account_reauthenticate",
    "sign_out",
    "password",
    "password_changed",
}


class SecondFactorForStaff:
    """Middleware that leads staff without a second factor to where they set one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: Any, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if not settings.SECOND_FACTOR_FOR_STAFF or not request.user.is_staff:
            return None
        if request.session.get(HAS) or request.resolver_match.url_name in OPEN or note(request):
            return None
        if request.htmx:
            return HttpResponseClientRedirect(resolve_url("mfa_index"))
        return redirect("mfa_index")


def note(request: HttpRequest) -> bool:
    """Whether the person has a second factor; the session holds the answer from now on."""
    has = is_mfa_enabled(request.user, KINDS)
    if request.session.get(HAS, False) != has:
        request.session[HAS] = has
    return has
