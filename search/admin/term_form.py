"""The form of a use term, and the document that may be sent with it."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
    UnfoldBooleanSwitchWidget,
)

from search.access.bodies import takes_pictures
from search.formats.sniff import UndecodableImage
from search.library.documents import keep_document
from search.models import Term
from search.models.territory import TERRITORIES

COUNTRIES = [("", "—"), *sorted(TERRITORIES.items(), key=lambda each: each[1])]
FIELDS = ["kind", "effect", "scope", "territory", "since", "until", "ends_use", "display", "reason"]


# The field beside which a constraint is said to be broken: of a row on the page of an asset, what
# is said of no field is not shown.
FIELD_OF = {
    "a_denial_has_a_reason": "reason",
    "a_term_ends_after_it_begins": "until",
    "a_country_belongs_to_its_scope": "territory",
    "what_ends_use_allows_it_until_then": "ends_use",
    "a_release_allows": "effect",
}


class MomentField(forms.DateTimeField):
    """A moment by the site's clock."""

    widget = UnfoldAdminTextInputWidget({"type": "datetime-local"})

    def prepare_value(self, value: Any) -> Any:
        if hasattr(value, "tzinfo"):
            return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M")
        return value


class TermForm(forms.ModelForm):
    """What a curator says may be done, until when and why."""

    # Named by the model: what is none of these is refused there, in a sentence.
    territory = forms.CharField(
        label="Country",
        required=False,
        widget=UnfoldAdminSelectWidget(choices=COUNTRIES),
        help_text="Of “in a country” alone.",
    )
    since = MomentField(label="From", required=False, help_text="Empty: ever since.")
    until = MomentField(required=False, help_text="Empty: without an end.")
    link = forms.URLField(
        required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget, max_length=500
    )
    upload = forms.FileField(
        label="Document",
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text="A contract or a release, as PDF, picture or text; for curators alone.",
    )

    class Meta:
        model = Term
        fields = [*FIELDS, "link"]
        widgets = {
            "kind": UnfoldAdminSelectWidget,
            "effect": UnfoldAdminSelectWidget,
            "scope": UnfoldAdminSelectWidget,
            "display": UnfoldAdminSelectWidget,
            "ends_use": UnfoldBooleanSwitchWidget,
            "reason": UnfoldAdminTextInputWidget,
        }

    def clean(self) -> Any:
        data = super().clean()
        upload = self.cleaned_data.get("upload")
        if upload and not self.errors:
            try:
                self.instance.document = keep_document(upload)
            except UndecodableImage as refusal:
                self.add_error("upload", ValidationError(str(refusal)))
        return data

    def _update_errors(self, errors: Any) -> None:
        for error in errors.error_dict.pop(NON_FIELD_ERRORS, []):
            broken = (
                c for c in Term._meta.constraints if c.violation_error_message == error.message
            )
            field = next((FIELD_OF.get(c.name, "") for c in broken), "") or NON_FIELD_ERRORS
            errors.error_dict.setdefault(field, []).append(error)
        super()._update_errors(errors)  # type: ignore[misc]


class WithDocuments:
    """An admin whose forms bring documents of terms."""

    @takes_pictures(lambda user: user.is_staff)
    def add_view(self, *args: Any, **kwargs: Any) -> Any:
        return super().add_view(*args, **kwargs)  # type: ignore[misc]

    @takes_pictures(lambda user: user.is_staff)
    def change_view(self, *args: Any, **kwargs: Any) -> Any:
        return super().change_view(*args, **kwargs)  # type: ignore[misc]
