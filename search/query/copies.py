"""What a query's pictures are: assets that look just like them, whatever their vectors say."""

import io
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from search.formats.facts import inspect_own
from search.library import near_duplicates
from search.models import Asset, User
from search.models.asset import AssetQuerySet
from search.query.pictures import remembered_picture
from search.query.query import Query


def copies(query: Query, user: User | AnonymousUser) -> tuple[UUID, ...]:
    """The clusters of near-duplicates that the pictures of a query belong to.

    Of whole pictures alone: beside words a picture is but an example, and a part of one asks for
    what is like that part. An asset that no one has compared yet stands for itself.
    """
    if not query.by_pictures_alone:
        return ()
    whole = [example for example in query.like if example.is_whole]
    assets = [example.asset for example in whole if example.asset]
    tokens = [example.picture for example in whole if example.picture]
    return tuple({*_of_assets(assets), *_of_pictures(tokens, user)})


def among(assets: AssetQuerySet, clusters: Sequence[UUID]) -> AssetQuerySet:
    """Those of the assets that are in these clusters."""
    return assets.filter(Q(cluster__in=clusters) | Q(pk__in=clusters))


def _of_assets(assets: Sequence[UUID]) -> Iterable[UUID]:
    rows = Asset.objects.filter(pk__in=assets).values_list("cluster", flat=True) if assets else ()
    return [*assets, *filter(None, rows)]


def _of_pictures(tokens: Sequence[str], user: User | AnonymousUser) -> Iterator[UUID]:
    for token in tokens:
        if jpeg := remembered_picture(token, user):
            yield from near_duplicates.clusters_of(inspect_own(io.BytesIO(jpeg)))
