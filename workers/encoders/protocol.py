"""What an encoder in memory offers, whatever loaded it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from search.refusals import Refusal

# Shape (texts or pictures, dimensions); each row a unit vector.
Vectors = NDArray[np.float32]


class CheckpointError(Refusal):
    """This checkpoint cannot be used."""


class PicturesOnly(RuntimeError):
    """This encoder was loaded without its text tower."""


class LoadedEncoder(Protocol):
    """Maps texts and pictures to unit vectors in one shared space."""

    checkpoint: str
    revision: str
    family: str
    patches: int | None  # Maximum number of patches of a picture; of the NaFlex family only.
    dimensions: int
    resolution: int  # Pixels, of the side of a square picture.
    batch_size: int
    text_length: int  # Tokens.
    precision: str  # fp32 or int8.
    engine: str  # What computes it.
    fallback: Refusal | None  # Why not a faster one.

    @property
    def manifest(self) -> dict[str, str]: ...  # The SHA-256 of each file that decides the vectors.

    def encode_texts(self, texts: Sequence[str]) -> Vectors: ...

    def encode_images(self, images: Sequence[Image]) -> Vectors: ...

    def is_altered(self) -> bool: ...  # Whether its files have changed since they were loaded.

    def truncates(self, text: str) -> bool: ...  # Whether not all of the text's tokens fit.
