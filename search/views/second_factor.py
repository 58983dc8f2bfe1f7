"""Second factors of an account: codes of an app, passkeys, recovery codes. By allauth.mfa."""

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.core import context
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as CodeView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.signals import authentication_failed
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from redis.exceptions import RedisError

from search.access.second_factor import note
from search.models import User
from search.views import errors

CONFIRM = "account/confirm.html"
REMOVE = "account/second_factor_remove.html"
AWAY = "Codes can’t be checked right now; please try again in a moment."


@receiver(authentication_failed)
def count_wrong_code(sender: Any, user: User, **options: Any) -> None:
    """As a wrong password is counted, by account and by address."""
    credentials = {"username": user.username}
    user_login_failed.send(sender, credentials=credentials, request=context.request)


class Counted:
    """A form for codes: after too many that are wrong, account and address wait."""

    request: HttpRequest

    def person(self) -> Any:
        return self.request.user

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not AxesProxyHandler.is_allowed(request, {"username": self.person().username}):
            return errors.locked_out(settings.AXES_COOLOFF_TIME)
        try:
            return super().post(request, *args, **kwargs)  # type: ignore[misc]
        except RedisError:  # Which holds the codes that have been used.
            return errors.refusal(503, AWAY)


class SignInView(Counted, AuthenticateView):
    """The second step of a sign-in."""

    template_name = "account/second_factor_ask.html"

    def person(self) -> Any:
        return self.stage.login.user

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_passkey = Authenticator.objects.filter(
            user=self.person(), type=Authenticator.Type.WEBAUTHN
        ).exists()
        return super().get_context_data(**kwargs) | {"has_passkey": has_passkey}


@method_decorator(never_cache, name="dispatch")
class FactorsView(IndexView):
    template_name = "account/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        note(self.request)  # It may just have been removed.
        required = settings.SECOND_FACTOR_FOR_STAFF and self.request.user.is_staff
        return super().get_context_data(**kwargs) | {"is_required": required}


class AppView(ActivateTOTPView):
    template_name = "account/second_factor_app.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        # In the page itself, which may load no picture of another kind of address.
        svg = context["totp_svg"].partition("?>")[2]
        return context | {"square": SafeString(svg), "secret": context["form"].secret}


class RemoveAppView(DeactivateTOTPView):
    template_name = REMOVE


class AddPasskeyView(AddWebAuthnView):
    template_name = "account/passkey_add.html"


class RemovePasskeyView(RemoveWebAuthnView):
    template_name = REMOVE
    success_url = reverse_lazy("mfa_index")


class CodesView(ViewRecoveryCodesView):
    template_name = "account/recovery_codes.html"


class NewCodesView(GenerateRecoveryCodesView):
    template_name = "account/recovery_codes_new.html"


class ConfirmView(ReauthenticateView):
    """By the password, where wrong ones are counted."""

    template_name = CONFIRM


class ConfirmByCodeView(Counted, CodeView):
    template_name = CONFIRM


class ConfirmByPasskeyView(ReauthenticateWebAuthnView):
    template_name = CONFIRM

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form) | {"form": form})


ask = SignInView.as_view()
factors = FactorsView.as_view()
app = AppView.as_view()
remove_app = RemoveAppView.as_view()
add_passkey = AddPasskeyView.as_view()
remove_passkey = RemovePasskeyView.as_view()
codes = CodesView.as_view()
new_codes = NewCodesView.as_view()
confirm = ConfirmView.as_view()
confirm_by_code = ConfirmByCodeView.as_view()
confirm_by_passkey = ConfirmByPasskeyView.as_view()
