"""The trash: where deleted assets lie for TRASH_DAYS, restored as they were or deleted for good.

Whatever points to such an asset stays: labels, collections, judgements, marks of near-duplicates,
saved searches. `Asset.objects` leaves it out, and with it everything that begins there. Its
embeddings move to a table of their own, which nothing else reads, and come back without anything
being encoded anew. A worker that is at one of them comes too late, as with one that is gone.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from search.library import label_suggestions, near_duplicates
from search.models import Asset, AssetLabel, Embedding, Encoder, TrashedEmbedding, User
from search.models.asset import AssetQuerySet
from workers.bell import ring

# Number of embeddings that a person waits for to come back; 12 ms each, by the index of vectors.
AT_ONCE = 50
# Number of assets that are deleted for good in one transaction.
BATCH = 50
# Maximum seconds of emptying it each hour, by a worker that embeds nothing meanwhile.
EMPTYING_SECONDS = 120


class Restored(NamedTuple):
    """How many assets are back, and those that stay: their owners have the same file again."""

    back: int
    twins: list[Asset]


def of(user: User | AnonymousUser) -> AssetQuerySet:
    """What a person may restore or delete for good: what they might edit were it not there."""
    return Asset.everything.in_trash().editable_by(user)


def put(assets: QuerySet[Asset], *, by: User) -> datetime | None:
    """Put these assets there, all at one moment, which is returned; None if all are there."""
    pks = list(assets.values_list("pk", flat=True))
    # Nobody suggests labels, stores a vector or compares pictures meanwhile: who writes a row of
    # one of these assets waits for the assets, and for whoever holds such a row this would wait.
    with label_suggestions.exclusive_lock():
        near_duplicates.wait_for_turn()
        # Before any change, so that whoever promises a vector waits, and then sees them in the
        # trash: a lock by a key, as theirs is, takes what was only changed for what it was.
        there = _locked(Asset.objects.filter(pk__in=pks))
        near_duplicates.leave(there)
        AssetLabel.objects.filter(asset__in=there, source=AssetLabel.Source.ENCODER).delete()
        TrashedEmbedding.objects.take(there)
        rows = Asset.everything.filter(pk__in=there)
        rows.update(trashed=Now(), trashed_by=by)
        return rows.values_list("trashed", flat=True).first()


def restore(assets: QuerySet[Asset]) -> Restored:
    """Take these assets out of the trash; what was theirs is theirs again."""
    pks = list(assets.values_list("pk", flat=True))
    try:
        with label_suggestions.exclusive_lock():
            return _restore(_locked(Asset.everything.in_trash().filter(pk__in=pks)))
    except IntegrityError:  # Someone has stored the same file a moment ago.
        return restore(assets)


def _restore(pks: Sequence[UUID]) -> Restored:
    back, twins = _without_twins(Asset.everything.filter(pk__in=pks).order_by("-trashed", "pk"))
    Asset.everything.filter(pk__in=[asset.pk for asset in back]).update(
        trashed=None, trashed_by=None
    )
    _promise_again(back)
    TrashedEmbedding.objects.filter(asset__in=back).update(is_due=True)
    give_back(AT_ONCE)
    transaction.on_commit(ring, robust=True)
    return Restored(len(back), twins)


def _without_twins(assets: Iterable[Asset]) -> tuple[list[Asset], list[Asset]]:
    """Those whose owners have no other asset of the same file, and the others."""
    rows = list(assets)
    files = [asset.sha256 for asset in rows]
    taken = set(Asset.objects.filter(sha256__in=files).values_list("sha256", "owner"))
    back: list[Asset] = []
    twins: list[Asset] = []
    for asset in rows:
        file = asset.sha256, asset.owner_id
        (twins if file in taken else back).append(asset)
        taken.add(file)
    return back, twins


def _promise_again(assets: Sequence[Asset]) -> None:
    """Promise the vectors of encoders that have come meanwhile."""
    had = set(TrashedEmbedding.objects.filter(asset__in=assets).values_list("asset", "encoder"))
    new = product(assets, list(Encoder.objects.live()))
    Embedding.objects.bulk_create(
        (
            Embedding(asset=asset, encoder=encoder, sha256=asset.sha256, next_try_at=Now())
            for asset, encoder in new
            if (asset.pk, encoder.pk) not in had
        ),
        ignore_conflicts=True,
    )


def give_back(most: int) -> int:
    """Give some restored assets their embeddings back, and suggest labels for them; how many."""
    with label_suggestions.exclusive_lock():
        assets = TrashedEmbedding.objects.give_back(most)
        label_suggestions.suggest_for(assets)
    return len(assets)


def delete(assets: QuerySet[Asset]) -> int:
    """Delete those of these assets that lie in the trash for good, with their files; how many.

    A batch at a time. Files go once the deletion of their rows has committed; those that a kill
    leaves are found by the hourly cleaning.
    """
    pks = list(assets.values_list("pk", flat=True))
    return sum(_delete(pks[start : start + BATCH]) for start in range(0, len(pks), BATCH))


def _delete(pks: Sequence[UUID]) -> int:
    with transaction.atomic():
        there = _locked(Asset.everything.in_trash().filter(pk__in=pks))
        Asset.everything.filter(pk__in=there).delete()
        return len(there)


def over() -> AssetQuerySet:
    """What has been there for TRASH_DAYS, the oldest first."""
    then = Now() - timedelta(days=settings.TRASH_DAYS)
    return Asset.everything.filter(trashed__lt=then).order_by("trashed")


def empty() -> int:
    """Delete for good what is over, for a while; how many assets."""
    until, count = time.monotonic() + EMPTYING_SECONDS, 0
    while time.monotonic() < until and (number := delete(over()[:BATCH])):
        count += number
    return count


def _locked(assets: AssetQuerySet) -> list[UUID]:
    """The ids of these assets, which nobody else changes, or refers to anew, until the end of the
    transaction."""
    rows = assets.select_for_update(of=("self",)).order_by("pk")
    return list(rows.values_list("pk", flat=True))
