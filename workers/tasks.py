"""Thin tasks. Each takes ids and may run twice, late, or on rows that are gone, without harm."""

import base64
import io
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from math import ceil
from operator import attrgetter
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connection
from kombu.exceptions import OperationalError as MessageNotSent
from PIL import Image

from search.formats import decode
from search.formats.region import Region
from search.formats.sniff import UndecodableImage
from search.library import label_suggestions
from search.library.originals import StorageAway, picture_of
from search.library.storage import remove_orphans
from search.models import Asset, Embedding, Encoder, Rendition
from workers import add_encoder as adding
from workers.calibrating import ring_calibration
from workers.encoder_cache import at_hand, note
from workers.encoders.protocol import CheckpointError, LoadedEncoder, Vectors
from workers.facts import ring_facts
from workers.labelling import ring_labels

logger = logging.getLogger(__name__)

RENDITIONS_AT_ONCE = 16
# A task takes turns of this length. One that is still busy long after has hung on a picture; its
# process is killed, before the lease (120 s) lets another worker try that picture.
TURN_SECONDS = 50
HUNG_SECONDS = 100
# Whoever rings rings again: an old message would only make others wait for a turn of its own.
RUNG_SECONDS = 50
VECTOR_SECONDS = 24 * 3600
REFUSAL_SECONDS = 10
# Somebody waits for the vector; after that time nobody does any more.
AWAITED: dict[str, Any] = {
    "bind": True,
    "acks_late": False,
    "expires": settings.QUERY_TIMEOUT_SECONDS,
    "throws": (CheckpointError,),
}
# Between two looks whether an encoder has been loaded.
LOOK_AGAIN_SECONDS = 0.05


def ring_bell() -> None:
    """Tell the ingest workers what there is to do; if Redis is silent, the next bell will."""
    try:
        if Rendition.objects.claimable().exists():
            make_renditions.delay()
        if Embedding.objects.whose_turn().exists():
            embed_waiting.delay()
        ring_labels()
        ring_facts()
        ring_calibration()
    except MessageNotSent as error:
        logger.warning("The bell could not be rung: %s", error)


@shared_task
def ring() -> None:
    """Ring the bell again: from beat, as long as anything waits."""
    ring_bell()


@shared_task(time_limit=HUNG_SECONDS, expires=RUNG_SECONDS)
def make_renditions() -> None:
    """Make the renditions that wait, until none does."""
    if not repeat(make_some_renditions):
        make_renditions.delay()


@shared_task(time_limit=HUNG_SECONDS, expires=RUNG_SECONDS)
def embed_waiting() -> None:
    """Embed what waits, a batch at a time and the most urgent first, until nothing does."""
    unfit: set[int] = set()
    # Renditions in between: a person who uploads looks at thumbnails while the encoder works.
    if not repeat(lambda: make_some_renditions() + embed_some(unfit)):
        embed_waiting.delay()


def repeat(step: Callable[[], int]) -> bool:
    """Take a step until it finds nothing to do (True), or until it is somebody else's turn."""
    until = time.monotonic() + TURN_SECONDS
    while time.monotonic() < until:
        if not step():
            return True
    return False


def make_some_renditions() -> int:
    """Claim renditions and make them; how many were claimed."""
    claimed = Rendition.objects.claim_fresh(RENDITIONS_AT_ONCE) or Rendition.objects.claim_again()
    for _, renditions in groupby(claimed, key=attrgetter("asset_id")):
        make(list(renditions))
    return len(claimed)


def make(renditions: list[Rendition]) -> None:
    """Make the renditions of one asset, from one decoding of its original."""
    if picture := decode_or_record(renditions, at_least=None):
        for rendition in renditions:
            jpeg = decode.jpeg(decode.fit(picture, rendition.side))
            keep(partial(rendition.store, jpeg))


def embed_some(unfit: set[int]) -> int:
    """A batch for the encoder whose turn it is; how many promises were claimed.

    Asked anew for every batch, so an upload waits for one batch of backfill at most. An encoder
    that is still being loaded, or that can't be used, is passed over and stops no other.
    """
    passed_over = False
    for row in Embedding.objects.whose_turn().exclude(pk__in=unfit):
        try:
            encoder = at_hand(row, vision_only=True)
            if encoder and (claimed := embed_batch(row, encoder)):
                return claimed
            passed_over |= encoder is None
        except CheckpointError:
            unfit.add(row.pk)
    if passed_over:
        time.sleep(LOOK_AGAIN_SECONDS)
    return int(passed_over)


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
    decoded = [(e, decode_or_record([e], at_least=2 * encoder.resolution)) for e in claimed]
    pictures = [(embedding, picture) for embedding, picture in decoded if picture]
    if not pictures:
        return
    vectors = encode_or_release(pictures, encoder)
    for (embedding, _), vector in zip(pictures, vectors, strict=True):
        keep(partial(label_suggestions.fulfil, embedding, vector))
    logger.info("Embedded %d assets in %.2f s", len(pictures), time.monotonic() - started)


def encode_or_release(
    pictures: list[tuple[Embedding, Image.Image]], encoder: LoadedEncoder
) -> Vectors:
    """Their vectors. Where the encoder fails, which is not theirs to answer for, they wait on."""
    try:
        return encoder.encode_images([picture for _, picture in pictures])
    except CheckpointError as error:
        note(pictures[0][0].encoder, str(error))
        for embedding, _ in pictures:
            embedding.release(str(error))
        raise


def decode_or_record(
    promises: Sequence[Embedding | Rendition], *, at_least: int | None
) -> Image.Image | None:
    """The upright picture of these promises' asset, or None after recording why there is none."""
    try:
        return picture_of(promises[0].asset, at_least=at_least)
    except UndecodableImage as error:
        for promise in promises:
            promise.fail(str(error))
    except StorageAway as error:
        for promise in promises:
            promise.release(str(error))
    return None


def keep(write: Callable[[], bool]) -> bool:
    """Write what has been made, again and again while PostgreSQL restarts."""
    for pause in (0.5, 1, 2, 4, 8):
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            logger.warning("Can't write, trying again in %s s: %s", pause, error)
            connection.close()
            time.sleep(pause)
    return write()


@shared_task(**AWAITED)
def encode_text(self: Task, encoder_id: int, text: str, key: str) -> None:
    """Put the vector of a text into the cache, where somebody waits for it."""
    if encoder := query_encoder(self, encoder_id):
        vector = encoder.encode_texts([text])[0].tolist()
        cut_at = encoder.text_length if encoder.truncates(text) else None
        cache.set(key, {"vector": vector, "cut_at": cut_at}, VECTOR_SECONDS)


@shared_task(**AWAITED)
def encode_picture(self: Task, encoder_id: int, picture_key: str, region: str, key: str) -> None:
    """Put the vector of a query picture, itself in the cache, into the cache likewise."""
    if encoder := query_encoder(self, encoder_id):
        picture = decode.decode(io.BytesIO(base64.b64decode(cache.get(picture_key))))
        keep_vector(encoder, cropped(picture, region), key)


@shared_task(**AWAITED)
def encode_region(self: Task, encoder_id: int, asset_id: str, region: str, key: str) -> None:
    """Put the vector of a part of an asset's upright picture into the cache."""
    encoder, asset = query_encoder(self, encoder_id), Asset.objects.filter(pk=asset_id).first()
    if encoder and asset:
        box = Region.parse(region)
        # So much of the whole that the part has twice the encoder's input.
        at_least = ceil(2 * encoder.resolution / min(box.width, box.height))
        try:
            picture = picture_of(asset, at_least=at_least)
        except (UndecodableImage, StorageAway) as error:
            cache.set(key, {"refusal": f"This picture can't be read: {error}"}, REFUSAL_SECONDS)
        else:
            keep_vector(encoder, cropped(picture, region), key)


def cropped(picture: Image.Image, region: str) -> Image.Image:
    return picture.crop(Region.parse(region).box(*picture.size)) if region else picture


def keep_vector(encoder: LoadedEncoder, picture: Image.Image, key: str) -> None:
    vector = encoder.encode_images([picture])[0].tolist()
    cache.set(key, {"vector": vector, "cut_at": None}, VECTOR_SECONDS)


def query_encoder(task: Task, encoder_id: int) -> LoadedEncoder | None:
    """The encoder, or None after sending the message again: another worker may have it loaded, or
    this one soon will."""
    row = Encoder.objects.filter(pk=encoder_id).first()
    if row is None:  # It has been removed meanwhile.
        return None
    encoder = at_hand(row)
    if encoder is None:
        time.sleep(LOOK_AGAIN_SECONDS)
        # With the same expiry: nobody waits longer for it.
        task.apply_async(task.request.args, expires=task.request.expires)
    return encoder


@shared_task
def add_encoder(checkpoint: str, revision: str, patches: int | None, slug: str) -> None:
    """Have an encoder added that a curator asked for; meanwhile uploads go on."""
    request = (checkpoint, revision, patches, slug)
    threading.Thread(target=adding.add_apart, args=request, daemon=True).start()


@shared_task
def clean_up() -> None:
    """Remove files that no row refers to: what a killed upload left behind."""
    remove_orphans()
