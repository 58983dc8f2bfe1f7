"""SigLIP 2 NaFlex, which sees pictures in their own proportions."""

import math
from typing import Any

from PIL.Image import Image
from torch import Tensor
from transformers import Siglip2Config, Siglip2ImageProcessorPil, Siglip2Model, Siglip2VisionModel

from workers.encoders import engines, weights
from workers.encoders.checkpoint import Checkpoint
from workers.encoders.siglip import padded_ids
from workers.encoders.token_table import leave_in_file


class NaflexTowers:
    """Both towers, or the vision tower alone, and how many patches a picture may have."""

    family = "SigLIP 2 NaFlex"

    def __init__(self, files: Checkpoint, *, patches: int | None, vision_only: bool) -> None:
        config = weights.load_config(files, Siglip2Config)
        self.dimensions: int = config.vision_config.hidden_size
        self.text_length: int = config.text_config.max_position_embeddings
        self._model = weights.load_model(files, Siglip2VisionModel if vision_only else Siglip2Model)
        self._vision = self._model if vision_only else self._model.vision_model
        # Alone: Siglip2Processor would force 256 patches over the file's own number.
        self._processor = weights.load_processor(files, Siglip2ImageProcessorPil)
        self.patches: int = patches or self._processor.max_num_patches
        # Of a square picture; others have a longer and a shorter side.
        self.resolution = math.isqrt(self.patches) * self._processor.patch_size
        self.tokenizer: Any = None if vision_only else weights.load_tokenizer(files)
        if not vision_only:
            leave_in_file(files, self._model)

    def image_features(self, pictures: list[Image]) -> Tensor:
        # With the mask of the padding and the shape in patches, which say where each patch lies.
        inputs = self._processor(pictures, max_num_patches=self.patches, return_tensors="pt")
        return self._vision(**engines.carry(inputs)).pooler_output

    def text_features(self, texts: list[str]) -> Tensor:
        ids = padded_ids(self.tokenizer, [text.lower() for text in texts], self.text_length)
        return self._model.get_text_features(input_ids=ids).pooler_output

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer(text.lower()).input_ids)


def towers(files: Checkpoint, *, patches: int | None, vision_only: bool) -> NaflexTowers:
    return NaflexTowers(files, patches=patches, vision_only=vision_only)
