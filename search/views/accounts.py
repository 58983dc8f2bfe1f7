"""Sign-in and sign-out."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRefresh

from search.access.requests import PageRequest
from search.views import errors

_sign_in = LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True)
sign_out = LogoutView.as_view()


@login_not_required
def sign_in(request: PageRequest) -> HttpResponseBase:
    if request.htmx:
        # A fragment was asked for after the session had ended: the whole page, then, leads here.
        return HttpResponseClientRefresh()
    return _sign_in(request)


def locked_out(request: PageRequest, *of_axes: Any) -> HttpResponse:
    """What django-axes answers with while account or address have to wait."""
    return errors.locked_out(settings.AXES_COOLOFF_TIME)
