"""How the words in the box may go on: as a recent search, as a title, as a filter."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from search.formats.sniff import FORMATS
from search.models import Asset, Collection, Label, Licence, User
from search.models.asset import COLOURS, AssetQuerySet
from search.models.embedding import AssetState
from search.query import lexical
from search.query.filters import FILTERS, MEGAPIXELS, NAMES, ORIENTATIONS, SPELLINGS
from search.query.recent import recent
from search.query.words import Unfinished, Words, can_be_spelled, is_plain

Person = User | AnonymousUser

# Maximum of completions.
MOST = 8
# Maximum of each kind, so that there is room for the others; titles fill what is left.
SHARE = 2
# Number of titles that are looked at, the first that come: to sort all that begin with a letter
# would cost more than it is worth.
TITLES = 40
# Minimum of letters to look for words within titles: with fewer nearly every title has one.
LETTERS_WITHIN = 3

OFFERED = [name for name in FILTERS if not name.startswith(("any_", "not_"))]
CHOICES = {
    "format": FORMATS,
    "colour": COLOURS,
    "orientation": ORIENTATIONS,
    "size": MEGAPIXELS,
    "state": AssetState.values,
}


class Completion(NamedTuple):
    """A way to go on: the whole new text of the box, the text of its option, and its kind."""

    value: str
    text: str
    kind: str
    goes_on: bool = False  # It wants a value yet.


def completions(text: str, user: Person) -> list[Completion]:
    """At most eight ways to go on, of what this person may see."""
    box = Unfinished.parse(text, NAMES)
    if box.part.name:
        name = SPELLINGS.get(box.part.name, box.part.name)
        return list(islice(_values(box, name, user), MOST))
    searches = list(_recent(text, user))
    filters = list(_filters(box, user))
    values = {completion.value.casefold() for completion in searches}
    titles = (title for title in _titles(text, user) if title.value.casefold() not in values)
    return [*searches, *islice(titles, MOST - len(searches) - len(filters)), *filters]


def _recent(text: str, user: Person) -> Iterator[Completion]:
    begun = " ".join(text.split()).casefold()
    searches = (words for words in recent(user) if words.casefold().startswith(begun))
    for words in islice(searches, SHARE if begun else MOST):
        if words.casefold() != begun:
            yield Completion(words, words, "recent")


def _filters(box: Unfinished, user: Person) -> Iterator[Completion]:
    """What the last word may be of: a label, a collection, the name of a filter."""
    begun = box.part.value
    if not begun:
        return
    for name in ("label", "collection"):
        yield from islice(_values(box, name, user), SHARE)
    mine = (n for n in OFFERED if user.is_staff or not FILTERS[n].for_staff)
    names = (name for name in mine if name.startswith(begun))
    for name in islice(names, SHARE):
        hint = FILTERS[name].hint or "filter"
        yield Completion(box.as_filter(name, ""), f"{name}:", hint, goes_on=True)


def _values(box: Unfinished, name: str, user: Person) -> Iterator[Completion]:
    """The values of a filter that go on as the last word begins."""
    for value, text in _choices(
        name.removeprefix("not_").removeprefix("any_"), box.part.value, user
    ):
        if can_be_spelled(value):
            yield Completion(box.as_filter(name, value), text, name)


def _choices(name: str, begun: str, user: Person) -> Iterable[tuple[str, str]]:
    """Each value as it is spelled, and the text of its option."""
    if name == "label":
        labels = Label.objects.visible_to(user).filter(name__istartswith=begun)
        return labels.values_list("name", "name")[:MOST]
    if name == "collection":
        called = Q(name__istartswith=begun) | Q(slug__startswith=begun.lower())
        return Collection.objects.visible_to(user).filter(called).values_list("slug", "name")[:MOST]
    if name == "licence":
        called = Q(name__istartswith=begun) | Q(code__istartswith=begun)
        return Licence.objects.filter(called).values_list("code", "name")[:MOST]
    if name == "owner":
        return _owners(begun, user)
    values = CHOICES.get(name) or _times(name)
    return [(value, value) for value in values if value.lower().startswith(begun.lower())]


def _owners(begun: str, user: Person) -> Iterable[tuple[str, str]]:
    """Those whose assets a person may see; no stranger learns what an account is called."""
    if not user.is_authenticated:
        return []
    owners = User.objects.owning(Asset.objects.visible_to(user))
    called = owners.filter(username__istartswith=begun)
    return called.order_by("username").values_list("username", "username")[:MOST]


def _times(name: str) -> list[str]:
    """Of what a date may look like: a year, a month, a day."""
    today = timezone.localdate()
    years = [str(today.year - ago) for ago in range(4)]
    return years if name == "year" else [*years[:2], f"{today:%Y-%m}", f"{today}"]


def _titles(text: str, user: Person) -> Iterator[Completion]:
    """Titles that begin as the words do, then those with words that do; the filters stay."""
    words = Words.parse(text, NAMES)
    seen = {words.wanted.casefold()}
    for title in _called(words.wanted, user):
        spelling = _spelling(title)
        if spelling and title.casefold() not in seen:
            seen.add(title.casefold())
            yield Completion(f"{words.conditions} {spelling}".strip(), title, "title")


def _called(words: str, user: Person) -> Iterator[str]:
    if not words:
        return
    yield from _shortest(beginning(words, user))
    if len(words.split()[-1]) >= LETTERS_WITHIN:
        in_title = lexical.TextQuery(
            lexical.TextSearch(words.split()).spelled(lexical.TITLE.weight)
        )
        yield from _shortest(Asset.objects.visible_to(user).filter(asset_words__words=in_title))


def beginning(words: str, user: Person) -> AssetQuerySet:
    """The assets whose titles begin so, in capitals or not; by way of an index."""
    visible = Asset.objects.visible_to(user)
    return visible.alias(small=Lower("title")).filter(small__startswith=words.lower())


def _shortest(assets: AssetQuerySet) -> list[str]:
    titles = assets.values_list("title", flat=True)[:TITLES]
    return sorted(titles, key=lambda title: (len(title), title))


def _spelling(title: str) -> str:
    """A title as it can stand in the box: as it is, or its plain words."""
    return title if is_plain(title, NAMES) else " ".join(lexical.plain(title))
