"""A new password for who has forgotten theirs, and the way in that a command makes."""

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.views import (
    PasswordResetCompleteView,
    PasswordResetConfirmView,
    PasswordResetDoneView,
    PasswordResetView,
)
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from search.access import password_reset
from search.access.addresses import client_address
from search.views.adapters import BACKEND

logger = logging.getLogger(__name__)


class OnlyWithPasswords:
    """There where people sign in by a password."""

    @method_decorator(login_not_required)
    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.LOCAL_SIGN_IN:
            raise Http404("There are no passwords here.")
        return super().dispatch(*args, **kwargs)  # type: ignore[misc]


class ForgottenView(OnlyWithPasswords, PasswordResetView):
    """Asks for the address; the answer is the same whether it is an account's or not."""

    template_name = "account/forgotten.html"
    success_url = reverse_lazy("forgotten_sent")

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        address, request = form.cleaned_data["email"], self.request
        password_reset.mail_links(address, client_address(request), request.build_absolute_uri)
        return redirect(self.get_success_url())


class NewPasswordView(OnlyWithPasswords, PasswordResetConfirmView):
    """Where the link of the mail leads."""

    template_name = "account/password_new.html"
    success_url = reverse_lazy("password_renewed")


class SentView(OnlyWithPasswords, PasswordResetDoneView):
    template_name = "account/forgotten_sent.html"


class RenewedView(OnlyWithPasswords, PasswordResetCompleteView):
    template_name = "account/password_renewed.html"


forgotten = ForgottenView.as_view()
sent = SentView.as_view()
new_password = NewPasswordView.as_view()
renewed = RenewedView.as_view()


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def way_in(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """Lets an administrator in by a link of `manage.py way_in`, and asks for nothing else."""
    person = password_reset.way_in_for(uidb64, token)
    if person and request.method == "POST":
        logger.warning("%s comes in by a link of the command way_in.", person)
        login(request, person, BACKEND)
        return redirect("search")
    return render(request, "account/way_in.html", {"person": person}, status=200 if person else 404)
