"""How people sign in: by a password, by an OpenID provider, with a second factor; and mail."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.environment import env, env_bool, env_list, env_number

# The name of the provider in addresses, and of its accounts in the database.
PROVIDER = "sso"

OIDC_ISSUER = env("OIDC_ISSUER").rstrip("/")
OIDC_NAME = env("OIDC_NAME", "single sign-on")
# Whether whoever the provider vouches for gets an account, where there is none yet.
OIDC_CREATE_ACCOUNTS = env_bool("OIDC_CREATE_ACCOUNTS", True)
# Whether people sign in by a name and a password too.
LOCAL_SIGN_IN = env_bool("LOCAL_SIGN_IN", True)
SECOND_FACTOR_FOR_STAFF = env_bool("SECOND_FACTOR_FOR_STAFF")

if OIDC_ISSUER and not env("OIDC_CLIENT_ID"):
    raise ImproperlyConfigured("Set OIDC_CLIENT_ID: the name that the provider knows this site by.")
if not (LOCAL_SIGN_IN or OIDC_ISSUER):
    raise ImproperlyConfigured("Set OIDC_ISSUER: without LOCAL_SIGN_IN nobody could sign in.")


def providers(issuer: str, client_id: str, secret: str, scopes: list[str]) -> dict[str, Any]:
    """What allauth needs to know of an OpenID provider; nothing where there is none."""
    app = {
        "provider_id": PROVIDER,
        "name": OIDC_NAME,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": issuer, "scope": scopes, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app] if issuer else []}}


SOCIALACCOUNT_PROVIDERS = providers(
    OIDC_ISSUER,
    env("OIDC_CLIENT_ID"),
    env("OIDC_CLIENT_SECRET"),
    env_list("OIDC_SCOPES", "openid,profile,email"),
)
SOCIALACCOUNT_ADAPTER = "search.views.adapters.ProviderAccounts"
# A link to the provider, no form: browsers hold a form's redirects to `form-action` too.
SOCIALACCOUNT_LOGIN_ON_GET = True
# The first sign-in by a verified address joins the provider's account to the one that is there.
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

ACCOUNT_ADAPTER = "search.views.adapters.Accounts"
ACCOUNT_EMAIL_VERIFICATION = "none"
# django-axes counts what is wrong, in the database; allauth's own limits would ask Redis.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False

MFA_ADAPTER = "search.views.adapters.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "add_webauthn": "search.views.passkey_forms.AddForm",
    "authenticate_webauthn": "search.views.passkey_forms.SignInForm",
    "reauthenticate_webauthn": "search.views.passkey_forms.ConfirmForm",
}
MFA_TOTP_ISSUER = "Sightline"
# Steps of 30 seconds that the clock of a telephone may be off.
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True

# Seconds that a link to set a new password is good for.
PASSWORD_RESET_TIMEOUT = 3600

# Without a server mails are printed where the site was started.
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = int(env_number("EMAIL_PORT", 587))
EMAIL_HOST_USER = env("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
EMAIL_USE_SSL = env_bool("EMAIL_USE_SSL")
if EMAIL_USE_SSL:  # From the first byte, which leaves nothing to begin later.
    EMAIL_USE_TLS = False
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", "Sightline <sightline@localhost>")
