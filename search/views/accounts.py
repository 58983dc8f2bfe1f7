"""Sign-in, sign-out and one's own password."""

from typing import Any

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import (
    LoginView,
    LogoutView,
    PasswordChangeDoneView,
    PasswordChangeView,
)
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy
from django_htmx.http import HttpResponseClientRefresh

from search.access.requests import PageRequest, leaving_nothing
from search.account_forms import PasswordForm
from search.views import errors

ONLY_BY_PROVIDER = "You have no password here: you sign in by the provider of single sign-on."


class PasswordView(PasswordChangeView):
    """One's own password, for everybody with an account."""

    form_class = PasswordForm
    template_name = "account/password.html"
    success_url = reverse_lazy("password_changed")

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = self.request.user
        if person.is_authenticated and not person.has_usable_password():
            raise PermissionDenied(ONLY_BY_PROVIDER)
        return super().dispatch(*args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}


class SignOutView(LogoutView):
    """Ends the session, and with it what the browser has of it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return leaving_nothing(super().post(request, *args, **kwargs))


class SignInView(LoginView):
    """By name and password, and on to a second factor where the account has one."""

    template_name = "sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        provider = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        ways = {"provider": provider, "local": settings.LOCAL_SIGN_IN}
        return super().get_context_data(**kwargs) | ways

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.LOCAL_SIGN_IN:
            raise PermissionDenied(f"Please sign in by {settings.OIDC_NAME}.")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        return perform_login(self.request, form.get_user(), redirect_url=self.get_success_url())


_sign_in = SignInView.as_view()
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
