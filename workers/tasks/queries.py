"""What people search for, to vectors: somebody waits for each, in the cache."""

import base64
import io
import time
from math import ceil
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.core.cache import cache
from PIL import Image

from config.cache import shared
from search.formats import decode
from search.formats.region import Region
from search.formats.sniff import UndecodableImage
from search.library.originals import StorageAway, picture_of
from search.models import Asset, Encoder
from search.refusals import Refusal
from workers.encoder_cache import at_hand, in_memory
from workers.encoders.protocol import CheckpointError, LoadedEncoder

# Seconds that vectors and refusals stay in the cache.
VECTOR_SECONDS = 24 * 3600
REFUSAL_SECONDS = 10
# Seconds between two looks whether an encoder has been loaded.
LOOK_AGAIN_SECONDS = 0.05
# Somebody waits for the vector; after that time nobody does any more.
AWAITED: dict[str, Any] = {
    "bind": True,
    "acks_late": False,
    "expires": settings.QUERY_TIMEOUT_SECONDS,
    "throws": (CheckpointError,),
}


@shared_task(**AWAITED)
def encode_text(self: Task, encoder_id: int, text: str, key: str) -> None:
    """Put the vector of a text into the cache, where somebody waits for it."""
    if encoder := query_encoder(self, encoder_id):
        vector = encoder.encode_texts([text])[0].tolist()
        cut_at = encoder.text_length if encoder.truncates(text) else None
        shared().answer(key, {"vector": vector, "cut_at": cut_at}, VECTOR_SECONDS)


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
            refusal = Refusal("example_unreadable", reason=str(error))
            shared().answer(key, {"refusal": refusal.as_json()}, REFUSAL_SECONDS)
        else:
            keep_vector(encoder, cropped(picture, region), key)


def cropped(picture: Image.Image, region: str) -> Image.Image:
    return picture.crop(Region.parse(region).box(*picture.size)) if region else picture


def keep_vector(encoder: LoadedEncoder, picture: Image.Image, key: str) -> None:
    vector = encoder.encode_images([picture])[0].tolist()
    shared().answer(key, {"vector": vector, "cut_at": None}, VECTOR_SECONDS)


def query_encoder(task: Task, encoder_id: int) -> LoadedEncoder | None:
    """The encoder, or None after sending the message again: another worker may have it loaded, or
    this one soon will."""
    # Without a look at its row: Celery closes the connection after each task, and for a new one
    # PostgreSQL starts a process.
    if encoder := in_memory(encoder_id):
        return encoder
    row = Encoder.objects.filter(pk=encoder_id).first()
    if row is None:  # It has been removed meanwhile.
        return None
    encoder = at_hand(row)
    if encoder is None:
        time.sleep(LOOK_AGAIN_SECONDS)
        # With the same expiry: nobody waits longer for it.
        task.apply_async(task.request.args, expires=task.request.expires)
    return encoder
