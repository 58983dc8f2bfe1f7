"""What allauth asks of the site: who gets in, who gets an account, and what others are told."""

import logging
import time
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Iterator
from secrets import token_bytes
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.app_settings import REAUTHENTICATION_TIMEOUT
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from requests import RequestException

from search.access import invitations
from search.access.addresses import client_address
from search.access.claims import apply_claims
from search.access.sessions import device
from search.models import User
from search.views import errors

logger = logging.getLogger(__name__)
BACKEND = "django.contrib.auth.backends.ModelBackend"
# Maximum of characters of a name of an account, and of a first or last name.
LONGEST_NAME = 150

INACTIVE = "This account is deactivated; please ask an administrator."
CANCELLED = "You have cancelled the sign-in; nothing has changed."
SIGN_IN_AGAIN = "Please sign out and in again, then come back within five minutes."
WRONG = "This is not right, or it has been used already: an app has another code every 30 seconds."
AWAY = "The provider of your sign-in does not answer; please try again in a moment."
UNTRUE = (
    "This sign-in could not be completed: it was open for too long, or it has been used already."
    " Please sign in again; if that does not help, ask an administrator, who finds the reason in"
    " the log."
)
NO_ACCOUNT = "You have no account here yet; please ask an administrator for one."
SEVERAL = (
    "Your e-mail address belongs to an account here that is not certain to be yours; please ask an"
    " administrator."
)


class Accounts(DefaultAccountAdapter):
    """Signing in, whichever way it began."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_password": "That is not your password."
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def login(self, request: HttpRequest, user: User) -> None:
        user.backend = BACKEND
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        if social_login := (options["signal_kwargs"] or {}).get("sociallogin"):
            apply_claims(user, social_login.account.extra_data)
        return super().post_login(request, user, **options)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return errors.refusal(403, INACTIVE)

    def add_message(self, *args: Any, **options: Any) -> None:
        """Pages say by themselves what has happened."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or ""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who has neither password nor second factor, as of a provider, has signed in lately."""
        request = context.request
        if self.get_reauthentication_methods(request.user):
            return True
        records = get_authentication_records(request, request.user)
        if not records or time.time() - records[-1]["at"] > REAUTHENTICATION_TIMEOUT:
            raise PermissionDenied(SIGN_IN_AGAIN)
        return False

    def reauthenticate(self, user: User, password: str) -> bool:
        # By the backends, where wrong passwords are counted.
        return authenticate(context.request, username=user.username, password=password) == user


class SecondFactors(DefaultMFAAdapter):
    """How second factors are stored and what they are called."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": WRONG}

    def encrypt(self, text: str) -> str:
        """What is in the database alone, or in a backup of it, makes no codes."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _fernet().decrypt(encrypted_text).decode()
        except InvalidToken:
            logger.exception("A second factor was stored under another SECRET_KEY.")
            return b32encode(token_bytes(20)).decode()  # No code fits one that nobody knows.

    def get_totp_label(self, user: User) -> str:
        return user.username

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        return device(context.request.META.get("HTTP_USER_AGENT", ""))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": "Sightline"}


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (salted_hmac("search.views.adapters", "", key, algorithm="sha256") for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(each.digest())) for each in digests])


class ProviderAccounts(DefaultSocialAccountAdapter):
    """Whose account it is that the provider vouches for somebody to be."""

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        if error == AuthError.CANCELLED:
            raise ImmediateHttpResponse(errors.refusal(403, CANCELLED))
        reason = exception or request.GET.get("error") or "the state is none of this browser’s"
        logger.warning("Sign-in by %s failed: %r", provider.name, str(reason))
        away = isinstance(exception, RequestException)
        raise ImmediateHttpResponse(errors.refusal(503 if away else 403, AWAY if away else UNTRUE))

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """The account of a verified address, unless it is somebody else's at the provider."""
        address = _address(sociallogin)
        users = list(User.objects.filter(email__iexact=address)[:2]) if address else []
        if not users:
            return None
        linked = SocialAccount.objects.filter(user=users[0], provider=sociallogin.account.provider)
        if len(users) > 1 or linked.exists():
            logger.warning("Sign-in refused: %r is another account’s, or several’s.", address)
            raise ImmediateHttpResponse(errors.refusal(403, SEVERAL))
        return users[0], address

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        if not (settings.OIDC_CREATE_ACCOUNTS or invitations.is_invited(request)):
            logger.warning("Sign-in refused: %s has no account.", sociallogin.account.uid)
            raise ImmediateHttpResponse(errors.refusal(403, NO_ACCOUNT))
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        # allauth would compare the address with those of all accounts, which has been done.
        sociallogin.email_addresses = []
        return True

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> User:
        user = super().populate_user(request, sociallogin, data)
        user.email = _address(sociallogin)
        for name in ("first_name", "last_name"):
            setattr(user, name, getattr(user, name)[:LONGEST_NAME])
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        user, account = sociallogin.user, sociallogin.account
        user.set_unusable_password()
        wish = account.extra_data.get("preferred_username")
        name = wish if isinstance(wish, str) else user.email.partition("@")[0]
        _give_name(user, name or account.uid)
        account.user = user
        try:
            with transaction.atomic():
                user.save()
                invitations.accept_opened(request, user)
                account.save()
        except IntegrityError:  # Of two first sign-ins at a time the other has made it.
            raise ImmediateHttpResponse(errors.refusal(403, UNTRUE)) from None
        logger.info("The provider brought a new account: %s.", user)
        return user


def _address(sociallogin: SocialLogin) -> str:
    """The address that the provider has verified, or nothing."""
    return next((each.email for each in sociallogin.email_addresses if each.verified), "")


def _give_name(user: User, wish: str) -> None:
    """The name that is wished for, or with a number where somebody has it already."""
    for user.username in _names(wish):
        try:
            return user.full_clean(exclude=["password"])
        except ValidationError as error:
            if set(error.message_dict) - {"username", "__all__"}:
                raise


def _names(wish: str) -> Iterator[str]:
    name = "".join(each for each in wish if each.isalnum() or each in "@.+-_") or "person"
    yield name[:LONGEST_NAME]
    for number in range(2, 10_000):
        yield f"{name[: LONGEST_NAME - 5]}{number}"
