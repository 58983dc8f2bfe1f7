"""The two towers of each family: small ones to begin with, one interface, saved as published."""

import math
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor, nn
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    PreTrainedConfig,
    PreTrainedTokenizerBase,
    Siglip2Config,
    Siglip2Model,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
)

from workers.training.batches import GRID
from workers.training.native import Patches, cut, padded, processor_of
from workers.training.recipes import NAFLEX, Recipe
from workers.training.tokens import TEXT_LENGTH

_WIDTH = 160
_VISION = {"hidden_size": _WIDTH, "intermediate_size": 480, "num_hidden_layers": 4}
# Narrow, since 64 tokens of a text cost as much as 64 patches of a picture.
_TEXT = {"hidden_size": 96, "intermediate_size": 256, "num_hidden_layers": 2}
_SPECIAL = ("pad_token_id", "eos_token_id", "bos_token_id")


class Towers(nn.Module):
    """A model with its tokenizer and image processor, with one interface for every family."""

    gain: Tensor
    shift: Tensor

    def __init__(self, model: Any, tokenizer: PreTrainedTokenizerBase, processor: Any) -> None:
        super().__init__()
        self.model, self.tokenizer, self.processor = model, tokenizer, processor
        self.adapters: Any = None  # Of `peft`, around the model.
        mean, std = (torch.tensor(each) for each in (processor.image_mean, processor.image_std))
        # From -1 to 1, as batches have it, to what this model was trained on.
        self.register_buffer("gain", (0.5 / std).view(3, 1, 1), persistent=False)
        self.register_buffer("shift", ((0.5 - mean) / std).view(3, 1, 1), persistent=False)

    @property
    def width(self) -> int:
        """Dimensions of a patch."""
        return int(self.model.config.vision_config.hidden_size)

    @property
    def dimensions(self) -> int:
        """Dimensions of a vector."""
        config = self.model.config
        return int(config.projection_dim if self._is_clip else self.width)

    @property
    def side(self) -> int:
        """Pixels, of the side of a square picture."""
        return int(self.model.config.vision_config.image_size)

    @property
    def vision(self) -> Any:
        """The vision tower alone."""
        return self.model.vision_model

    def texts(self, token_ids: Tensor) -> Tensor:
        """Features (texts, dimensions) of any length, of ids (texts, tokens)."""
        if self._is_clip:
            # It never looks ahead, so what follows the longest text's end changes nothing.
            ended = (token_ids == self.tokenizer.eos_token_id).int().argmax(1)
            token_ids = token_ids[:, : int(ended.max()) + 1]
        return self.model.get_text_features(input_ids=token_ids).pooler_output

    def pictures(self, pictures: Tensor | Patches) -> tuple[Tensor, Tensor]:
        """Features (pictures, patches, width) and (pictures, dimensions) of pixels from -1 to 1."""
        seen = self._seen(pictures)
        # CLIP's first place is no patch.
        return seen.last_hidden_state[:, int(self._is_clip) :], seen.pooler_output

    def _seen(self, pictures: Tensor | Patches) -> Any:
        if isinstance(pictures, Patches):
            mask = (~pictures.filling).int()
            return self.model.get_image_features(pictures.values, mask, pictures.shapes)
        pixels = self.pixels(pictures)
        other_size = pixels.shape[-1] != self.side
        return self.model.get_image_features(pixels, interpolate_pos_encoding=other_size)

    def pixels(self, pictures: Tensor) -> Tensor:
        """Pixels from -1 to 1 as the model takes them."""
        return pictures * self.gain + self.shift

    def prepared(self, picture: Image) -> Tensor:
        """Bytes of shape (side, side, 3), as the checkpoint's own processor sizes a picture.

        Of NaFlex (down, across, values of a patch).
        """
        if self._is_native:
            return cut(picture, self.processor)
        sized = self.processor(
            picture, do_rescale=False, do_normalize=False, return_tensors="pt"
        ).pixel_values[0]
        return sized.round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0)

    def together(self, prepared: list[Tensor]) -> Tensor | Patches:
        """What was prepared, as a source of batches keeps it."""
        if self._is_native:
            return padded(prepared, self.processor.max_num_patches)
        return torch.stack(prepared)

    @property
    def _is_native(self) -> bool:
        # A SigLIP 2 of one picture size has the type of the first SigLIP.
        return bool(self.model.config.model_type == "siglip2")

    @property
    def _is_clip(self) -> bool:
        return bool(self.model.config.model_type == "clip")

    def save(self, folder: Path, *, half: bool = False) -> None:
        """Write what transformers loads by itself; `half` for 16 bits a weight."""
        if self.adapters is not None:
            self.model, self.adapters = self.adapters.merge_and_unload(), None
        model = deepcopy(self.model).half() if half else self.model
        model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        self.processor.save_pretrained(folder)


def small_towers(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> Towers:
    """Untrained towers of the recipe's family, small enough for a CPU."""
    kind, config = _KINDS.get(recipe.family, (SiglipModel, _siglip_config))
    model = kind(config(recipe, tokenizer))
    if recipe.family != "clip":
        # As published (arXiv:2303.15343, section 3.2); CLIP's own start stands in its config.
        nn.init.constant_(model.logit_scale, math.log(10))
        nn.init.constant_(model.logit_bias, -10)
    return Towers(model, tokenizer, _processor(recipe))


def _siglip_config(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
    # Both generations share a model class; the name is what tells them apart (`family_of`).
    return SiglipConfig(
        vision_config=_vision(recipe),
        text_config=_text(tokenizer) | {"projection_size": _WIDTH},
        recipe=recipe.family,
    )


def _clip_config(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
    both = {"projection_dim": _WIDTH}
    return CLIPConfig(
        vision_config=_vision(recipe) | both,
        text_config=_text(tokenizer) | both,
        projection_dim=_WIDTH,
        recipe=recipe.family,
    )


def _naflex_config(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
    # Places are learned on the grid of a square, and stretched to that of each picture.
    size = {"num_patches": GRID * GRID, "patch_size": recipe.side // GRID}
    return Siglip2Config(
        vision_config=_VISION | size | {"num_attention_heads": 4},
        text_config=_text(tokenizer) | {"projection_size": _WIDTH},
    )


_KINDS: dict[str, tuple[Any, Any]] = {
    "clip": (CLIPModel, _clip_config),
    NAFLEX: (Siglip2Model, _naflex_config),
}


def _vision(recipe: Recipe) -> dict[str, Any]:
    size = {"image_size": recipe.side, "patch_size": recipe.side // GRID}
    return _VISION | size | {"num_attention_heads": 4}


def _text(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    special = {name: getattr(tokenizer, name) for name in _SPECIAL}
    size = {"vocab_size": len(tokenizer), "max_position_embeddings": TEXT_LENGTH}
    return _TEXT | size | special | {"num_attention_heads": 2}


def _processor(recipe: Recipe) -> Any:
    if recipe.is_native:
        return processor_of(recipe.side, GRID)
    # Squeezed to a square in every other family, as the pictures they learn from.
    whole = {"size": {"height": recipe.side, "width": recipe.side}, "resample": 2}
    if recipe.family != "clip":
        return SiglipImageProcessorPil(**whole)
    grey = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    return CLIPImageProcessorPil(**whole, **grey, do_center_crop=False)
