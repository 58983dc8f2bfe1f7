"""Sign-in and sign-out."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRefresh

from search.access.requests import PageRequest

_sign_in = LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True)
sign_out = LogoutView.as_view()


@login_not_required
def sign_in(request: PageRequest) -> HttpResponseBase:
    if request.htmx:
        # A fragment was asked for after the session had ended: the whole page, then, leads here.
        return HttpResponseClientRefresh()
    return _sign_in(request)
