"""What a person may send, and the sentence for what they may not."""

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.shortcuts import get_object_or_404

from search.models import Asset, Label, Preference, User
from search.query import Query

NUL = "Your words contain a character that no text has (NUL)."
LONGEST = 1000
# Past any page that a person reaches; a larger offset is only work for the database.
LAST_PAGE = 10_000


class SearchForm(forms.Form):
    """A query as it stands in the URL; words win over a picture, a picture over an asset."""

    q = forms.CharField(
        required=False,
        max_length=LONGEST,
        error_messages={"max_length": f"This is too long: {LONGEST:,} characters are enough."},
    )
    picture = forms.RegexField(
        r"^[0-9a-f]{32}\Z",
        required=False,
        error_messages={"invalid": "This is no query picture; please choose it again."},
    )
    asset = forms.UUIDField(
        required=False, error_messages={"invalid": "This is no asset of the library."}
    )
    collection = forms.SlugField(
        required=False,
        max_length=100,
        error_messages={
            "invalid": "There is no such collection.",
            "max_length": "There is no such collection.",
        },
    )
    label = forms.CharField(
        required=False, max_length=100, error_messages={"max_length": "There is no such label."}
    )
    page = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LAST_PAGE,
        error_messages={
            "invalid": "The page must be a number.",
            "min_value": "Pages are counted from 1.",
            "max_value": "There is no page as far as that.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("q", "picture", "collection", "label"):
            self.fields[name].error_messages["null_characters_not_allowed"] = NUL

    def clean_page(self) -> int:
        return self.cleaned_data["page"] or 1

    def query(self, user: User | AnonymousUser) -> Query:
        """What was asked. Raises Http404 for an asset that this person may not see."""
        given = self.cleaned_data
        words, picture = given["q"], "" if given["q"] else given["picture"]
        asset = None
        if given["asset"] and not words and not picture:
            asset = get_object_or_404(Asset.objects.visible_to(user), pk=given["asset"])
        return Query(words, picture, asset, given["collection"], given["label"])


class QueryPictureForm(forms.Form):
    """A picture to search by, and the filters that stay."""

    picture = forms.FileField(
        allow_empty_file=True,  # Refused in the same words as every other file that is no picture.
        error_messages={
            "required": "Choose a picture first.",
            "invalid": "Choose a picture first.",
        },
    )
    collection = forms.SlugField(required=False, max_length=100)
    label = forms.CharField(required=False, max_length=100)


class JudgementForm(forms.Form):
    """Whether a hit fits the query."""

    hit = forms.UUIDField()
    grade = forms.TypedChoiceField(choices=[(0, "Does not fit"), (1, "Fits")], coerce=int)


class PreferenceForm(forms.Form):
    """Which of two encoders answers better."""

    left = forms.SlugField(max_length=100)
    right = forms.SlugField(max_length=100)
    verdict = forms.ChoiceField(choices=Preference.Verdict.choices)


class SuggestionForm(forms.Form):
    """Whether a suggested label fits an asset."""

    label = forms.ModelChoiceField(Label.objects.all())
    fits = forms.ChoiceField(choices=[("yes", "It fits"), ("no", "It does not fit")])
