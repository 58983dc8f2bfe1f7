"""Taking changes back: one, or all that was done by one request, command or task.

In one transaction, which is in the history itself and may be taken back as well. What is not as the
change left it is left alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError

from search.history import reading
from search.library import label_suggestions, trash
from search.models import Asset, AssetLabel, Change, Label, Rejection, User

# Maximum changes that are taken back at once: 2,000 titles take 6 s of a processor.
MOST = 10_000
BATCH = 500
# What no undoing brings back or takes away: files, and accounts with all that is theirs.
FINAL = {
    ("asset", "insert"): "an asset is deleted on its own page",
    ("asset", "delete"): "its file is no longer there",
    ("account", "insert"): "an account is deleted on its own page",
    ("account", "delete"): "an account that is deleted does not come back",
}
CHANGED = "it has been changed since"
GONE = "it is no longer there"
BACK = "it is there again already"
USED = "it is in use by now"
ORPHANED = "what it belongs to is no longer there"
FORBIDDEN = "you may not edit it"
MOVED = "its own page moves it to the trash or exchanges its original"
# Columns of an asset that are not all of what was done to it.
MOVES = {"trashed", "version"}
# By the database's constraint; else the last.
CONFLICTS = {
    "there_is_an_administrator": "there would be no administrator",
    "": "something else has its name or its place by now",
}


class Left(NamedTuple):
    """A change that was not taken back, and why."""

    change: Change
    reason: str


class Outcome(NamedTuple):
    undone: int
    left: list[Left]


def undo(changes: Iterable[Change], user: User | AnonymousUser) -> Outcome:
    """Take these changes back, the last first, as far as this person may and it can be."""
    newest_first = sorted(changes, key=lambda change: -change.pk)
    editable = reading.editable_among(newest_first, user)
    left = [Left(change, FORBIDDEN) for change in newest_first if change.pk not in editable]
    allowed = [change for change in newest_first if change.pk in editable]
    with transaction.atomic(), _lock(allowed):
        for (kind, deed), run in groupby(allowed, key=lambda change: (change.kind, change.deed)):
            left += _take_back(kind, deed, list(run))
    return Outcome(len(newest_first) - len(left), left)


def _lock(changes: Iterable[Change]) -> AbstractContextManager[None]:
    """The one that comes before those of rows, where labels are given or the trash is left."""
    kinds = {change.kind for change in changes}
    is_trash = any("trashed" in (change.after or {}) for change in changes)
    needs_lock = is_trash or kinds & {"label", "asset_label"}
    return label_suggestions.exclusive_lock() if needs_lock else nullcontext()


def _take_back(kind: str, deed: str, run: list[Change]) -> Iterable[Left]:
    if reason := FINAL.get((kind, deed)):
        return [Left(change, reason) for change in run]
    moves = [change for change in run if kind == "asset" and MOVES & (change.after or {}).keys()]
    others = [change for change in run if change not in moves]
    return [*_move_back(moves), *WAYS[deed](reading.models()[kind], others)]


# What columns alone do not do --------------------------------------------------------------------


def _move_back(run: Sequence[Change]) -> Iterator[Left]:
    """Restore what was put into the trash; all else of the kind has pages of its own."""
    put = [change for change in run if (change.after or {}).get("trashed")]
    trash.restore(Asset.everything.in_trash().filter(pk__in=[change.row for change in put]))
    there = Asset.everything.filter(pk__in=[change.row for change in put])
    stay = {str(pk) for pk in there.in_trash().values_list("pk", flat=True)}
    back = {str(pk) for pk in there.values_list("pk", flat=True)} - stay
    for change in run:
        if change not in put:
            yield Left(change, MOVED)
        elif change.row not in back:
            yield Left(change, CONFLICTS[""] if change.row in stay else GONE)


# What was changed -------------------------------------------------------------------------------


def _restore(model: Any, run: Sequence[Change]) -> Iterator[Left]:
    """Give rows the values back that they had."""
    rows = _locked(model, run)
    restored: dict[str, list[Change]] = {}
    for change in run:
        row = rows.get(change.row)
        if row is None or not _is_as(row, change.after):
            yield Left(change, CHANGED if row else GONE)
            continue
        for field, value in _values(model, change.before):
            setattr(row, field.attname, value)
        restored.setdefault(change.row, []).append(change)
    fields = sorted({name for change in run for name in change.before or {}})
    yield from _write(
        [rows[pk] for pk in restored],
        lambda some: _all(model).bulk_update(some, fields, batch_size=BATCH),
        restored,
    )


# What was added ----------------------------------------------------------------------------------


def _remove(model: Any, run: Sequence[Change]) -> Iterator[Left]:
    """Take away what was added, unless it is another by now or others have come to it."""
    rows = _locked(model, run)
    used, removed = _used(model, rows), {}
    for change in run:
        row = rows.get(change.row)
        if row is None or not _is_as(row, change.after):
            yield Left(change, CHANGED if row else GONE)
        elif change.row in used:
            yield Left(change, USED)
        else:
            removed[change.row] = [change]
    yield from _write([rows[pk] for pk in removed], lambda some: _delete(model, some), removed)


def _delete(model: Any, rows: Sequence[Any]) -> None:
    pks = [row.pk for row in rows]
    if model is Label:
        label_suggestions.delete(pks)
    else:
        model._default_manager.filter(pk__in=pks).delete()


def _used(model: Any, rows: dict[str, Any]) -> set[str]:
    """Those that rows belong to whose history is written: links, grants, labels of people."""
    used = set()
    for other in reading.models().values():
        for field in other._meta.concrete_fields:
            if rows and _leads_to(field, model):
                users = other._default_manager.filter(**{f"{field.name}__in": list(rows.values())})
                if other is AssetLabel:
                    users = users.filter(source=AssetLabel.Source.PERSON)
                used |= {str(pk) for pk in users.values_list(field.attname, flat=True)}
    return used


def _leads_to(field: Any, model: Any) -> bool:
    related = field.related_model
    return bool(related) and related._meta.concrete_model is model._meta.concrete_model


# What was taken away -----------------------------------------------------------------------------


def _return(model: Any, run: Sequence[Change]) -> Iterator[Left]:
    """Add again what was taken away, unless it is there or what it belongs to is not."""
    there, parents = _locked(model, run), _parents(model, run)
    rows, returned = [], {}
    for change in run:
        values = {field.attname: value for field, value in _values(model, change.before)}
        if change.row in there:
            yield Left(change, BACK)
        elif any(values[name] not in ids for name, ids in parents.items() if values[name]):
            yield Left(change, ORPHANED)
        else:
            rows.append(model(pk=model._meta.pk.to_python(change.row), **values))
            returned[change.row] = [change]
    yield from _write(rows, lambda some: _add(model, some), returned)


def _parents(model: Any, run: Sequence[Change]) -> dict[str, set[Any]]:
    """By foreign key the ids that are there of those that are wanted."""
    wanted: dict[Any, set[Any]] = {}
    for change in run:
        for field, value in _values(model, change.before):
            if isinstance(field, models.ForeignKey) and value is not None:
                wanted.setdefault(field, set()).add(value)
    return {
        field.attname: set(
            field.related_model._default_manager.filter(pk__in=ids).values_list("pk", flat=True)
        )
        for field, ids in wanted.items()
    }


def _add(model: Any, rows: Sequence[Any]) -> None:
    model._default_manager.bulk_create(rows, batch_size=BATCH)
    if model is not AssetLabel:
        return
    for label in {row.label_id for row in rows}:
        about = {"label": label, "asset__in": [r.asset_id for r in rows if r.label_id == label]}
        Rejection.objects.filter(**about).delete()
        AssetLabel.objects.filter(source=AssetLabel.Source.ENCODER, **about).delete()


# Rows --------------------------------------------------------------------------------------------


def _locked(model: Any, run: Sequence[Change]) -> dict[str, Any]:
    """The rows of these changes that are there, locked in one order, with what is compared."""
    names = {name for change in run for name in (change.after or change.before or {})}
    rows = _all(model).filter(pk__in={change.row for change in run})
    fields = names & _fields(model).keys()
    return {
        str(row.pk): row
        for row in rows.only(*fields).order_by("pk").select_for_update(of=("self",))
    }


def _all(model: Any) -> Any:
    """Its rows, those in the trash too."""
    return getattr(model, "everything", model._default_manager)


def _fields(model: Any) -> dict[str, Any]:
    return {field.name: field for field in model._meta.concrete_fields}


def _values(model: Any, values: dict[str, Any] | None) -> Iterator[tuple[Any, Any]]:
    """Fields with their values, but those that a model no longer has."""
    fields = _fields(model)
    for name, value in (values or {}).items():
        if field := fields.get(name):
            yield field, field.to_python(value)


def _is_as(row: Any, values: dict[str, Any] | None) -> bool:
    return all(getattr(row, field.attname) == value for field, value in _values(type(row), values))


def _write(
    rows: Sequence[Any],
    write: Callable[[Sequence[Any]], Any],
    changes: dict[str, list[Change]],
) -> Iterator[Left]:
    """All rows at once, else one by one; of those that can't be, why."""
    if not rows or _can(write, rows) is None:
        return
    for row in rows:
        if reason := _can(write, [row]):
            yield from (Left(change, reason) for change in changes[str(row.pk)])


def _can(write: Callable[[Sequence[Any]], Any], rows: Sequence[Any]) -> str | None:
    """Why it can't be written."""
    try:
        with transaction.atomic():
            write(rows)
    except ProtectedError:
        return USED
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
        return CONFLICTS.get(name, CONFLICTS[""])
    return None


WAYS = {"update": _restore, "insert": _remove, "delete": _return}
