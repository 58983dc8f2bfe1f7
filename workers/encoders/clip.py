"""CLIP, which reads up to the end of a text and looks at the middle of a picture."""

from typing import Any

from PIL.Image import Image
from torch import Tensor
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from workers.encoders import engines, weights
from workers.encoders.checkpoint import Checkpoint
from workers.encoders.token_table import leave_in_file

# Maximum ratio of a picture's longer side to its shorter one.
MAX_PROPORTION = 100


class ClipTowers:
    """Both towers with their projections, or the vision tower alone with its own."""

    family = "CLIP"
    patches = None

    def __init__(self, files: Checkpoint, *, vision_only: bool) -> None:
        config = weights.load_config(files, CLIPConfig)
        self.dimensions: int = config.projection_dim
        self.resolution: int = config.vision_config.image_size
        self.text_length: int = config.text_config.max_position_embeddings
        kind = CLIPVisionModelWithProjection if vision_only else CLIPModel
        self._model = weights.load_model(
            files, kind, vision_config(config) if vision_only else config
        )
        self._processor = weights.load_processor(files, CLIPImageProcessorPil)
        self.tokenizer: Any = None if vision_only else weights.load_tokenizer(files)
        if not vision_only:
            leave_in_file(files, self._model)

    def image_features(self, pictures: list[Image]) -> Tensor:
        middles = [self._middle(picture) for picture in pictures]
        inputs = engines.carry(self._processor(middles, return_tensors="pt"))
        features = self._model.vision_model(**inputs).pooler_output
        return self._model.visual_projection(features)

    def text_features(self, texts: list[str]) -> Tensor:
        # With the tokenizer's own padding and its mask. On the right: the vector is read off at
        # the first end of text, and positions count from the left.
        inputs = self.tokenizer(
            texts,
            padding=True,
            max_length=self.text_length,
            truncation=True,
            padding_side="right",
            return_tensors="pt",
        )
        return self._model.get_text_features(**engines.carry(inputs)).pooler_output

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer(text).input_ids)

    def _middle(self, picture: Image) -> Image:
        """Of a long strip that the processor crops, the part around its middle.

        The processor first enlarges the whole: 1 x 4000 pixels would take 600 MB. Whole squares
        are cut off, so that the grid of pixels around the middle stays the same.
        """
        short, long = sorted(picture.size)
        cut = (long // short - MAX_PROPORTION) // 2 * short
        if cut <= 0 or not (self._processor.do_center_crop and self._processor.size.shortest_edge):
            return picture
        if picture.height == long:
            return picture.crop((0, cut, short, long - cut))
        return picture.crop((cut, 0, long - cut, short))


def towers(files: Checkpoint, *, patches: None, vision_only: bool) -> ClipTowers:
    return ClipTowers(files, vision_only=vision_only)


def vision_config(config: CLIPConfig) -> CLIPVisionConfig:
    """The vision tower's part, with the width that both towers are projected to.

    Published files keep a default in that part, which only the whole model overrules.
    """
    config.vision_config.projection_dim = config.projection_dim
    return config.vision_config
