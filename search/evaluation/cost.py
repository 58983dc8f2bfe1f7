"""What an encoder costs: the time to encode one text and one picture, and the bytes it stores."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from PIL.Image import Image

from search.evaluation.chance import Estimate, estimate
from search.evaluation.dataset import Dataset, Picture, PictureFile
from search.evaluation.encoding import open_picture
from search.models import Asset
from workers.encoders.protocol import LoadedEncoder

# Maximum texts, and pictures, that are timed.
SAMPLES = 20
# Bytes that pgvector stores of a halfvec besides 2 for each dimension.
VECTOR_HEADER = 8


def costs(dataset: Dataset, encoder: LoadedEncoder) -> dict[str, Estimate]:
    """Median and 95th percentile, one at a time as a search asks, in this process."""
    texts = dataset.texts[:SAMPLES]
    pictures = [decode(picture) for picture in dataset.pictures[:SAMPLES]]
    size = float(2 * encoder.dimensions + VECTOR_HEADER)
    return {
        **time_each("text", encoder.encode_texts, texts),
        **time_each("picture", encoder.encode_images, pictures),
        "bytes a vector": [size, size, size],
    }


def time_each(
    kind: str, encode: Callable[[list[Any]], Any], what: Sequence[Any]
) -> dict[str, Estimate]:
    """Milliseconds of one each; a first one, to warm up, is not counted."""
    if not what:
        return {}
    encode([what[0]])
    durations = []
    for one in what:
        started = time.perf_counter()
        encode([one])
        durations.append(1000 * (time.perf_counter() - started))
    times = np.array(durations)
    return {
        f"{kind} ms, median": estimate(times, np.median),
        f"{kind} ms, p95": estimate(times, partial(np.percentile, q=95)),
    }


def decode(picture: Picture) -> Image:
    if isinstance(picture, PictureFile):
        return open_picture(picture)
    asset = Asset.objects.get(pk=picture)
    return open_picture(PictureFile(asset.filename, asset.original.open))
