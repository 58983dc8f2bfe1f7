"""The filters of a query: how each is read, and what it leaves."""

import datetime
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import DateTimeField, Exists, F, OuterRef, Q, Value
from django.utils import timezone

from search.formats.sniff import FORMATS
from search.models import Asset, Collection, Embedding, Label, Licence, Rights, User
from search.models.asset import COLOURS, AssetQuerySet
from search.models.embedding import AssetState
from search.models.names import called
from search.models.old_name import Row, named
from search.query.query import Malformed
from search.query.words import Part, Words

Person = User | AnonymousUser
Reads = Callable[[str, Person], str]
Leaves = Callable[[AssetQuerySet, Sequence[str]], AssetQuerySet]

# Minimum of a panorama's width beside its height.
PANORAMA = 2
# Maximum share by which the sides of a square differ.
SQUARE = 0.05
# From how many megapixels, and below how many.
MEGAPIXELS = {"small": (0, 1), "medium": (1, 8), "large": (8, None)}
# Maximum between upload and embedding: what a later encoder embeds again is no news.
LATEST = datetime.timedelta(days=1)
# Earliest moment of a filter: from one in the year 1 no day can be subtracted.
FIRST_MOMENT = datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC)
ORIENTATIONS = ("landscape", "portrait", "square", "panorama")
# Other spellings of values: endings of files, and English of elsewhere.
_FORMATS_TOO = {"jpg": "JPEG", "jpe": "JPEG", "jfif": "JPEG", "tif": "TIFF", "dib": "BMP"}
_COLOURS_TOO = {"gray": "grey", "violet": "purple"}
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


class Filter(NamedTuple):
    """One filter: a word's canonical form, and which assets several values leave."""

    read: Reads
    leaves: Leaves
    all_of: bool = False  # Several values leave what has each of them, else what has any.
    hint: str = ""  # What to write behind its name.
    for_staff: bool = False  # Others may not ask by it.


def narrow(assets: AssetQuerySet, filters: Iterable[tuple[str, str]]) -> AssetQuerySet:
    """The assets that every filter leaves."""
    values: dict[str, list[str]] = {}
    for name, value in filters:
        values.setdefault(name, []).append(value)
    for name, several in values.items():
        assets = FILTERS[name].leaves(assets, several)
    return assets


def read(name: str, value: str, user: Person) -> tuple[str, str]:
    """A filter as it stands in the canonical form. Raises Malformed, also where it names what this
    person may not see."""
    name = SPELLINGS.get(name, name)
    if FILTERS[name].for_staff and not user.is_staff:
        raise Malformed("filter_is_for_curators", filter=name)
    return name, FILTERS[name].read(value.strip(), user)


def read_box(text: str) -> Words:
    """What stands in the box, with its typed filters."""
    return Words.parse(text, NAMES)


def read_typed(part: Part, user: Person) -> tuple[str, str]:
    """A filter as it was typed into the box, in the canonical form. Raises Malformed."""
    name = SPELLINGS.get(part.name, part.name)
    name = f"not_{name}" if part.minus else name
    if name not in FILTERS:
        raise Malformed("only_labels_are_left_out", part=str(part))
    return read(name, part.value, user)


def read_together(parts: Sequence[Part], user: Person) -> list[tuple[str, str]]:
    """Typed filters that ORs stand between, each of which leaves what any of them does."""
    pairs = [read_typed(part, user) for part in parts]
    if len(pairs) == 1 or not FILTERS[pairs[0][0]].all_of:
        return pairs
    return [(f"any_{name}", value) for name, value in pairs]


def refuse_contradictions(filters: Iterable[tuple[str, str]]) -> None:
    """Raise Malformed where no asset can ever pass all of these filters."""
    pairs = set(filters)
    if both := {v for n, v in pairs if n == "label"} & {v for n, v in pairs if n == "not_label"}:
        raise Malformed("label_contradicts", label=both.pop())
    for which in ("", "taken_", "added_"):
        after = [value for name, value in pairs if name == f"{which}after"]
        before = [value for name, value in pairs if name == f"{which}before"]
        if after and before and min(after) >= max(before):
            raise Malformed("dates_contradict")


# How a value is read ------------------------------------------------------------------------------


def _a_label(value: str, user: Person) -> str:
    label = named(Label.objects.visible_to(user), value, "name")
    return _there(label, value, "no_such_label").name


def _a_collection(value: str, user: Person) -> str:
    # Of two, the one of this slug, whatever the other is called.
    collection = named(Collection.objects.visible_to(user), value, "slug", "name")
    return _there(collection, value, "no_such_collection").slug


def _an_owner(value: str, user: Person) -> str:
    """One whose assets this person sees, or themselves: others are as unknown as nobody."""
    owners = User.objects.owning(Asset.objects.visible_to(user), user)
    return _there(named(owners, value, "username"), value, "no_such_owner").username


def _a_licence(value: str, user: Person) -> str:
    ways = (called(Licence.objects.all(), value, field) for field in ("code", "name"))
    found = next((licence for way in ways if (licence := way.first())), None)
    return _there(found, value, "no_such_licence").code


def _there(row: Row | None, value: str, refusal: str) -> Row:
    """The row, where there is one of this name. Raises Malformed."""
    if row is None:
        raise Malformed(refusal, name=value)
    return row


def _one_of(
    filter_name: str, choices: Iterable[str], spellings: Mapping[str, str] | None = None
) -> Reads:
    """Reads one of these choices, which may have other spellings too."""
    *first, last = choices
    by_lower = {choice.lower(): choice for choice in (*first, last)} | dict(spellings or {})

    def one(value: str, user: Person) -> str:
        if value.lower() not in by_lower:
            listed = {"first": ", ".join(first), "last": last}
            raise Malformed("no_such_choice", value=value, filter=filter_name, **listed)
        return by_lower[value.lower()]

    return one


def _a_date(value: str, user: Person) -> str:
    """A day, or the first of a month or year: 2024-05-31, 2024-05, 2024."""
    match = _DATE.fullmatch(value)
    try:
        year, month, day = (int(part or 1) for part in match.groups()) if match else (0, 0, 0)
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        raise Malformed("no_date", value=value) from None


def _a_year(value: str, user: Person) -> str:
    if not re.fullmatch(r"[1-9][0-9]{3}", value):
        raise Malformed("no_year", value=value)
    return value


def _a_moment(value: str, user: Person) -> str:
    """A moment in UTC; one without a time zone is taken for that."""
    try:
        moment = datetime.datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        return max(moment, FIRST_MOMENT).astimezone(datetime.UTC).isoformat()
    except (ValueError, OverflowError):
        raise Malformed("no_moment", value=value) from None


# What it leaves -----------------------------------------------------------------------------------


def _with_labels(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    for name in names:
        assets = assets.labelled(name)
    return assets


def _with_any_label(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    return assets.labelled_any(names)


def _without_labels(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    return assets.without_labels(names)


def _in_collections(assets: AssetQuerySet, slugs: Sequence[str]) -> AssetQuerySet:
    for slug in slugs:
        assets = assets.in_collection(slug)
    return assets


def _in_any_collection(assets: AssetQuerySet, slugs: Sequence[str]) -> AssetQuerySet:
    return assets.in_any_collection(slugs)


def _of_formats(assets: AssetQuerySet, formats: Sequence[str]) -> AssetQuerySet:
    return assets.filter(format__in=formats)


def _of_colours(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    return assets.filter(colour_name__in=names)


def _of_orientations(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    width, height = F("width"), F("height")
    square = Q(width__lte=height * (1 + SQUARE), height__lte=width * (1 + SQUARE))
    conditions = {
        "landscape": Q(width__gt=height) & ~square,
        "portrait": Q(height__gt=width) & ~square,
        "square": square,
        "panorama": Q(width__gte=height * PANORAMA),
    }
    return assets.filter(_any_of(conditions[name] for name in names))


def _of_sizes(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    pixels = assets.alias(pixels=F("width") * F("height"))
    return pixels.filter(_any_of(_of_size(*MEGAPIXELS[name]) for name in names))


def _of_size(least: int, most: int | None) -> Q:
    larger = Q(pixels__gte=least * 1_000_000)
    return larger & Q(pixels__lt=most * 1_000_000) if most else larger


def _of_owners(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    return assets.filter(owner__username__in=names)


def _in_states(assets: AssetQuerySet, states: Sequence[str]) -> AssetQuerySet:
    embeddings = Embedding.objects.of_serving()
    return assets.filter(
        _any_of(Q(pk__in=embeddings.in_state(state).values("asset")) for state in states)
    )


def _of_licences(assets: AssetQuerySet, codes: Sequence[str]) -> AssetQuerySet:
    licences = list(Licence.objects.filter(code__in=codes).values_list("pk", flat=True))
    licensed = Rights.objects.filter(licence__in=licences, asset=OuterRef("pk"))
    return assets.filter(Exists(licensed))


def _as_of(assets: AssetQuerySet, days: Sequence[str]) -> AssetQuerySet:
    """What terms of use left to viewers as each of these days began, by the site's clock."""
    for day in days:
        begins = timezone.make_aware(datetime.datetime.fromisoformat(day))
        assets = assets.cleared_at(Value(begins, output_field=DateTimeField()))
    return assets


def _since(field: str) -> Leaves:
    return lambda assets, days: assets.dated().filter(**{f"{field}__gte": _midnight(min(days))})


def _until(field: str) -> Leaves:
    return lambda assets, days: assets.dated().filter(**{f"{field}__lt": _midnight(max(days))})


def _in_years(assets: AssetQuerySet, years: Sequence[str]) -> AssetQuerySet:
    return assets.dated().filter(_any_of(Q(dated__range=_bounds(year)) for year in years))


def _bounds(year: str) -> tuple[datetime.datetime, datetime.datetime]:
    """Its first moment and its last."""
    first = _midnight(f"{year}-01-01")
    last = first.replace(month=12, day=31, hour=23, minute=59, second=59, microsecond=999_999)
    return first, last


def _any_of(conditions: Iterable[Q]) -> Q:
    return reduce(operator.or_, conditions)


def _new_since(assets: AssetQuerySet, moments: Sequence[str]) -> AssetQuerySet:
    """Those added after a moment, or shortly before it and embedded only after."""
    moment = datetime.datetime.fromisoformat(max(moments))
    embedded = Embedding.objects.of_serving().filter(fulfilled__gt=moment)
    recent = assets.filter(created__gt=moment - LATEST)
    return recent.filter(Q(created__gt=moment) | Q(pk__in=embedded.values("asset")))


def _midnight(day: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC)


DAY = "a day, month or year, as 2024-05-31"

FILTERS = {
    "label": Filter(_a_label, _with_labels, all_of=True, hint="a label"),
    "any_label": Filter(_a_label, _with_any_label),
    "not_label": Filter(_a_label, _without_labels, all_of=True),
    "collection": Filter(_a_collection, _in_collections, all_of=True, hint="a collection"),
    "any_collection": Filter(_a_collection, _in_any_collection),
    "format": Filter(_one_of("format", FORMATS, _FORMATS_TOO), _of_formats),
    "colour": Filter(_one_of("colour", COLOURS, _COLOURS_TOO), _of_colours),
    "orientation": Filter(_one_of("orientation", ORIENTATIONS), _of_orientations),
    "size": Filter(_one_of("size", MEGAPIXELS), _of_sizes),
    "owner": Filter(_an_owner, _of_owners, hint="who uploaded it"),
    "state": Filter(_one_of("state", AssetState.values), _in_states),
    "licence": Filter(_a_licence, _of_licences, hint="what it may be used for"),
    "year": Filter(_a_year, _in_years, hint="when it was taken, else added"),
    "after": Filter(_a_date, _since("dated"), hint=DAY),
    "before": Filter(_a_date, _until("dated"), hint=DAY),
    "taken_after": Filter(_a_date, _since("taken"), hint=DAY),
    "taken_before": Filter(_a_date, _until("taken"), hint=DAY),
    "added_after": Filter(_a_date, _since("created"), hint=DAY),
    "added_before": Filter(_a_date, _until("created"), hint=DAY),
    "as_of": Filter(_a_date, _as_of, all_of=True, hint=f"{DAY}, by its terms", for_staff=True),
    "new_since": Filter(_a_moment, _new_since, all_of=True),
}
# Other spellings of their names.
SPELLINGS = {
    "color": "colour",
    "colors": "colour",
    "colours": "colour",
    "license": "licence",
}
NAMES = frozenset({*FILTERS, *SPELLINGS})
