"""What an encoder costs: the time to encode one text and one picture, and the bytes it stores."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from PIL.Image import Image

from search.evaluation.chance import Estimate, estimate
from search.evaluation.dataset import Dataset, Picture, PictureFile
from search.evaluation.encoding import opened
from search.models import Asset
from workers.encoders.protocol import LoadedEncoder

SAMPLES = 20
VECTOR_HEADER = 8  # pgvector stores a halfvec in 2 bytes a dimension, and these.


def costs(dataset: Dataset, encoder: LoadedEncoder) -> dict[str, Estimate]:
    """Median and 95th percentile, one at a time as a search asks, in this process."""
    texts = dataset.texts[:SAMPLES]
    pictures = [decoded(picture) for picture in dataset.pictures[:SAMPLES]]
    size = float(2 * encoder.dimensions + VECTOR_HEADER)
    return {
        **timed("text", encoder.encode_texts, texts),
        **timed("picture", encoder.encode_images, pictures),
        "bytes a vector": [size, size, size],
    }


def timed(
    kind: str, encode: Callable[[list[Any]], Any], what: Sequence[Any]
) -> dict[str, Estimate]:
    """Milliseconds each; the first, which finds nothing warmed up, is not counted."""
    if not what:
        return {}
    encode([what[0]])
    taken = []
    for one in what:
        started = time.perf_counter()
        encode([one])
        taken.append(1000 * (time.perf_counter() - started))
    times = np.array(taken)
    return {
        f"{kind} ms, median": estimate(times, np.median),
        f"{kind} ms, p95": estimate(times, partial(np.percentile, q=95)),
    }


def decoded(picture: Picture) -> Image:
    if isinstance(picture, PictureFile):
        return opened(picture)
    asset = Asset.objects.get(pk=picture)
    return opened(PictureFile(asset.filename, asset.original.open))
