"""Draws many scenes at once, in one process per core."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from workers.training.studio import Scene, draw, size_for

_LONGER_SIDE = 160


def squares(scenes: Sequence[Scene], side: int, *, quiet: bool = False) -> NDArray[np.uint8]:
    """The scenes' pictures squeezed to squares, as the encoder's own preprocessing does it."""
    pixels = np.empty((len(scenes), side, side, 3), np.uint8)
    # Not forked: torch's threads do not survive a fork.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        drawn = pool.map(partial(_square, side=side), scenes, chunksize=64)
        bar = tqdm(drawn, "Drawing", len(scenes), unit="picture", disable=quiet or None)
        for i, square in enumerate(bar):
            pixels[i] = square
    return pixels


def _square(scene: Scene, side: int) -> NDArray[np.uint8]:
    picture = draw(scene, size_for(scene, _LONGER_SIDE))
    return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))
