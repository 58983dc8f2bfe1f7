"""A checkpoint in memory: its towers behind the protocol of a loaded encoder."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from workers.encoders import engines, memory
from workers.encoders.checkpoint import Checkpoint
from workers.encoders.protocol import CheckpointError, PicturesOnly, Vectors
from workers.encoders.weights import memory_errors_as


class Towers(Protocol):
    """What differs between families: preprocessing, and which outputs of the model are features.

    Features have the shape (texts or pictures, dimensions) and any length.
    """

    family: str
    patches: int | None
    dimensions: int
    resolution: int
    text_length: int
    tokenizer: PreTrainedTokenizerBase | None  # None: the vision tower alone.
    _model: PreTrainedModel

    def text_features(self, texts: list[str]) -> Tensor: ...

    def image_features(self, pictures: list[Image]) -> Tensor: ...

    def count_tokens(self, text: str) -> int: ...


class CheckpointEncoder:
    """Texts and pictures in, unit vectors out, whatever the family."""

    def __init__(self, files: Checkpoint, towers: Towers, precision: str) -> None:
        self._files, self._towers, self.precision = files, towers, precision
        self.engine, self.fallback = engines.install(towers._model, precision)
        memory.leave_files(towers._model)
        memory.leave_code()
        self.checkpoint, self.revision = files.name, files.revision
        self.family, self.patches = towers.family, towers.patches
        self.dimensions, self.resolution = towers.dimensions, towers.resolution
        self.text_length = towers.text_length
        self.batch_size = engines.batch_size(towers._model.config)

    @property
    def manifest(self) -> dict[str, str]:
        """The SHA-256 of each file that decides the vectors."""
        return self._files.manifest

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (texts, dimensions). Raises PicturesOnly and CheckpointError."""
        self._refuse_texts()
        vectors = self._vectors(self._towers.text_features, texts)
        # Afterwards: what was written before is seen then, and what is written later was not read.
        if self.is_altered():
            raise CheckpointError("weights_altered", name=self.checkpoint)
        return vectors

    def encode_images(self, images: Sequence[Image]) -> Vectors:
        """Unit vectors of shape (pictures, dimensions). Raises CheckpointError."""
        vectors = self._vectors(self._picture_features, images)
        memory.give_back_activations()
        return vectors

    def is_altered(self) -> bool:
        """Whether its files have changed since they were loaded: the token table is read later."""
        return self._files.is_altered()

    def truncates(self, text: str) -> bool:
        """Whether the text has more tokens than fit. Raises PicturesOnly."""
        self._refuse_texts()
        return self._towers.count_tokens(text) > self.text_length

    def _refuse_texts(self) -> None:
        if self._towers.tokenizer is None:
            raise PicturesOnly("This encoder was loaded for pictures only.")

    @torch.inference_mode()
    def _vectors(self, features: Callable[[list[Any]], Tensor], things: Sequence[Any]) -> Vectors:
        # In batches: activations take memory in proportion to the batch.
        # In 8 bits one by one, so that a vector does not depend on what is encoded beside it.
        size = 1 if self.precision == "int8" else self.batch_size
        starts = range(0, len(things), size)
        batches = [list(things[start : start + size]) for start in starts]
        with memory_errors_as(CheckpointError("not_enough_memory", name=self.checkpoint)):
            vectors = [self._unit(features(batch)) for batch in batches]
        return np.concatenate([np.empty((0, self.dimensions), np.float32), *vectors])

    def _picture_features(self, images: list[Image]) -> Tensor:
        # Converted here: where a checkpoint leaves it out, grey and palette pictures are refused.
        return self._towers.image_features([image.convert("RGB") for image in images])

    def _unit(self, features: Tensor) -> Vectors:
        vectors = features.float().cpu().numpy()
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        # Compared this way round, since nothing compares with NaN.
        if not (np.isfinite(norms) & (norms > 0)).all():
            raise CheckpointError("vector_without_direction", name=self.checkpoint)
        return vectors / norms
