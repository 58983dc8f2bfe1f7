"""The page by which somebody who is invited makes an account."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from search.access import invitations
from search.access.requests import PageRequest
from search.account_forms import NewAccountForm
from search.models import Invitation

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: PageRequest, token: str) -> HttpResponse:
    """Of a link that leads nowhere it says the same, whether it was used, revoked or never was."""
    if request.user.is_authenticated:
        return _show(request, {"is_signed_in": True})
    invitation = Invitation.objects.open().of_token(token).first()
    if invitation is None:
        return _show(request, {}, status=404)
    page: dict[str, Any] = {"invitation": invitation}
    if settings.OIDC_ISSUER:
        request.session[invitations.LINK] = invitation.digest
        page["provider"] = settings.OIDC_NAME
    if not settings.LOCAL_SIGN_IN:
        return _show(request, page)
    page["form"] = form = NewAccountForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, page, status=400 if form.is_bound else 200)
    try:
        accepted = invitations.accept(invitation.digest, form.instance)
    except IntegrityError:  # Somebody else has taken this name meanwhile.
        form.add_error("username", form.NOT_AVAILABLE)
        return _show(request, page, status=400)
    if not accepted:
        return _show(request, {}, status=404)
    login(request, form.instance, BACKEND)
    return redirect("search")


def _show(request: PageRequest, page: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, "account/invitation.html", page, status=status)
