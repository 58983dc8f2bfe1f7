"""allauth's forms for passkeys, which refuse in words whatever else a browser may send as one.

allauth 65.22 answers {"id": "x"} with a KeyError.
"""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    ReauthenticateWebAuthnForm,
)

UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)


class AddForm(AddWebAuthnForm):
    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except UNREADABLE:
            raise get_adapter().validation_error("incorrect_code") from None


class SignInForm(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()
        except UNREADABLE:
            raise get_adapter().validation_error("incorrect_code") from None


class ConfirmForm(SignInForm, ReauthenticateWebAuthnForm):
    """For who has signed in already."""
