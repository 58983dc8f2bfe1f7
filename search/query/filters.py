"""The filters of a query: how each is read, and what it leaves."""

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from django.db.models import F, Q

from search.formats.sniff import FORMATS
from search.models import AssetLabel, Collection, Embedding, Label, User
from search.models.asset import COLOURS, AssetQuerySet
from search.query.query import Malformed

Leaves = Callable[[AssetQuerySet, Sequence[str]], AssetQuerySet]

PANORAMA = 2  # As wide as twice its height, or more.
SQUARE = 0.05  # Sides that differ by less than this share are as good as equal.
MEGAPIXELS = {"small": (0, 1), "medium": (1, 8), "large": (8, None)}
# Embedding may take so long; what a later encoder embeds again is no news.
LATEST = datetime.timedelta(days=1)
FIRST_MOMENT = datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC)
STATES = ("searchable", "waiting", "failed")
ORIENTATIONS = ("landscape", "portrait", "square", "panorama")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


class Filter(NamedTuple):
    """One filter: a word's canonical form, which assets several values leave, how many it takes."""

    read: Callable[[str], str]
    leaves: Leaves
    many: bool = False
    hint: str = ""  # What to write behind its name.


def narrow(assets: AssetQuerySet, filters: Iterable[tuple[str, str]]) -> AssetQuerySet:
    """The assets that every filter leaves."""
    values: dict[str, list[str]] = {}
    for name, value in filters:
        values.setdefault(name, []).append(value)
    for name, given in values.items():
        assets = FILTERS[name].leaves(assets, given)
    return assets


def read(name: str, value: str) -> tuple[str, str]:
    """A filter as it stands in the canonical form. Raises Malformed."""
    return name, FILTERS[name].read(value.strip())


def contradiction(filters: Iterable[tuple[str, str]]) -> str:
    """Why no asset can ever pass these filters, in a sentence; else nothing."""
    pairs = set(filters)
    values = dict(pairs)
    if both := {v for n, v in pairs if n == "label"} & {v for n, v in pairs if n == "not_label"}:
        return f"The label “{both.pop()}” is both asked for and left out."
    for which in ("", "taken_", "added_"):
        after, before = f"{which}after", f"{which}before"
        if after in values and before in values and values[after] >= values[before]:
            return "The dates contradict each other: nothing is both after and before them."
    return ""


# How a value is read ------------------------------------------------------------------------------


def _a_label(value: str) -> str:
    named = Label.objects.filter(name__iexact=value)
    return _known(named.values_list("name", flat=True), value, f"There is no label “{value}”.")


def _a_collection(value: str) -> str:
    # Of two, the one of this slug, whatever the other is called.
    named = Collection.objects.filter(slug__iexact=value)
    slugs = (named or Collection.objects.filter(name__iexact=value)).values_list("slug", flat=True)
    return _known(slugs, value, f"There is no collection “{value}”.")


def _an_owner(value: str) -> str:
    named = User.objects.filter(username__iexact=value)
    return _known(
        named.values_list("username", flat=True), value, f"Nobody here is called “{value}”."
    )


def _known(names: Iterable[str], value: str, sentence: str) -> str:
    """The name that is written just as this, else one that is but for capitals."""
    found = sorted(names, key=lambda name: (name != value, name))
    if not found:
        raise Malformed(sentence)
    return found[0]


def _one_of(what: str, choices: Iterable[str]) -> Callable[[str], str]:
    known = {choice.lower(): choice for choice in choices}

    def one(value: str) -> str:
        if value.lower() not in known:
            raise Malformed(f"“{value}” is no {what}: choose {_listed(list(known.values()))}.")
        return known[value.lower()]

    return one


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _a_date(value: str) -> str:
    """A day, or the first of a month or year: 2024-05-31, 2024-05, 2024."""
    match = _DATE.fullmatch(value)
    try:
        year, month, day = (int(part or 1) for part in match.groups()) if match else (0, 0, 0)
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        raise Malformed(f"“{value}” is no date: write it as 2024-05-31, 2024-05 or 2024.") from None


def _a_year(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{3}", value):
        raise Malformed(f"“{value}” is no year: write it as 2024.")
    return value


def _a_moment(value: str) -> str:
    """A moment in UTC; one without a time zone is taken for that."""
    try:
        moment = datetime.datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        return max(moment, FIRST_MOMENT).astimezone(datetime.UTC).isoformat()
    except (ValueError, OverflowError):
        raise Malformed(f"“{value}” is no moment: write it as 2024-05-31T14:05:00Z.") from None


# What it leaves -----------------------------------------------------------------------------------


def _labelled(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    for name in names:
        assets = assets.labelled(name)
    return assets


def _unlabelled(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    return assets.exclude(pk__in=AssetLabel.objects.filter(label__name__in=names).values("asset"))


def _collected(assets: AssetQuerySet, slugs: Sequence[str]) -> AssetQuerySet:
    for slug in slugs:
        assets = assets.in_collection(slug)
    return assets


def _formatted(assets: AssetQuerySet, formats: Sequence[str]) -> AssetQuerySet:
    return assets.filter(format__in=formats)


def _coloured(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    return assets.filter(colour_name__in=names)


def _oriented(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    width, height = F("width"), F("height")
    square = Q(width__lte=height * (1 + SQUARE), height__lte=width * (1 + SQUARE))
    conditions = {
        "landscape": Q(width__gt=height) & ~square,
        "portrait": Q(height__gt=width) & ~square,
        "square": square,
        "panorama": Q(width__gte=height * PANORAMA),
    }
    return assets.filter(conditions[names[-1]])


def _sized(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    least, most = MEGAPIXELS[names[-1]]
    assets = assets.alias(pixels=F("width") * F("height")).filter(pixels__gte=least * 1_000_000)
    return assets.filter(pixels__lt=most * 1_000_000) if most else assets


def _owned(assets: AssetQuerySet, names: Sequence[str]) -> AssetQuerySet:
    return assets.filter(owner__username=names[-1])


def _in_state(assets: AssetQuerySet, states: Sequence[str]) -> AssetQuerySet:
    of_serving = Embedding.objects.of_serving()
    waiting = of_serving.filter(fulfilled=None, error="")
    chosen = {
        "searchable": of_serving.filter(fulfilled__isnull=False),
        "waiting": waiting,
        "failed": of_serving.filter(fulfilled=None).exclude(error=""),
    }
    return assets.filter(pk__in=chosen[states[-1]].values("asset"))


def _since(field: str) -> Leaves:
    return lambda assets, days: assets.dated().filter(**{f"{field}__gte": _midnight(days[-1])})


def _until(field: str) -> Leaves:
    return lambda assets, days: assets.dated().filter(**{f"{field}__lt": _midnight(days[-1])})


def _in_year(assets: AssetQuerySet, years: Sequence[str]) -> AssetQuerySet:
    first = _midnight(f"{years[-1]}-01-01")
    last = first.replace(month=12, day=31, hour=23, minute=59, second=59, microsecond=999_999)
    return assets.dated().filter(**{"dated__range": (first, last)})


def _new_since(assets: AssetQuerySet, moments: Sequence[str]) -> AssetQuerySet:
    """Those added after a moment, or shortly before it and found only after."""
    moment = datetime.datetime.fromisoformat(moments[-1])
    found = Embedding.objects.of_serving().filter(fulfilled__gt=moment)
    recent = assets.filter(created__gt=moment - LATEST)
    return recent.filter(Q(created__gt=moment) | Q(pk__in=found.values("asset")))


def _midnight(day: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC)


DAY = "a day, month or year, as 2024-05-31"

FILTERS = {
    "label": Filter(_a_label, _labelled, many=True, hint="a label"),
    "not_label": Filter(_a_label, _unlabelled, many=True),
    "collection": Filter(_a_collection, _collected, many=True, hint="a collection"),
    "format": Filter(_one_of("format", FORMATS), _formatted, many=True),
    "colour": Filter(_one_of("colour", COLOURS), _coloured, many=True),
    "orientation": Filter(_one_of("orientation", ORIENTATIONS), _oriented),
    "size": Filter(_one_of("size", MEGAPIXELS), _sized),
    "owner": Filter(_an_owner, _owned, hint="who uploaded it"),
    "state": Filter(_one_of("state", STATES), _in_state),
    "year": Filter(_a_year, _in_year, hint="when it was taken, else added"),
    "after": Filter(_a_date, _since("dated"), hint=DAY),
    "before": Filter(_a_date, _until("dated"), hint=DAY),
    "taken_after": Filter(_a_date, _since("taken"), hint=DAY),
    "taken_before": Filter(_a_date, _until("taken"), hint=DAY),
    "added_after": Filter(_a_date, _since("created"), hint=DAY),
    "added_before": Filter(_a_date, _until("created"), hint=DAY),
    "new_since": Filter(_a_moment, _new_since),
}
