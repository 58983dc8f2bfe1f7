"""Where a query's picture was cut out: of the assets nearest to it, those that hold it."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from PIL import Image

from search.formats.cutouts import SIDE, Cutout
from search.models import Rendition, User
from search.models.asset import AssetQuerySet
from search.query.fusion import Candidate
from search.query.pictures import remembered_picture
from search.query.ranking import rank_by_meaning
from search.query.vectors import EncodedQuery

# Numbers of the nearest that are looked through, 4 ms each; beyond the first where none of these
# holds it. Of parts 0.3, 0.4, 0.5 and 0.6 as wide as their pictures, among 300, those were among
# the first 12 in 67, 82, 92 and 98 of 100, and among 20 in 73, 85, 93 and 100.
FIRST, NEAREST = 12, 24


def with_origins(
    encoded: EncodedQuery, assets: AssetQuerySet, user: User | AnonymousUser
) -> EncodedQuery:
    """The query, certain of what its only picture was cut out of, where none looks just like it."""
    example = encoded.query.only_example
    may_be_cut_out = example and example.picture and not encoded.copies
    jpeg = remembered_picture(example.picture, user) if example and may_be_cut_out else None
    if not jpeg:
        return encoded
    cutout = Cutout.of(_read(io.BytesIO(jpeg)))
    nearest = rank_by_meaning(encoded, assets, limit=NEAREST).candidates
    origins = _origins(cutout, nearest[:FIRST]) or _origins(cutout, nearest[FIRST:])
    return replace(encoded, copies=origins)


def _origins(cutout: Cutout, candidates: Sequence[Candidate]) -> tuple[UUID, ...]:
    """The clusters of those that it was cut out of."""
    clusters = {UUID(each.pk): UUID(each.cluster or each.pk) for each in candidates}
    pictures = _pictures(list(clusters))
    return tuple(clusters[asset] for asset, picture in pictures if cutout.is_from(picture))


def _pictures(assets: Sequence[UUID]) -> Iterator[tuple[UUID, Image.Image]]:
    """The assets with their thumbnails; without those that have none, or none that can be read."""
    thumbnails = Rendition.objects.filter(spec=Rendition.Spec.THUMBNAIL, asset__in=assets)
    for rendition in thumbnails.done():
        try:
            with rendition.file.open() as file:
                yield rendition.asset_id, _read(file)
        except OSError:
            continue


def _read(file: IO[bytes]) -> Image.Image:
    """A JPEG of our own, not much larger than is needed."""
    image = Image.open(file, formats=["JPEG"])
    image.draft("RGB", (2 * SIDE, 2 * SIDE))
    return image.convert("RGB")
