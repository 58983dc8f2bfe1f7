"""SigLIP and the fixed-resolution SigLIP 2, encoded as their authors prescribe."""

from typing import Any

from PIL.Image import Image
from torch import Tensor
from transformers import (
    PreTrainedTokenizerBase,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipVisionModel,
)

from workers.encoders import engines, weights
from workers.encoders.checkpoint import Checkpoint
from workers.encoders.token_table import leave_in_file

SIGLIP, SIGLIP_2 = "SigLIP", "SigLIP 2"


class SiglipTowers:
    """Both towers, or the vision tower alone."""

    patches = None

    def __init__(self, files: Checkpoint, *, vision_only: bool) -> None:
        config = weights.load_config(files, SiglipConfig)
        self.family = family_of(files)
        self.dimensions: int = config.vision_config.hidden_size
        self.resolution: int = config.vision_config.image_size
        self.text_length: int = config.text_config.max_position_embeddings
        self._model = weights.load_model(files, SiglipVisionModel if vision_only else SiglipModel)
        self._vision = self._model if vision_only else self._model.vision_model
        self._processor = weights.load_processor(files, SiglipImageProcessorPil)
        self.tokenizer: Any = None if vision_only else weights.load_tokenizer(files)
        if not vision_only:
            leave_in_file(files, self._model)

    def image_features(self, pictures: list[Image]) -> Tensor:
        inputs = engines.carry(self._processor(pictures, return_tensors="pt"))
        return self._vision(**inputs).pooler_output

    def text_features(self, texts: list[str]) -> Tensor:
        ids = padded_ids(self.tokenizer, [self._spelling(text) for text in texts], self.text_length)
        return self._model.get_text_features(input_ids=ids).pooler_output

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer(self._spelling(text)).input_ids)

    def _spelling(self, text: str) -> str:
        # Lower-cased here: the published tokenizer of SigLIP 2 ignores its own setting, while that
        # of SigLIP obeys it.
        return text.lower() if self.family == SIGLIP_2 else text


def towers(files: Checkpoint, *, patches: None, vision_only: bool) -> SiglipTowers:
    return SiglipTowers(files, vision_only=vision_only)


def family_of(files: Checkpoint) -> str:
    """Both generations share a model class; only the first has the tokenizer of that name.

    Those that were trained here have the same tokenizer, and say which recipe it was.
    """
    if recipe := files.read_json("config.json").get("recipe"):
        return SIGLIP if recipe == "siglip" else SIGLIP_2
    named = files.read_json("tokenizer_config.json").get("tokenizer_class", "SiglipTokenizer")
    return SIGLIP if named == "SiglipTokenizer" else SIGLIP_2


def padded_ids(tokenizer: PreTrainedTokenizerBase, texts: list[str], length: int) -> Tensor:
    """The texts' ids, of shape (texts, length), padded on the right, on the models' device."""
    # Always the full length, and without a mask: so SigLIP was trained, and its vectors are
    # silently bad otherwise.
    encoded = tokenizer(
        texts,
        padding="max_length",
        max_length=length,
        truncation=True,
        padding_side="right",
        return_tensors="pt",
    )
    return encoded.input_ids.to(weights.device())
