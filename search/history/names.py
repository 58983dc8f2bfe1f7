"""What the things are called that changes are about, as far as a person may see them."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser, Group
from django.db.models import QuerySet

from search.models import Asset, Change, Collection, Label, User
from search.models.change import THINGS

FIELDS = {
    "asset": "title",
    "collection": "name",
    "label": "name",
    "person": "username",
    "group": "name",
}
KINDS = {"person": "account"}  # Kinds of changes that have another name than their thing.
LONGEST = 80  # Maximum characters that are shown of a value.
PEOPLE = ("owner", "trashed_by")  # Fields of assets that name a person.

# Classes of characters that are written from right to left.
RIGHT_TO_LEFT = ("R", "AL")

# The thing that a page is about, and its id.
Here = tuple[str, Any] | None

# Of a thing that has a name, of the one that the page is about, and of one that has no name here.
NAMED = {
    "asset": "{}",
    "collection": "the collection {}",
    "label": "the label {}",
    "person": "{}",
    "group": "the group {}",
}
HERE = {
    "asset": "it",
    "collection": "this collection",
    "label": "this label",
    "person": "this account",
    "group": "this group",
}
NAMELESS = {
    "asset": "an asset",
    "collection": "a collection",
    "label": "a label",
    "person": "an account",
    "group": "a group",
}


class Names:
    """Of all the things that some changes name, looked up in a statement for each kind."""

    def __init__(
        self, changes: Sequence[Change], user: User | AnonymousUser, here: Here = None
    ) -> None:
        self.here, self.user = here, user
        ids = {thing: _ids(changes, thing) for thing in THINGS}
        self.names = {thing: self._look_up(thing, ids[thing]) for thing in THINGS}

    def of(self, thing: str, pk: Any) -> str:
        """In a sentence: “Cup”, the label “red”, this collection, an asset."""
        if self.here and (thing, str(pk)) == (self.here[0], str(self.here[1])):
            return HERE[thing]
        name = self.names[thing].get(str(pk))
        return NAMED[thing].format(quoted(name)) if name else NAMELESS[thing]

    def referred(self, model: Any, pk: Any) -> str:
        """The name of a row that few changes refer to, such as a licence."""
        row = model._default_manager.filter(pk=pk).first()
        return quoted(str(row)) if row else f"a {model._meta.verbose_name} that is no more"

    def _look_up(self, thing: str, ids: set[str]) -> dict[str, str]:
        if not ids:
            return {}
        visible = self._visible(thing).filter(pk__in=ids)
        today = {str(pk): name for pk, name in visible.values_list("pk", FIELDS[thing])}
        return _of_deleted(thing, ids - today.keys(), visible.model) | today

    def _visible(self, thing: str) -> QuerySet[Any, Any]:
        models: dict[str, Any] = {"asset": Asset, "collection": Collection, "label": Label}
        if thing in models:
            return models[thing].objects.visible_to(self.user)
        return (User if thing == "person" else Group)._default_manager.all()


def _ids(changes: Iterable[Change], thing: str) -> set[str]:
    ids = {getattr(change, thing) for change in changes}
    if thing == "person":
        sides = [side for change in changes for side in (change.before, change.after) if side]
        ids |= {side.get(name) for side in sides for name in PEOPLE}
    return {str(pk) for pk in ids if pk is not None}


def _of_deleted(thing: str, ids: set[str], model: Any) -> dict[str, str]:
    """The last names of those that are no more; not of those that are only not seen."""
    there = model._default_manager.filter(pk__in=ids).values_list("pk", flat=True)
    gone = ids - {str(pk) for pk in there}
    deletions = Change.objects.filter(kind=KINDS.get(thing, thing), deed=Change.Deed.DELETE)
    last = deletions.filter(**{f"{thing}__in": gone}).order_by("id") if gone else []
    return {str(getattr(each, thing)): (each.before or {}).get(FIELDS[thing], "") for each in last}


def quoted(value: str) -> str:
    """A value between quotes, shortened where it is long."""
    short = value if len(value) <= LONGEST else f"{value[: LONGEST - 1].rstrip()}…"
    turns = any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in short)
    # Isolated, so that it does not turn the sentence around it.
    return f"“\u2068{short}\u2069”" if turns else f"“{short}”"
