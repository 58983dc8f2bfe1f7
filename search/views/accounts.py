"""Sign-in, sign-out and one's own password."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import (
    LoginView,
    LogoutView,
    PasswordChangeDoneView,
    PasswordChangeView,
)
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy
from django_htmx.http import HttpResponseClientRefresh

from search.access.requests import PageRequest, leaving_nothing
from search.forms import PasswordForm
from search.views import errors


class PasswordView(PasswordChangeView):
    """One's own password, for everybody with an account."""

    form_class = PasswordForm
    template_name = "account/password.html"
    success_url = reverse_lazy("password_changed")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}


class SignOutView(LogoutView):
    """Ends the session, and with it what the browser has of it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return leaving_nothing(super().post(request, *args, **kwargs))


_sign_in = LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True)
sign_out = SignOutView.as_view()
password = PasswordView.as_view()
password_changed = PasswordChangeDoneView.as_view(template_name="account/password_changed.html")


@login_not_required
def sign_in(request: PageRequest) -> HttpResponseBase:
    if request.htmx:
        # A fragment was asked for after the session had ended: the whole page, then, leads here.
        return HttpResponseClientRefresh()
    return _sign_in(request)


def locked_out(request: PageRequest, *of_axes: Any) -> HttpResponse:
    """What django-axes answers with while account or address have to wait."""
    return errors.locked_out(settings.AXES_COOLOFF_TIME)
