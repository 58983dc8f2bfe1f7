"""Sign-in by an OpenID provider: allauth's way there and back, with what it leaves to the provider.

allauth 65.22 sends no nonce, and takes an ID token that comes by the back channel without checking
its signature. Whatever a provider answers ends in a sentence, and in the log.
"""

from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from requests import RequestException

from config.sign_in import PROVIDER
from search.access.id_token import Claims, Untrue, storable, verify

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Exchange(OpenIDConnectOAuth2Adapter):
    """What is asked of the provider while somebody signs in, and what its answers are worth.

    Raises OAuth2Error, with what is wrong as its text.
    """

    state: dict[str, Any]

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_openid_config"):
            self._openid_config = self._configuration()
        return self._openid_config

    def _configuration(self) -> dict[str, Any]:
        provider = self.get_provider()
        config = self._fetch(provider.server_url)
        if str(config.get("issuer")).rstrip("/") != provider.app.settings["server_url"]:
            raise OAuth2Error(f"the provider calls itself {config.get('issuer')!r}")
        for name in ENDPOINTS:
            if urlsplit(str(config.get(name))).scheme not in ("https", "http"):
                raise OAuth2Error(f"the provider has no {name}")
        return config

    def _fetch(self, url: str, **options: Any) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            response = session.get(url, **options)
            response.raise_for_status()
            answer = response.json()
        if not isinstance(answer, dict):
            raise OAuth2Error(f"{url} answers with something else than an object")
        return answer

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return request.build_absolute_uri(reverse("provider_back"))

    def get_access_token_data(self, *args: Any, **options: Any) -> dict[str, Any]:
        try:
            data = super().get_access_token_data(*args, **options)
        except (LookupError, TypeError, ValueError) as error:
            raise OAuth2Error(f"the token can't be read: {error!r}") from error
        if not (isinstance(data, dict) and isinstance(data.get("access_token"), str)):
            raise OAuth2Error("the provider gave no token")
        return data

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        return SocialToken(token=data["access_token"])

    def complete_login(
        self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        try:
            claims = verify(
                kwargs["response"].get("id_token"),
                self._fetch(self.openid_config["jwks_uri"]),
                issuer=self.openid_config["issuer"],
                client_id=app.client_id,
                nonce=self.state["nonce"],
            )
            claims = self._more_of(claims, token) | claims
        except Untrue as error:
            raise OAuth2Error(str(error)) from error
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def _more_of(self, claims: Claims, token: SocialToken) -> Claims:
        """What the provider says besides; what the signed token says goes before it."""
        if not isinstance(url := self.openid_config.get("userinfo_endpoint"), str):
            return {}
        more = storable(self._fetch(url, headers={"Authorization": f"Bearer {token.token}"}))
        if more["sub"] != claims["sub"]:
            raise Untrue("the answers are of two people (sub)")
        return more


class Provider(OpenIDConnectProvider):
    """The provider of settings.SOCIALACCOUNT_PROVIDERS."""

    oauth2_adapter_class = Exchange

    def redirect(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        nonce = token_urlsafe()
        options |= {"auth_params": {"nonce": nonce}, "nonce": nonce}
        return super().redirect(request, *args, **options)

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Where to go afterwards; nothing else of the exchange is for a link to choose."""
        options = super().get_redirect_from_request_kwargs(request)
        return {"process": "login"} | {k: v for k, v in options.items() if k == "next_url"}

    def extract_extra_data(self, data: dict[str, Any]) -> Claims:
        return data["id_token"]

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        fields = super().extract_common_fields(data)
        return {name: value for name, value in fields.items() if isinstance(value, str)}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        claims = data["id_token"]
        return super().extract_email_addresses(data) if _has_address(claims) else []


# Not by its app, which every worker would load too: 15 MB each (requests, PyJWT, cryptography).
registry.register(Provider)


def _has_address(claims: Claims) -> bool:
    """Whether there is an address that the provider has verified: `true`, and no text."""
    return isinstance(claims.get("email"), str) and claims.get("email_verified") is True


class Return(OAuth2CallbackView):
    """Where the provider sends people back to; each state is good for one answer."""

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, Any]:
        self.adapter.state, response = super()._get_state(request, provider)
        return self.adapter.state, response


@login_not_required
@require_safe
def leave(request: HttpRequest) -> HttpResponseBase:
    return _exchange(OAuth2LoginView, request)


@login_not_required
@never_cache
@require_safe
def come_back(request: HttpRequest) -> HttpResponseBase:
    return _exchange(Return, request)


def _exchange(view: Any, request: HttpRequest) -> HttpResponseBase:
    if not settings.OIDC_ISSUER:
        raise Http404("There is no provider.")
    exchange = Exchange(request, PROVIDER)
    try:
        return view.adapter_view(exchange)(request)
    except (OAuth2Error, RequestException) as error:
        return render_authentication_error(request, exchange.get_provider(), exception=error)
