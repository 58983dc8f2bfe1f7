"""Inputs: of each asset whose vectors are owed, the small picture that encoders make them of.

A cache in the storage, made with the renditions by one decoding of the original. What is missing,
damaged, too small or made of other bytes is not used: the original is decoded again. It is removed
before the last vector is stored.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import PurePosixPath
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL.Image import Image

from search.disk import DiskFull
from search.formats import decode
from search.formats.rules import RULES
from search.models import Asset, Embedding, Encoder, Rendition

logger = logging.getLogger(__name__)

FOLDER = "inputs"
# Maximum files: of 0.6 to 2 MB each for an encoder of 224 pixels.
MOST = 500
# Bytes of the sum that a file begins with.
SUM = hashlib.sha256().digest_size
# Files whose assets are looked up at a time.
BATCH = 1000


def name_of(asset_id: UUID) -> str:
    return f"{FOLDER}/{asset_id.hex}"


def is_full() -> bool:
    """Whether as many lie there as may: no encoder gets on."""
    try:
        return len(default_storage.listdir(FOLDER)[1]) >= MOST
    except OSError:
        return False


def keep(asset: Asset, pixels: bytes) -> None:
    """Store an input, if there is room."""
    name = name_of(asset.pk)
    try:
        default_storage.delete(name)
        default_storage.save(name, ContentFile(_sum(asset, pixels) + pixels))
    except (OSError, DiskFull) as error:
        logger.warning("The input of %s is not kept: %s", asset.pk, error)


def read(asset: Asset) -> memoryview | None:
    """The pixels that lie there of an asset; None where they have to be made again."""
    try:
        with default_storage.open(name_of(asset.pk)) as file:
            content = memoryview(file.read())  # Whose parts are no copies.
    except OSError:
        return None
    is_whole = content[:SUM] == _sum(asset, content[SUM:])
    return content[SUM:] if is_whole else None


def picture_of(asset: Asset, *, at_least: int) -> Image | None:
    """An asset's input as `decode(at_least=)` would be; None where it has to be made again."""
    pixels = read(asset)
    if pixels is None:
        return None
    picture = decode.picture_of(pixels)
    if not _is_enough(picture.size, asset, at_least):
        return None
    factor = decode.factor_for(picture.size, at_least)
    return picture.reduce(factor) if factor > 1 else picture


def _sum(asset: Asset, data: bytes | memoryview) -> bytes:
    """Of the data, of what they were made from and by which rules."""
    digest = hashlib.sha256(f"{asset.sha256} {RULES} pixels ".encode())
    digest.update(data)
    return digest.digest()


def _is_enough(size: tuple[int, int], asset: Asset, at_least: int) -> bool:
    return (
        min(size) >= min(at_least, asset.width, asset.height)
        # A panorama, as coarse as any is decoded.
        or max(size) > decode.LONGEST * at_least / 2
    )


def waiting(assets: Iterable[UUID], *, but_for: Iterable[int] = ()) -> set[UUID]:
    """Those of these assets that a vector is owed to, but for these embeddings."""
    owed = Embedding.objects.waiting().filter(
        asset__in=list(assets), encoder__in=Encoder.objects.live()
    )
    return set(owed.exclude(pk__in=list(but_for)).values_list("asset", flat=True))


def waiting_for_nothing_but(embeddings: Iterable[Embedding]) -> set[UUID]:
    """The assets of these embeddings that no other vector is owed to."""
    of_asset = {embedding.asset_id: embedding.pk for embedding in embeddings}
    return of_asset.keys() - waiting(of_asset, but_for=of_asset.values())


def remove(assets: Iterable[UUID]) -> None:
    for asset_id in assets:
        with suppress(OSError):  # The hourly cleaning removes it.
            default_storage.delete(name_of(asset_id))


def not_needed(files: Iterator[str]) -> Iterator[str]:
    """Those of these stored files that no rendition and no vector will be made of."""
    while names := list(islice(files, BATCH)):
        ids = [asset_id for name in names if (asset_id := _id(name))]
        owed = Rendition.objects.waiting().filter(asset__in=ids).values_list("asset", flat=True)
        needed = {name_of(asset_id) for asset_id in waiting(ids) | set(owed)}
        yield from (name for name in names if name not in needed)


def is_needed(name: str) -> bool:
    return not list(not_needed(iter([name])))


def _id(name: str) -> UUID | None:
    with suppress(ValueError):  # A file that is being written.
        return UUID(PurePosixPath(name).name)
    return None
