"""What a person may send, and the sentence for what they may not."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict

from search.formats.region import NoRegion, Region
from search.models import Asset, Label, Preference, User
from search.models.saved_search import FILTERS_BY_KIND
from search.query import Example, Malformed, Query, Sort, Words, filters
from search.query.filters import FILTERS, NAMES, SPELLINGS
from search.query.query import (
    EVEN,
    MOST_ALTERNATIVES,
    MOST_EXAMPLES,
    MOST_WITHOUT,
    read_balance,
    tidy,
)

NUL = "Your words contain a character that no text has (NUL)."
NO_TEXT = "Your words contain a character that no text has: half of a pair (a lone surrogate)."
# Maximum of characters of what stands in the box.
LONGEST = 1000
TOO_LONG = f"This is too long: {LONGEST:,} characters are enough."
# Maximum of a page's number: past any that a person reaches, an offset is only work for the
# database.
LAST_PAGE = 10_000
# Maximum of values of one filter.
MOST_FILTERS = 20
TOO_MANY_FILTERS = f"At most {MOST_FILTERS} values of one filter can be given at once."
TOO_MANY_WITHOUT = f"At most {MOST_WITHOUT} words can be left out at once."
TOO_MANY_ALTERNATIVES = f"At most {MOST_ALTERNATIVES} descriptions can be joined by OR."
TOO_MANY_EXAMPLES = f"At most {MOST_EXAMPLES} pictures can be asked by at once."


class Several(forms.Field):
    """A parameter that may be given several times; each value is read by itself."""

    widget = forms.MultipleHiddenInput

    def __init__(self, read: Callable[[str], Any], *, most: int, too_many: str) -> None:
        super().__init__(required=False)
        self.read, self.most, self.too_many = read, most, too_many

    def clean(self, value: Any) -> list[Any]:
        """The values. Raises ValidationError with a sentence for each that can't be read."""
        read, sentences = self.each(value)
        if sentences:
            raise forms.ValidationError(sentences)
        return read

    def each(self, value: Any) -> tuple[list[Any], list[str]]:
        """The values that can be read, and a sentence for each other."""
        texts = [text for text in value or () if text.strip()]
        if len(texts) > self.most:
            return [], [self.too_many]
        read: list[Any] = []
        sentences: list[str] = []
        for text in texts:
            try:
                read.append(checked(self.read, text))
            except forms.ValidationError as error:
                sentences += error.messages
        return read, sentences


class One(forms.CharField):
    """A parameter that is given once, read by a function; left out, it is `missing`."""

    def __init__(self, read: Callable[[str], Any], *, missing: Any = "") -> None:
        super().__init__(required=False, max_length=LONGEST)
        self.read, self.missing = read, missing

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return checked(self.read, text) if text else self.missing


def checked(read: Callable[[str], Any], value: str) -> Any:
    """The value as it is read. Raises ValidationError with the sentence of its refusal."""
    if "\0" in value:
        raise forms.ValidationError(NUL)
    refuse_halves(value)
    if len(value) > LONGEST:
        raise forms.ValidationError(TOO_LONG)
    try:
        return read(value)
    except Malformed as refusal:
        raise forms.ValidationError(str(refusal)) from None


def refuse_halves(value: str) -> None:
    """Raise ValidationError for what can't be stored, as it comes from JSON or a command line."""
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise forms.ValidationError(NO_TEXT)


def read_switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise Malformed("no_switch")
    return value == "1"


def read_sort(value: str) -> Sort:
    try:
        return Sort(value)
    except ValueError:
        raise Malformed("no_sort", sorts=", ".join(Sort)) from None


def read_percentage(value: str) -> float:
    try:
        return float(value) / 100
    except ValueError:
        raise Malformed("region_is_no_four_numbers") from None


class SearchForm(forms.Form):
    """A query as it stands in the URL: the canonical form, and what people type into the box."""

    q = forms.CharField(
        required=False,
        max_length=LONGEST,
        error_messages={
            "max_length": TOO_LONG,
            "null_characters_not_allowed": NUL,
        },
    )
    like = Several(Example.parse, most=MOST_EXAMPLES, too_many=TOO_MANY_EXAMPLES)
    unlike = Several(Example.parse, most=MOST_EXAMPLES, too_many=TOO_MANY_EXAMPLES)
    balance = One(read_balance, missing=EVEN)
    sort = One(read_sort, missing=Sort.RELEVANCE)
    everything = One(read_switch, missing=False)
    diversity = One(read_switch, missing=False)
    # What `diversity` was called once: bookmarks and saved searches still hold it.
    variety = One(read_switch, missing=False)
    duplicates = One(read_switch, missing=False)
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
    # A region of an example in numbers, for pages without JavaScript: percent of its sides.
    region_of = One(Example.parse, missing=None)
    left = One(read_percentage, missing=None)
    top = One(read_percentage, missing=None)
    width = One(read_percentage, missing=None)
    height = One(read_percentage, missing=None)

    def __init__(self, data: Any, user: User | AnonymousUser) -> None:
        super().__init__(data)
        self.user = user
        for name in (*FILTERS, *SPELLINGS):
            reads = partial(filters.read, name, user=user)
            self.fields[name] = Several(reads, most=MOST_FILTERS, too_many=TOO_MANY_FILTERS)

    def clean_q(self) -> Words:
        refuse_halves(self.cleaned_data["q"])
        words = filters.read_box(self.cleaned_data["q"])
        if len(words.without) > MOST_WITHOUT:
            raise forms.ValidationError(TOO_MANY_WITHOUT)
        if len(str(words)) > LONGEST:
            raise forms.ValidationError(TOO_LONG)
        if len(words.alternatives) > MOST_ALTERNATIVES:
            raise forms.ValidationError(TOO_MANY_ALTERNATIVES)
        if words.unlike:
            raise forms.ValidationError(
                str(Malformed("or_between_unlike", part=str(words.unlike[0])))
            )
        return words

    def clean_page(self) -> int:
        return self.cleaned_data["page"] or 1

    def clean_like(self) -> list[Example]:
        return self._seen(self.cleaned_data["like"])

    def clean_unlike(self) -> list[Example]:
        return self._seen(self.cleaned_data["unlike"])

    def clean(self) -> dict[str, Any]:
        """Add what was typed as filters and drawn as a region, and refuse contradictions."""
        data = self.cleaned_data
        typed = list(self._typed(data.get("q") or Words()))
        self._keep_what_can_be_read()
        for name, value in typed:
            data.setdefault(name, []).append((name, value))
            if len(data[name]) > MOST_FILTERS:
                self.add_error(name, TOO_MANY_FILTERS)
        try:
            filters.refuse_contradictions(self._filters())
        except Malformed as refusal:
            self.add_error(None, str(refusal))
        if data.get("region_of"):
            self._read_region(data["region_of"])
        return data

    def query(self) -> Query:
        """The query; of a form with errors, all of it that can be read."""
        data = self.cleaned_data
        words = data.get("q") or Words()
        return Query(
            words=words.untyped,
            like=tuple(dict.fromkeys(data.get("like", ()))),
            unlike=tuple(dict.fromkeys(data.get("unlike", ()))),
            balance=data.get("balance", EVEN),
            filters=() if self.non_field_errors() else tidy(self._filters()),
            sort=data.get("sort", Sort.RELEVANCE),
            everything=data.get("everything", False),
            diversity=data.get("diversity") or data.get("variety") or False,
            duplicates=data.get("duplicates", False),
        )

    @property
    def has_other_names(self) -> bool:
        """Whether its address calls a label, a collection or an account as the query does not: by
        an old name, or in capitals."""
        names = [name for several in FILTERS_BY_KIND.values() for name in several]
        return any(
            value.strip() and (name, value) not in self._filters()
            for name in names
            for value in self[name].data or ()
        )

    def sentences(self) -> list[str]:
        """What is wrong with it, each thing once."""
        each = (str(sentence) for sentences in self.errors.values() for sentence in sentences)
        return list(dict.fromkeys(each))

    def _filters(self) -> list[tuple[str, str]]:
        return [pair for name in NAMES for pair in self.cleaned_data.get(name) or []]

    def _typed(self, words: Words) -> Iterator[tuple[str, str]]:
        joined = [parts[0].name for parts in words.typed_together if len(parts) > 1]
        for parts in words.typed_together:
            try:
                if joined.count(parts[0].name) > 1:
                    raise Malformed("or_twice", name=parts[0].name)
                yield from filters.read_together(parts, self.user)
            except Malformed as refusal:
                self.add_error(parts[0].name, str(refusal))

    def _keep_what_can_be_read(self) -> None:
        """Of a parameter of which some values can't be read, keep the others."""
        for name in self.errors:
            if isinstance(field := self.fields.get(name), Several):
                read, _ = field.each(self[name].data)
                self.cleaned_data[name] = read if name in NAMES else self._there(read)

    def _read_region(self, example: Example) -> None:
        sides = [self.cleaned_data.get(name) for name in ("left", "top", "width", "height")]
        part = example
        try:
            if None in sides:
                raise NoRegion("region_is_no_four_numbers")
            part = replace(example, region=Region.of(*sides))  # type: ignore[arg-type]
            self._seen([part])
        except NoRegion as refusal:
            self.add_error("region_of", str(refusal))
        except forms.ValidationError as error:
            self.add_error("region_of", error)
        others = [e for e in self.cleaned_data.get("like", ()) if e.id != example.id]
        self.cleaned_data["like"] = [*others, *self._there([part])]

    def _seen(self, examples: list[Example]) -> list[Example]:
        """Refuse assets that are not there for this person."""
        if len(self._there(examples)) < len(examples):
            raise forms.ValidationError("This asset is not in the library.")
        return examples

    def _there(self, examples: list[Example]) -> list[Example]:
        ids = {example.asset for example in examples if example.asset}
        if not ids:
            return examples
        visible = Asset.objects.visible_to(self.user).filter(pk__in=ids)
        unseen = ids.difference(visible.values_list("pk", flat=True))
        return [example for example in examples if example.asset not in unseen]


def data_of(parameters: Mapping[str, Iterable[str]]) -> QueryDict:
    """The canonical form of a query as what a form reads."""
    data = QueryDict(mutable=True)
    for name, values in parameters.items():
        data.setlist(name, list(values))
    return data


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
