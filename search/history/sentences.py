"""Changes as sentences: "Ann changed the title from “Cup” to “Blue cup”." """

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import formats, timezone
from django.utils.text import get_text_list

from search.history import reading
from search.history.names import HERE, PEOPLE, Here, Names, quoted
from search.history.reading import Bulk
from search.history.undo import FINAL
from search.models import Change, Term, User
from search.models.change import THINGS

# What was done, by kind and deed; the names are those of the columns.
DEEDS = {
    ("asset", "insert"): "uploaded {asset}",
    ("asset", "delete"): "deleted {asset}",
    ("asset_label", "insert"): "gave {asset} {label}",
    ("asset_label", "delete"): "took {label} from {asset}",
    ("rejection", "insert"): "ruled out {label} for {asset}",
    ("rejection", "delete"): "allowed {label} for {asset} again",
    ("in_collection", "insert"): "added {asset} to {collection}",
    ("in_collection", "delete"): "took {asset} out of {collection}",
    ("grant", "insert"): "gave {grantee} a grant to {collection}: {level}",
    ("grant", "delete"): "took from {grantee} the grant to {collection}",
    ("membership", "insert"): "put {person} into {group}",
    ("membership", "delete"): "took {person} out of {group}",
    ("account", "insert"): "made {person}",
    ("account", "delete"): "deleted {person}",
    ("term", "insert"): "set a use term of {thing}: {term}",
    ("term", "delete"): "removed a use term of {thing}: {term}",
    ("rights", "insert"): "stated the rights in {asset}{values}",
    ("rights", "delete"): "removed the rights in {asset}",
} | {
    (kind, deed): f"{verb} {{{kind}}}"
    for kind in ("collection", "label", "group")
    for deed, verb in (("insert", "made"), ("delete", "deleted"))
}
# Of kinds that have no sentence of their own.
GENERAL = {"insert": "added {kind}", "delete": "removed {kind}"}
# What undoing does, by what was done.
EFFECTS = {
    "update": "What was changed becomes again what it was before.",
    "insert": "What was added is taken away.",
    "delete": "What was taken away comes back.",
}
# Values that say nothing.
EMPTY: tuple[Any, ...] = (None, "", [])
# Whose change an update is, where that is not the thing that a page is about.
OWNERS = {
    "asset": "{asset}",
    "collection": "{collection}",
    "label": "{label}",
    "group": "{group}",
    "account": "{person}",
    "grant": "the grant of {grantee} to {collection}",
    "term": "a use term of {thing}",
    "rights": "the rights in {asset}",
}
# Words for fields that read better than their own names.
WORDS = {
    "taken": "date taken",
    "taken_source": "source of the date",
    "level": "level",
    "username": "name",
    "is_active": "active",
    "is_contributor": "contributor",
    "is_staff": "curator",
    "is_superuser": "administrator",
    "since": "beginning",
    "until": "end",
}
# Views in which changes are taken back (search/urls.py).
UNDO_PAGES = ("undo", "undo_all")
BY_HAND = "Somebody, in the database itself,"
# Fields that are said with another one.
SILENT = {"taken_source": "taken"}


@dataclass(frozen=True)
class Line:
    """A change as a person reads it."""

    change: Change
    sentence: str
    # Whether whoever reads it may take it back, and with it all that was done by the same request.
    may_undo: bool
    is_bulk: bool


def lines(
    changes: Sequence[Change],
    user: User | AnonymousUser,
    *,
    here: Here = None,
    is_whole: bool = False,
) -> list[Line]:
    """`here` is the thing that the page is about, and its id: it has no name there. `is_whole` is
    a page of one bulk action, of which no line has to say so."""
    names = Names(changes, user, here)
    bulks = {} if is_whole else reading.bulks(changes, user)
    editable = reading.editable_among(changes, user)
    return [
        Line(
            change,
            sentence(change, names, bulks.get(change.context_id)),
            change.pk in editable and (change.kind, change.deed) not in FINAL,
            change.pk in editable and change.context_id in bulks,
        )
        for change in changes
    ]


def sentence(change: Change, names: Names, bulk: Bulk | None = None) -> str:
    """Who did what."""
    words = [_who(change), deed(change, names), *_way(change)]
    if bulk and bulk.assets > 1:
        more = "more than " if bulk.is_more else ""
        words.append(f"by a bulk action of {more}{bulk.assets:,} assets")
    return f"{' '.join(words)}."


def deed(change: Change, names: Names) -> str:
    """What was done, as "changed the title from “Cup” to “Blue cup”"."""
    words = _Words(change, names)
    if change.deed != Change.Deed.UPDATE:
        return DEEDS.get((change.kind, change.deed), GENERAL[change.deed]).format_map(words)
    if way := _move(change):
        return way.format_map(words)
    differences = get_text_list(list(_differences(change, names)), "and")
    owner = OWNERS.get(change.kind, "{kind}").format_map(words)
    return f"changed {differences}" if owner in HERE.values() else f"changed {owner}: {differences}"


def _move(change: Change) -> str:
    """What was done to an asset by more than a column."""
    after = (change.after or {}) if change.kind == "asset" else {}
    if "trashed" in after:
        return "moved {asset} to the trash" if after["trashed"] else "restored {asset}"
    if "version" in after:
        return f"made version {after['version']} the original of {{asset}}"
    return ""


def effects(deeds: Iterable[str]) -> list[str]:
    """What undoing such deeds does."""
    return [EFFECTS[deed] for deed in EFFECTS if deed in {*deeds}]


def subject(change: Change, names: Names) -> str:
    """What a change is of: “Cup”, the label “red”."""
    return OWNERS.get(change.kind, "{thing}").format_map(_Words(change, names))


def _who(change: Change) -> str:
    who = change.context.metadata if change.context else None
    if who is None:
        days = timedelta(days=settings.HISTORY_DAYS)
        return "Somebody" if change.at < timezone.now() - days else BY_HAND
    if command := who.get("command"):
        return f"The command {command}"
    if task := who.get("task"):
        return f"The task {task}"
    return who["person"]["name"] if who.get("person") else "Somebody who had not signed in"


def _way(change: Change) -> list[str]:
    page = change.context.metadata.get("page") if change.context else ""
    return ["by undoing"] if page in UNDO_PAGES else []


class _Words(dict[str, str]):
    """What stands in a sentence for a word between braces."""

    def __init__(self, change: Change, names: Names) -> None:
        self.change, self.names = change, names
        self.fields = change.after or change.before or {}

    def __missing__(self, word: str) -> str:
        if word in THINGS:
            return self.names.of(word, getattr(self.change, word))
        return str(getattr(self, f"_{word}")())

    def _kind(self) -> str:
        return f"the {reading.models()[self.change.kind]._meta.verbose_name}"

    def _thing(self) -> str:
        thing = next((thing for thing in THINGS if getattr(self.change, thing) is not None), "")
        return self[thing] if thing else self._kind()

    def _grantee(self) -> str:
        return self["person"] if self.change.person is not None else self["group"]

    def _level(self) -> str:
        return _text("grant", "level", self.fields.get("level"), self.names)

    def _term(self) -> str:
        fields = ("kind", "effect", "scope", "territory", "ends_use")
        moments = {name: _moment(self.fields.get(name)) for name in ("since", "until")}
        term = Term(
            **{name: self.fields[name] for name in fields if name in self.fields}, **moments
        )
        return quoted(term.sentence.rstrip("."))

    def _values(self) -> str:
        pairs = [
            f"{_word(self.change.kind, name)} {_text(self.change.kind, name, value, self.names)}"
            for name, value in self.fields.items()
            if value not in EMPTY and name != "asset"
        ]
        return f": {', '.join(pairs)}" if pairs else ""


def _differences(change: Change, names: Names) -> Iterator[str]:
    before, after = change.before or {}, change.after or {}
    places = {field.name: n for n, field in enumerate(_fields(change.kind))}
    for name in sorted(after, key=lambda name: places.get(name, 0)):
        if SILENT.get(name) in after:
            continue
        word = f"the {_word(change.kind, name)}"
        old, new = (_text(change.kind, name, side.get(name), names) for side in (before, after))
        if before.get(name) in EMPTY:
            yield f"{word} to {new}"
        elif after[name] in EMPTY:
            yield f"{word} from {old} to nothing"
        else:
            yield f"{word} from {old} to {new}"


def _fields(kind: str) -> Sequence[Any]:
    return reading.models()[kind]._meta.concrete_fields


def _word(kind: str, name: str) -> str:
    field = _field(kind, name)
    return WORDS.get(name) or (str(field.verbose_name) if field else name.replace("_", " "))


def _field(kind: str, name: str) -> Any:
    """None for a field that a model no longer has: its history may."""
    return next((field for field in _fields(kind) if field.name == name), None)


def _text(kind: str, name: str, value: Any, names: Names) -> str:
    """A value as people read it."""
    field = _field(kind, name)
    if value in EMPTY:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in PEOPLE:
        return names.of("person", value)
    if isinstance(field, models.DateTimeField):
        # A camera's own clock is stored as if it were UTC.
        zone = UTC if name == "taken" else None
        moment = timezone.localtime(_moment(value), zone)
        return formats.date_format(moment, "DATETIME_FORMAT")
    if choice := dict(getattr(field, "flatchoices", ())).get(value):
        return quoted(str(choice))
    if isinstance(field, models.ForeignKey):
        return names.referred(field.related_model, value)
    return quoted(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _moment(value: Any) -> Any:
    return datetime.fromisoformat(value) if value else None
