"""What people say of their own account: a name, a password, an address."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import BaseUserCreationForm, PasswordChangeForm
from django.http import HttpRequest

from search.models import User
from search.models.names import called

# To whoever signs in by a provider alone, and has no password to show that they are themselves.
WITHOUT_ONE = "Your account has no password here: ask an administrator for another address."


class PasswordForm(PasswordChangeForm):
    """A new password for one's own account; wrong guesses at the old one count as at sign-in."""

    error_messages = PasswordChangeForm.error_messages | {
        "password_incorrect": "That is not your password of now.",
    }

    def __init__(self, request: HttpRequest, **options: Any) -> None:
        super().__init__(**options)
        self.request = request

    def clean_old_password(self) -> str:
        password = self.cleaned_data["old_password"]
        # By the backends, as at sign-in: django-axes counts there, and answers for the whole page.
        if authenticate(self.request, username=self.user.get_username(), password=password):
            return password
        raise forms.ValidationError(self.error_messages["password_incorrect"])


class NewAccountForm(BaseUserCreationForm):
    """The name and the password that somebody chooses who is invited; `instance` has both."""

    NOT_AVAILABLE = "This name is not available: please choose another one."

    class Meta:
        model = User
        fields = ("username",)

    def clean_username(self) -> str:
        name = self.cleaned_data["username"]
        if called(User.objects.all(), name, "username").exists():
            raise forms.ValidationError(self.NOT_AVAILABLE)
        return name

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if "password1" in self.cleaned_data:
            self.instance.set_password(self.cleaned_data["password1"])


class ProfileForm(forms.ModelForm):
    """One's own name and address; a new address needs the password."""

    password = forms.CharField(required=False, strip=False, max_length=4096)
    # A new address, which is stored once somebody has shown that it is theirs.
    new_address = ""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")

    def __init__(self, request: Any, data: Any) -> None:
        super().__init__(data, instance=User.objects.get(pk=request.user.pk))
        self.request = request

    def clean(self) -> dict[str, Any]:
        data: Any = super().clean()
        if "email" in data and data["email"] != self.request.user.email:
            self.new_address = data["email"]
            self._check_password(data.get("password", ""))
        return data

    def save(self, commit: bool = True) -> User:
        """Store all but a new address; that one has none any more is stored."""
        if self.new_address:
            self.instance.email = self.request.user.email
        self.instance.save(update_fields=["first_name", "last_name", "email"])
        return self.instance

    def _check_password(self, password: str) -> None:
        name = self.request.user.get_username()
        if not self.request.user.has_usable_password():
            self.add_error("email", WITHOUT_ONE)
        elif not password:
            self.add_error("password", "A new address needs your password.")
        # By the backends, where wrong ones are counted.
        elif not authenticate(self.request, username=name, password=password):
            self.add_error("password", "A new address needs your password; this is not it.")
