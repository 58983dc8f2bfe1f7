"""How the words in the box may go on: as asked before, as a title, as a filter."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple, Self

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone

from search.formats.sniff import FORMATS
from search.models import Asset, Collection, Label, User
from search.models.asset import COLOURS, AssetQuerySet
from search.query import lexical
from search.query.filters import FILTERS, MEGAPIXELS, ORIENTATIONS, STATES
from search.query.recent import recent
from search.query.words import Words

Person = User | AnonymousUser

MOST = 8
# Of each kind, so that there is room for the others; titles fill what is left.
SHARE = 2
# So many titles are looked at, the first that come: to sort all that begin with a letter would
# cost more than it tells.
TITLES = 40
# With fewer letters nearly every title has a word that begins so.
LETTERS_WITHIN = 3

NAMES = frozenset(FILTERS)
OFFERED = [name for name in FILTERS if not name.startswith("not_")]
CHOICES = {
    "format": FORMATS,
    "colour": COLOURS,
    "orientation": ORIENTATIONS,
    "size": MEGAPIXELS,
    "state": STATES,
}
# The text of the box: what stands before the last word; a minus; a filter's name; what is typed of
# the word itself, in which a space counts once a quotation mark is open.
_BOX = re.compile(
    r"(?P<before>(?:[^\"]*?\s|(?:[^\"]*\"[^\"]*\")+[^\"]*?\s)?)"
    r"(?P<minus>-?)(?:(?P<name>[a-z_]+):)?(?P<value>\"[^\"]*|[^\s\"]*)"
)


class Completion(NamedTuple):
    """A way to go on: the whole new text of the box, the text of its option, and its kind."""

    value: str
    text: str
    kind: str


class Typed(NamedTuple):
    """The text of the box, taken apart at its last word, which is still being typed."""

    before: str
    minus: str
    name: str  # Of a filter.
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        match = _BOX.fullmatch(text)
        if not match:  # The last word ends with a quotation mark: there is nothing to add to it.
            return cls(text, "", "", "")
        before, minus, name, value = match.groups(default="")
        if name and name not in NAMES:
            return cls(before, minus, "", f"{name}:{value}")
        return cls(before, minus, name, value.removeprefix('"'))

    def as_filter(self, name: str, value: str) -> str:
        """The text with this filter for its last word."""
        quoted = f'"{value}"' if re.search(r"\s|^-", value) else value
        return f"{self.before}{self.minus}{name}:{quoted}"


def completions(text: str, user: Person) -> list[Completion]:
    """At most eight ways to go on, of what this person may see."""
    typed = Typed.parse(text)
    if typed.name:
        return list(islice(_values(typed, typed.name, user), MOST))
    asked = list(_recent(text, user))
    filters = list(_filters(typed, user))
    known = {completion.value.casefold() for completion in asked}
    titles = (title for title in _titles(text, user) if title.value.casefold() not in known)
    return [*asked, *islice(titles, MOST - len(asked) - len(filters)), *filters]


def _recent(text: str, user: Person) -> Iterator[Completion]:
    begun = " ".join(text.split()).casefold()
    asked = (words for words in recent(user) if words.casefold().startswith(begun))
    for words in islice(asked, SHARE if begun else MOST):
        if words.casefold() != begun:
            yield Completion(words, words, "recent")


def _filters(typed: Typed, user: Person) -> Iterator[Completion]:
    """What the last word may be of: a label, a collection, the name of a filter."""
    if not typed.value:
        return
    for name in ("label", "collection"):
        yield from islice(_values(typed, name, user), SHARE)
    names = (name for name in OFFERED if name.startswith(typed.value))
    for name in islice(names, SHARE):
        yield Completion(typed.as_filter(name, ""), f"{name}:", FILTERS[name].hint or "filter")


def _values(typed: Typed, name: str, user: Person) -> Iterator[Completion]:
    """The values of a filter that go on as the last word begins."""
    for value, shown in _known(name.removeprefix("not_"), typed.value, user):
        if '"' not in value:  # Which no box can spell.
            yield Completion(typed.as_filter(name, value), shown, name)


def _known(name: str, begun: str, user: Person) -> Iterable[tuple[str, str]]:
    """Each value as it is spelled, and as it is shown."""
    if name == "label":
        labels = Label.objects.filter(name__istartswith=begun)
        return labels.values_list("name", "name")[:MOST]
    if name == "collection":
        called = Q(name__istartswith=begun) | Q(slug__startswith=begun.lower())
        return Collection.objects.filter(called).values_list("slug", "name")[:MOST]
    if name == "owner":
        return _owners(begun, user)
    values = CHOICES.get(name) or _times(name)
    return [(value, value) for value in values if value.lower().startswith(begun.lower())]


def _owners(begun: str, user: Person) -> Iterable[tuple[str, str]]:
    """Those whose assets a person may see; no stranger learns what an account is called."""
    if not user.is_authenticated:
        return []
    theirs = Asset.objects.visible_to(user).filter(owner=OuterRef("pk"))
    owners = User.objects.filter(Exists(theirs), username__istartswith=begun)
    return owners.order_by("username").values_list("username", "username")[:MOST]


def _times(name: str) -> list[str]:
    """Of what a date may look like: a year, a month, a day."""
    today = timezone.localdate()
    years = [str(today.year - ago) for ago in range(4)]
    return years if name == "year" else [*years[:2], f"{today:%Y-%m}", f"{today}"]


def _titles(text: str, user: Person) -> Iterator[Completion]:
    """Titles that begin as the words do, then those with words that do; the filters stay."""
    parts = Words.parse(text, NAMES).parts
    kept = [str(part) for part in parts if part.name or part.minus]
    words = " ".join(part.value for part in parts if not (part.name or part.minus))
    known = {words.casefold()}
    for title in _called(words, user):
        spelled = _spelled(title)
        if spelled and title.casefold() not in known:
            known.add(title.casefold())
            yield Completion(" ".join([*kept, spelled]), title, "title")


def _called(words: str, user: Person) -> Iterator[str]:
    if not words:
        return
    yield from _shortest(beginning(words, user))
    if len(words.split()[-1]) >= LETTERS_WITHIN:
        in_title = lexical.TextQuery(lexical.TextSearch(words.split()).spelled("A"))
        yield from _shortest(Asset.objects.visible_to(user).filter(said__words=in_title))


def beginning(words: str, user: Person) -> AssetQuerySet:
    """The assets whose titles begin so, in capitals or not; by way of an index."""
    visible = Asset.objects.visible_to(user)
    return visible.alias(small=Lower("title")).filter(small__startswith=words.lower())


def _shortest(assets: AssetQuerySet) -> list[str]:
    titles = assets.values_list("title", flat=True)[:TITLES]
    return sorted(titles, key=lambda title: (len(title), title))


def _spelled(title: str) -> str:
    """A title as it can stand in the box: nothing in it may be read as a filter or a minus."""
    parts = Words.parse(title, NAMES).parts
    is_plain = all(not (part.name or part.minus or part.quoted) for part in parts)
    return title if is_plain and '"' not in title else " ".join(lexical.plain(title))
