"""Near-duplicates: assets whose pictures look the same, resized, recompressed or edited a little.

Three things are kept apart. *Exact* copies have the same bytes (sha256). *Near*-duplicates have
about the same perceptual hash, proportions and colours, and share a cluster: that is the
business of this module. *Similar* assets have vectors close to each other, and are a search.

A cluster is named by the id of its first member, and every other member is like that one. Were it
enough to be like any member, a chain of small changes would join pictures that have nothing in
common. An asset that is like no other is the first member of its own; one that has not been
compared yet has no cluster.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from search.formats.facts import Facts
from search.formats.likeness import (
    BAND_BITS,
    BANDS,
    BITS,
    PLAIN,
    bands_near,
    same_layout,
    same_plain,
    same_proportions,
)
from search.models import Asset, NotDuplicate, User
from search.models.asset import AssetQuerySet

# Maximum number of assets re-clustered before a person gets an answer; workers do the rest.
MAX_RECLUSTERED_NOW = 20
# Key of the advisory lock, any number that nothing else locks: "dupe" in ASCII.
ADVISORY_LOCK = 0x64757065


def collapse(hits: Iterable[tuple[str, str | None]]) -> list[tuple[str, int]]:
    """Of ranked (asset, cluster), the first asset of each cluster and how many more it stands for.

    An asset that is in no cluster stands for itself.
    """
    first_of: dict[str, str] = {}
    others: dict[str, int] = {}
    for asset, cluster in hits:
        first = first_of.setdefault(cluster or asset, asset)
        others[first] = others.get(first, -1) + 1
    return list(others.items())


def of(asset: Asset) -> AssetQuerySet:
    """The near-duplicates of an asset, the oldest first."""
    same = Asset.objects.filter(cluster__isnull=False, cluster=asset.cluster)
    return same.exclude(pk=asset.pk).order_by("created", "pk")


def not_duplicates_of(asset: Asset) -> AssetQuerySet:
    """The assets of which a person says that they are no near-duplicates of this one, by title."""
    # Read beforehand: with two subqueries PostgreSQL looks at each asset of the library.
    pairs = NotDuplicate.objects.of(asset).values_list("first", "second")
    others = {pk for pair in pairs for pk in pair} - {asset.pk}
    return Asset.objects.filter(pk__in=others).order_by("title", "pk")


def clusters_of(facts: Facts) -> list[UUID]:
    """The clusters whose first members look like a picture that is itself no asset."""
    picture = Asset(
        phash=facts.phash, layout=facts.layout, width=facts.width, height=facts.height, sha256=""
    )
    return [first.pk for first in _nearest_firsts(picture) if _is_picture(picture, first)]


def waiting() -> AssetQuerySet:
    """The assets that have to be compared, the oldest first."""
    return Asset.objects.filter(cluster=None, phash__isnull=False).order_by("created", "pk")


def compare_next() -> bool:
    """Find the cluster of the next asset that waits for it; False when none does."""
    with transaction.atomic():
        _need_not_outlast_a_crash()
        wait_for_turn()
        asset = waiting().first()
        if asset:
            _set_cluster(asset)
    return asset is not None


def tell_apart(asset: Asset, other: Asset, *, person: User) -> None:
    """Record that these two are no near-duplicates, which stays so whatever else changes."""
    with transaction.atomic():
        wait_for_turn()
        NotDuplicate.objects.remember(asset, other, person=person)
        _recluster(asset, other)


def take_back(asset: Asset, other: Asset) -> None:
    """Delete the record that these two are no near-duplicates."""
    with transaction.atomic():
        wait_for_turn()
        NotDuplicate.objects.between(asset, other).delete()
        _recluster(asset, other)


def reset(assets: QuerySet[Asset]) -> None:
    """Have the facts of these assets computed again; what people said of pairs stays."""
    pks = list(assets.values_list("pk", flat=True))
    with transaction.atomic():
        wait_for_turn()
        Asset.objects.filter(cluster__in=pks).update(cluster=None)
        Asset.objects.filter(pk__in=pks).update(cluster=None, phash=None)


def leave(assets: Collection[UUID]) -> None:
    """Take these assets out of their clusters; whoever was like one is compared anew."""
    with transaction.atomic():
        wait_for_turn()
        Asset.objects.filter(Q(pk__in=assets) | Q(cluster__in=assets)).update(cluster=None)


def wait_for_turn() -> None:
    """Wait until no one else compares: two new copies would not see each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])


def _need_not_outlast_a_crash() -> None:
    """Have the commit not wait for the disk: what is lost with the server is compared again."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _recluster(*assets: Asset) -> None:
    """Compare the members of these assets' clusters again, the rest of a long one by workers.

    All, since one that is closer to who leaves than to who stays leaves with it.
    """
    clusters = Asset.objects.filter(pk__in=[asset.pk for asset in assets]).values("cluster")
    members = Asset.objects.filter(cluster__in=list(clusters.values_list("cluster", flat=True)))
    pks = list(members.values_list("pk", flat=True))
    members.update(cluster=None)
    for member in waiting().filter(pk__in=pks)[:MAX_RECLUSTERED_NOW]:
        _set_cluster(member)


def _set_cluster(asset: Asset) -> None:
    # Unless its hash has been reset or replaced meanwhile.
    unchanged = Asset.objects.filter(pk=asset.pk, phash=asset.phash)
    unchanged.update(cluster=_first_like(asset))


def _first_like(asset: Asset) -> UUID:
    """The first member of the cluster that this asset belongs to: itself, if it is like none."""
    nearest = _nearest_firsts(asset)
    ruled_out = _clusters_ruled_out(asset) if nearest else set()  # Most are like nothing here.
    for first in nearest:
        if first.pk not in ruled_out and _look_alike(asset, first) and _lock(first):
            return first.pk
    return asset.pk


def _clusters_ruled_out(asset: Asset) -> set[UUID | None]:
    pairs = NotDuplicate.objects.of(asset).select_related("first", "second")
    return {pair.other(asset).cluster for pair in pairs}


def _nearest_firsts(asset: Asset) -> list[Asset]:
    """First members with about the same hash: those of the same bytes first, then the nearest."""
    bits = near(asset.phash)
    return sorted(
        Asset.objects.filter(pk__in=bits).exclude(pk=asset.pk),
        key=lambda first: (first.sha256 != asset.sha256, bits[first.pk], first.created, first.pk),
    )


def near(phash: str) -> dict[UUID, int]:
    """The ids of first members with about this hash, and the number of bits that differ.

    All of them: of each band of the hash the index has those that may be, and covers what is read
    (bench/near.py). By an HNSW index 3 of 100 were missed.
    """
    values = [f"{{{','.join(map(str, band))}}}" for band in bands_near(phash)]
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, [*(each for band in values for each in (band, phash)), BITS])
        return {pk: int(bits) for pk, bits in cursor.fetchall()}


def _look_alike(asset: Asset, other: Asset) -> bool:
    """Whether two assets with about the same hash are near-duplicates.

    A plain picture, or one that can't be decoded, has only exact ones.
    """
    if asset.sha256 == other.sha256:
        return True
    if PLAIN in (asset.phash, other.phash):
        return False
    sizes = (asset.width, asset.height), (other.width, other.height)
    return same_proportions(*sizes) and same_layout(
        bytes(asset.layout or b""), bytes(other.layout or b"")
    )


def _is_picture(picture: Asset, first: Asset) -> bool:
    """Whether an asset looks like a picture whose bytes are not at hand; a plain one if it is as
    plain, of the same proportions and colour."""
    if not picture.phash == first.phash == PLAIN:
        return _look_alike(picture, first)
    sizes = (picture.width, picture.height), (first.width, first.height)
    return same_proportions(*sizes) and same_plain(
        bytes(picture.layout or b""), bytes(first.layout or b"")
    )


def _lock(first: Asset) -> bool:
    """Keep a first member from being deleted until this has committed; False if it is gone."""
    rows = Asset.objects.select_for_update(no_key=True).filter(pk=first.pk, cluster=first.pk)
    return rows.first() is not None


# Each value by itself, which OFFSET 0 keeps apart: PostgreSQL takes first members for a thousandth
# of what they are, and would read all of an index at once rather than 1,108 places of it.
_OF_BAND = """
SELECT near.id, near.bits FROM unnest(%s::integer[]) AS band (value), LATERAL (
    SELECT id, phash <~> %s::bit(64) AS bits FROM search_asset
    WHERE cluster = id AND substring(phash, {first}, {bits})::integer = value OFFSET 0
) AS near
"""
_OF_BANDS = " UNION ".join(
    _OF_BAND.format(first=1 + BAND_BITS * band, bits=BAND_BITS) for band in range(BANDS)
)
_NEAR = f"SELECT id, bits FROM ({_OF_BANDS}) AS near (id, bits) WHERE bits <= %s"  # noqa: S608
