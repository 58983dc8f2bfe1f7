"""What an encoder is, and how to get one."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

Vectors = NDArray[np.float32]

# The module of each family, by the model_type in a checkpoint's config.json.
MODULES = {"siglip": "siglip", "siglip2": "naflex", "clip": "clip"}


class CheckpointError(Exception):
    """This checkpoint cannot be used; why, in a sentence for a person."""


class PicturesOnly(RuntimeError):
    """This encoder was loaded without its text tower."""


class Encoder(Protocol):
    """Maps texts and pictures to unit vectors in one shared space."""

    checkpoint: str
    revision: str
    family: str
    patches: int | None  # Of a picture, at most; of the NaFlex family only.
    dimensions: int
    resolution: int
    batch_size: int
    text_length: int

    @property
    def manifest(self) -> dict[str, str]: ...  # The SHA-256 of each file that decides the vectors.

    def encode_texts(self, texts: Sequence[str]) -> Vectors: ...

    def encode_images(self, images: Sequence[Image]) -> Vectors: ...

    def truncates(self, text: str) -> bool: ...  # Whether not all of the text's tokens fit.


def load_encoder(
    checkpoint: str, revision: str = "", *, patches: int | None = None, vision_only: bool = False
) -> Encoder:
    """The encoder of a hub id or a local folder, loaded once per process."""
    return _loaded(checkpoint, revision, patches, vision_only)


@cache
def _loaded(checkpoint: str, revision: str, patches: int | None, vision_only: bool) -> Encoder:
    # Not at the top: web processes come here.
    from workers.encoders.checkpoint import find
    from workers.encoders.loaded import LoadedEncoder

    files = find(checkpoint, revision)
    files.refuse_unfit(patches)
    family = import_module(f"workers.encoders.{MODULES[files.model_type]}")
    return LoadedEncoder(files, family.towers(files, patches=patches, vision_only=vision_only))
