"""Embeddings: the vectors of pictures, a batch at a time and the most urgent first."""

import logging
import time
from functools import partial

from PIL import Image

from search.library import label_suggestions
from search.models import Embedding, Encoder
from workers.encoder_cache import at_hand, refuse
from workers.encoders.protocol import CheckpointError, LoadedEncoder, Vectors
from workers.tasks.originals import picture_or_failure
from workers.writes import persist_or_put_back

logger = logging.getLogger(__name__)

# Seconds between two looks whether an encoder has been loaded.
LOOK_AGAIN_SECONDS = 0.05


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
    started = time.monotonic()
    # Twice the encoder's input: four times faster than decoding in full, and the vectors'
    # cosine to those of a full decode was 0.999997 (docs/architecture.md, Facts).
    decoded = [(e, picture_or_failure([e], at_least=2 * encoder.resolution)) for e in claimed]
    pictures = [(embedding, picture) for embedding, picture in decoded if picture]
    if not pictures:
        return
    vectors = encode_or_release(pictures, encoder)
    for (embedding, _), vector in zip(pictures, vectors, strict=True):
        persist_or_put_back(partial(label_suggestions.fulfil, embedding, vector), embedding)
    logger.info("Embedded %d assets in %.2f s", len(pictures), time.monotonic() - started)


def encode_or_release(
    pictures: list[tuple[Embedding, Image.Image]], encoder: LoadedEncoder
) -> Vectors:
    """Their vectors. Where the encoder fails, which is not theirs to answer for, they wait on."""
    try:
        return encoder.encode_images([picture for _, picture in pictures])
    except CheckpointError as error:
        refuse(pictures[0][0].encoder, error, vision_only=True)
        for embedding, _ in pictures:
            embedding.release(error)
        raise
