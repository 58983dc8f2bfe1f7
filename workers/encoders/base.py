"""What an encoder is, and how to get one."""

from collections.abc import Sequence
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

Vectors = NDArray[np.float32]


class CheckpointError(Exception):
    """This checkpoint cannot be loaded."""


class Encoder(Protocol):
    """Maps texts and pictures to unit vectors in one shared space."""

    checkpoint: str
    revision: str
    dimensions: int
    resolution: int
    batch_size: int

    def encode_texts(self, texts: Sequence[str]) -> Vectors: ...

    def encode_images(self, images: Sequence[Image]) -> Vectors: ...


def load_encoder(checkpoint: str, revision: str = "", *, vision_only: bool = False) -> Encoder:
    """The encoder of a hub id or a local folder, loaded once per process."""
    return _loaded(checkpoint, revision, vision_only)


@cache
def _loaded(checkpoint: str, revision: str, vision_only: bool) -> Encoder:
    from workers.encoders.siglip import SiglipEncoder  # Not at the top: web processes come here.

    return SiglipEncoder(checkpoint, revision, vision_only=vision_only)
