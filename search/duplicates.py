"""Near-duplicates: assets whose pictures look the same, resized, recompressed or edited a little.

Three things are kept apart. *Exact* copies have the same bytes (sha256). *Near*-duplicates have
about the same perceptual hash, and are the business of this module. *Similar* assets have vectors
close to each other, and are a search.
"""

from collections.abc import Iterable
from uuid import UUID


def collapsed(hits: Iterable[tuple[UUID, UUID | None]]) -> list[tuple[UUID, int]]:
    """Of ranked (asset, cluster), the first asset of each cluster and how many more it stands for.

    An asset that is in no cluster stands for itself.
    """
    first: dict[UUID, UUID] = {}
    others: dict[UUID, int] = {}
    for asset, cluster in hits:
        shown = first.setdefault(cluster or asset, asset)
        others[shown] = others.get(shown, -1) + 1
    return list(others.items())
