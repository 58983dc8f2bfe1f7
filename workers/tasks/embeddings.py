"""Embeddings: the vectors of pictures, a batch at a time and the most urgent first."""

import logging
import time
from collections.abc import Iterable, Iterator
from functools import partial
from uuid import UUID

from PIL import Image

from search.library import inputs, label_suggestions, originals
from search.models import Embedding, Encoder
from workers.encoder_cache import at_hand, refuse
from workers.encoders.protocol import CheckpointError, LoadedEncoder, Vectors
from workers.tasks.originals import ahead, made_or_failure
from workers.writes import persist_or_put_back

logger = logging.getLogger(__name__)

# Seconds between two looks whether an encoder has been loaded.
LOOK_AGAIN_SECONDS = 0.05
# Number of batches that what is claimed at once is encoded in.
BATCHES = 2
# Pixels with which a batch is full: of panoramas, eight would take 80 MB.
BATCH_PIXELS = 16_000_000

Decoded = tuple[Embedding, Image.Image]


def waits() -> bool:
    return Embedding.objects.whose_turn().exists()


def do() -> bool:
    """Embed a batch by the encoder whose turn it is; whether anything was claimed or is loading.

    Asked anew for every batch, so an upload waits for one batch of backfill at most. An encoder
    that is still being loaded, or that can't be used, is passed over and stops no other.
    """
    loading = False
    for row in Embedding.objects.whose_turn():
        try:
            encoder = at_hand(row, vision_only=True)
            if encoder and embed_batch(row, encoder):
                return True
            loading |= encoder is None
        except CheckpointError:
            continue  # It is refused for a while, and the reason stands in its row.
    if loading:
        time.sleep(LOOK_AGAIN_SECONDS)
    return loading


def embed_batch(row: Encoder, encoder: LoadedEncoder) -> int:
    """Claim promises of this encoder and fulfil them; how many were claimed.

    After each fresh batch one that was claimed before: neither kind starves the other.
    """
    promises = Embedding.objects.filter(encoder=row)
    fresh = promises.claim_fresh(encoder.batch_size)
    embed(fresh, encoder)
    again = promises.claim_again()
    embed(again, encoder)
    return len(fresh) + len(again)


def embed(claimed: list[Embedding], encoder: LoadedEncoder) -> None:
    """Fulfil these promises; while some pictures are encoded, the next are decoded."""
    started = time.monotonic()
    done = inputs.waiting_for_nothing_but(claimed)
    decoded = pictures_of(claimed, encoder)
    try:
        for batch in in_batches(decoded, max(1, encoder.batch_size // BATCHES)):
            store(batch, encoder.encode_images([picture for _, picture in batch]), done)
    except CheckpointError as error:  # Which none of them answers for: they wait on.
        refuse(claimed[0].encoder, error, vision_only=True)
        for embedding in claimed:
            embedding.release(error)
        raise
    if claimed:
        logger.info("Embedded %d assets in %.2f s", len(claimed), time.monotonic() - started)


def pictures_of(claimed: list[Embedding], encoder: LoadedEncoder) -> Iterator[Decoded]:
    """Each promise with the picture for the encoder; those of which there is none are noted."""
    # Twice the encoder's input: four times faster than decoding in full, and the vectors'
    # cosine to those of a full decode was 0.999997 (docs/architecture.md, Facts).
    for embedding, make in ahead(partial(picture_for, at_least=2 * encoder.resolution), claimed):
        if picture := made_or_failure([embedding], make):
            yield embedding, picture


def picture_for(embedding: Embedding, *, at_least: int) -> Image.Image:
    """The input of its asset, if there is one, else the original decoded for the encoder."""
    asset = embedding.asset
    return inputs.picture_of(asset, at_least=at_least) or originals.picture_of(
        asset, at_least=at_least
    )


def in_batches(decoded: Iterable[Decoded], count: int) -> Iterator[list[Decoded]]:
    """At most so many at once, and no more once they have BATCH_PIXELS together."""
    batch: list[Decoded] = []
    for each in decoded:
        batch.append(each)
        pixels = sum(picture.width * picture.height for _, picture in batch)
        if len(batch) == count or pixels >= BATCH_PIXELS:
            yield batch
            batch = []
    if batch:
        yield batch


def store(batch: list[Decoded], vectors: Vectors, done: set[UUID]) -> None:
    """Fulfil these promises, after removing the inputs of the assets that have all vectors then."""
    inputs.remove(embedding.asset_id for embedding, _ in batch if embedding.asset_id in done)
    for (embedding, _), vector in zip(batch, vectors, strict=True):
        persist_or_put_back(partial(label_suggestions.fulfil, embedding, vector), embedding)
