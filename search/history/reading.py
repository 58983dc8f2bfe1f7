"""Which changes there are of a thing, and who may read them and take them back."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import pgtrigger
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from search.models import Asset, Change, Collection, User
from search.models.change import Recorder
from search.models.user import contributes

# Changes on a page.
PAGE = 50
# Maximum changes of a bulk action that are counted.
MOST_COUNTED = 2000

Changes = QuerySet[Change, Change]


@cache
def models() -> dict[str, type[Model]]:
    """The model of each kind of change, as `history` in its Meta names it."""
    pairs: Any = pgtrigger.registered()
    return {trigger.kind: model for model, trigger in pairs if isinstance(trigger, Recorder)}


def page(changes: Changes, before: int | None, size: int = PAGE) -> tuple[list[Change], bool]:
    """The newest that came before the one of this id, and whether there are older ones."""
    older = changes.filter(id__lt=before) if before else changes
    rows = list(older.select_related("context").order_by("-id")[: size + 1])
    return rows[:size], len(rows) > size


def number(text: str) -> int | None:
    """The id that an address names; None where it is none."""
    return int(text) if text.isdecimal() and len(text) < 19 else None


def of(thing: str, pk: Any, user: User | AnonymousUser) -> Changes:
    """Those of one of THINGS that this person may read, whoever may see the thing itself."""
    return visible_to(user).filter(**{thing: pk})


def visible_to(user: User | AnonymousUser) -> Changes:
    """Those about assets and collections that this person sees, for curators also about labels.

    Who may do what with a collection is for those who manage it, accounts for administrators.
    """
    if user.is_superuser:
        return Change.objects.all()
    if not contributes(user):
        return Change.objects.none()
    visible: Any = Q(asset=None) | Q(asset__in=Asset.objects.visible_to(user).values("pk"))
    collections = Collection.objects.visible_to(user).values("pk")
    visible &= Q(collection=None) | Q(collection__in=collections) | Exists(_deletion_of_open())
    if not user.is_staff:
        visible &= Q(asset__isnull=False) | Q(collection__isnull=False)
    managed = Collection.objects.editable_by(user).values("pk")
    visible &= Q(person=None, group=None) | Q(kind="grant", collection__in=managed)
    return Change.objects.filter(visible | Exists(_own_deletion(user)))


def _deletion_of_open() -> Changes:
    """The deletion of a collection that everyone saw."""
    deletions = Change.objects.filter(kind="collection", deed=Change.Deed.DELETE)
    return deletions.filter(collection=OuterRef("collection"), before__is_open=True)


def editable_by(user: User | AnonymousUser) -> Q:
    """Those that a person may take back: who may edit all that a change is about, and of a
    collection that is deleted who has deleted it."""
    if user.is_superuser:
        return Q()
    if not contributes(user):
        return Q(pk__in=[])
    assets = Asset.objects.editable_by(user).values("pk")
    managed = Collection.objects.editable_by(user).values("pk")
    joined = Q(kind="in_collection") & Q(
        collection__in=Collection.objects.contributable_by(user).values("pk")
    )
    editable: Any = Q(asset=None) | Q(asset__in=assets)
    editable &= Q(collection=None) | Q(collection__in=managed) | joined
    editable &= Q(person=None, group=None) | Q(kind="grant")
    if not user.is_staff:
        editable &= Q(asset__isnull=False) | Q(collection__isnull=False)
    return editable | Exists(_own_deletion(user))


def _own_deletion(user: User | AnonymousUser) -> Changes:
    """The deletion of a collection by this person, with which all that was in it went."""
    return Change.objects.filter(
        kind="collection",
        deed=Change.Deed.DELETE,
        context__metadata__person__id=user.pk,
        context=OuterRef("context"),
        collection=OuterRef("collection"),
    )


class Bulk(NamedTuple):
    """What was done by one request, command or task, as far as somebody may read it."""

    assets: int
    is_more: bool


def bulks(changes: Sequence[Change], user: User | AnonymousUser) -> dict[Any, Bulk]:
    """Of the contexts of these changes those that have more than one."""
    of_context = {context: _bulk(context, user) for context in {c.context_id for c in changes}}
    return {context: bulk for context, bulk in of_context.items() if bulk}


def _bulk(context: Any, user: User | AnonymousUser) -> Bulk | None:
    if context is None:
        return None
    rows = visible_to(user).filter(context=context).values_list("asset", flat=True)
    assets = list(rows[: MOST_COUNTED + 1])
    if len(assets) < 2:
        return None
    return Bulk(len({*assets} - {None}), len(assets) > MOST_COUNTED)


def editable_among(changes: Sequence[Change], user: User | AnonymousUser) -> set[int]:
    rows = Change.objects.filter(editable_by(user), pk__in=[change.pk for change in changes])
    return set(rows.values_list("pk", flat=True))
