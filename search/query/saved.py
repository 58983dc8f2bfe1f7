"""Saved searches: stored with the pictures they ask by, looked at, and what is new in them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Case, F, When
from django.db.models.functions import Now

from search.models import SavedName, SavedPicture, SavedSearch, User, Visit
from search.models.saved_search import FILTERS_BY_KIND
from search.query.answer import answer
from search.query.permitted import permitted
from search.query.pictures import remembered_picture
from search.query.query import Query
from search.refusals import Refusal

# Maximum between two looks of one visit: within it a person still sees what was new at the first.
SITTING = timedelta(minutes=30)


class NotSaved(Refusal):
    """This query can't be saved."""


class NameTaken(NotSaved):
    """The person has another saved search of this name."""


def save(
    query: Query, *, name: str, shared: bool, owner: User, replace: bool = False
) -> SavedSearch:
    """Store a query under a name, with its pictures. Raises NotSaved and NameTaken."""
    if not query.asks:
        raise NotSaved("nothing_to_save")
    pictures = _pictures(query, owner)
    with transaction.atomic():
        search = _store(query, name, shared, owner, replace)
        search.pictures.all().delete()
        for token, jpeg in pictures.items():
            file = ContentFile(jpeg, f"{uuid4().hex}.jpg")
            SavedPicture.objects.create(search=search, token=token, picture=file)
        _keep_names(search, query)
        look(search, owner)
    return search


def change(search: SavedSearch, *, name: str, shared: bool) -> None:
    """Give it another name, share it or stop sharing it. Raises NameTaken."""
    try:
        with transaction.atomic():
            SavedSearch.objects.filter(pk=search.pk).update(name=name, shared=shared)
    except IntegrityError:
        raise NameTaken("name_taken", name=name) from None


def look(search: SavedSearch, person: User) -> datetime | None:
    """Note that a person looks; since when assets are new to them, None at the first look."""
    now = Now()  # By the same clock as what has come.
    visit, is_first = Visit.objects.get_or_create(
        search=search, person=person, defaults={"visited": now, "since": now}
    )
    if is_first:
        return None
    came_back = When(visited__lt=now - SITTING, then=F("visited"))
    # In one statement: two tabs that open at once agree on what is new.
    Visit.objects.filter(pk=visit.pk).update(since=Case(came_back, default=F("since")), visited=now)
    visit.refresh_from_db(fields=["since"])
    return visit.since


def new_to(query: Query, since: datetime) -> Query:
    """The same query of what has come since a moment."""
    return query.plus("new_since", since.isoformat())


def count_new(query: Query, user: User, since: datetime) -> int:
    """How many assets match that have come since a moment; mostly none have, at next to no cost."""
    newer = new_to(query, since)
    if not permitted(newer, user).exists():
        return 0
    result = answer(newer, user, size=1)
    return 0 if result.is_far else result.count


def _pictures(query: Query, owner: User) -> dict[str, bytes]:
    """The JPEG of each query picture by its token."""
    jpegs = {}
    for token in {example.picture for example in query.pictures() if example.picture}:
        jpeg = remembered_picture(token, owner)
        if jpeg is None:
            raise NotSaved("query_picture_gone")
        jpegs[token] = jpeg
    return jpegs


def _keep_names(search: SavedSearch, query: Query) -> None:
    """Keep which rows the names in its filters mean: they may be given other names."""
    search.saved_names.all().delete()
    for kind, filters in FILTERS_BY_KIND.items():
        values = {value for name in filters for value in query.values(name)}
        SavedName.objects.keep(search, kind, values)


def _store(query: Query, name: str, shared: bool, owner: User, replace: bool) -> SavedSearch:
    fields: dict[str, Any] = {"parameters": query.parameters(), "shared": shared}
    of: dict[str, Any] = {"owner": owner, "name": name}
    if replace:
        return SavedSearch.objects.update_or_create(**of, defaults=fields)[0]
    try:
        with transaction.atomic():
            return SavedSearch.objects.create(**of, **fields)
    except IntegrityError:
        raise NameTaken("name_taken", name=name) from None
