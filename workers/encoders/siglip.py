"""SigLIP and the fixed-resolution SigLIP 2, encoded as their authors prescribe."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from safetensors import SafetensorError
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipVisionModel,
)
from transformers.utils import logging

from workers.encoders.base import CheckpointError, Vectors
from workers.encoders.checkpoint import Checkpoint, find

# What transformers has to say of a checkpoint is judged below, and said in a sentence.
logging.set_verbosity_error()
logging.disable_progress_bar()


class SiglipEncoder:
    """A SigLIP checkpoint with its preprocessing; of the vision tower alone if so asked."""

    def __init__(self, checkpoint: str, revision: str = "", *, vision_only: bool = False) -> None:
        files = find(checkpoint, revision)
        files.refuse_unfit()
        self.checkpoint, self.revision = checkpoint, files.revision
        self._device = _device()
        self._model = _model(files, vision_only=vision_only).to(self._device).eval()
        self._processor = _processor(files)
        self._tokenizer = None if vision_only else _tokenizer(files)
        vision = self._model.config if vision_only else self._model.config.vision_config
        self.dimensions: int = vision.hidden_size
        self.resolution: int = vision.image_size
        self.batch_size = 64 if self._device == "cuda" else 8

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of the texts, in their order."""
        if self._tokenizer is None:
            raise RuntimeError("This encoder was loaded for pictures only.")
        if not texts:
            return self._none()
        outputs = self._model.get_text_features(input_ids=self._token_ids(self._tokenizer, texts))
        return self._unit(outputs.pooler_output)

    @torch.inference_mode()
    def encode_images(self, images: Sequence[Image]) -> Vectors:
        """Unit vectors of the pictures, in their order."""
        if not images:
            return self._none()
        # Converted here: where a checkpoint leaves it out, grey and palette pictures are refused.
        pictures = [image.convert("RGB") for image in images]
        pixels = self._processor(pictures, return_tensors="pt").pixel_values.to(self._device)
        if self._tokenizer is None:
            return self._unit(self._model(pixel_values=pixels).pooler_output)
        return self._unit(self._model.get_image_features(pixel_values=pixels).pooler_output)

    def _token_ids(self, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> torch.Tensor:
        # Lower-cased here: the tokenizer of a fixed-resolution SigLIP 2 ignores its own setting.
        if tokenizer.init_kwargs.get("do_lower_case", True):
            texts = [text.lower() for text in texts]
        # Always the full length, and without a mask: so SigLIP was trained, and its vectors are
        # silently bad otherwise.
        encoded = tokenizer(
            list(texts),
            padding="max_length",
            max_length=self._model.config.text_config.max_position_embeddings,
            truncation=True,
            padding_side="right",
            return_tensors="pt",
        )
        return encoded.input_ids.to(self._device)

    def _unit(self, features: torch.Tensor) -> Vectors:
        vectors = features.float().cpu().numpy()
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        # Compared this way round, since nothing compares with NaN.
        if not (np.isfinite(norms) & (norms > 0)).all():
            raise CheckpointError(f"{self.checkpoint} gives a vector without a direction.")
        return vectors / norms

    def _none(self) -> Vectors:
        return np.empty((0, self.dimensions), np.float32)


def _device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _model(files: Checkpoint, *, vision_only: bool) -> PreTrainedModel:
    tower = SiglipVisionModel if vision_only else SiglipModel
    try:
        model, report = tower.from_pretrained(
            files.folder,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except SafetensorError:
        raise CheckpointError(f"The weights of {files.name} are cut short or damaged.") from None
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unloadable(files, error) from error
    _refuse_incomplete(files, report)
    return model


def _refuse_incomplete(files: Checkpoint, report: dict[str, Any]) -> None:
    """Tensors that the file lacks were filled with random numbers: nothing else would tell."""
    if missing := sorted(report["missing_keys"]):
        raise CheckpointError(
            f"The weights of {files.name} lack {len(missing)} tensors, {missing[0]} among them."
        )


def _processor(files: Checkpoint) -> SiglipImageProcessorPil:
    try:
        processor = SiglipImageProcessorPil.from_pretrained(files.folder, local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        raise _unloadable(files, error) from error
    return processor


def _tokenizer(files: Checkpoint) -> PreTrainedTokenizerBase:
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            files.folder, trust_remote_code=False, local_files_only=True
        )
    # tokenizers raises a bare Exception for a tokenizer.json that it cannot parse.
    except Exception as error:
        raise _unloadable(files, error) from error
    if tokenizer.pad_token is None:
        raise CheckpointError(f"The tokenizer of {files.name} has no padding token.")
    return tokenizer


def _unloadable(files: Checkpoint, error: Exception) -> CheckpointError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return CheckpointError(f"{files.name} cannot be loaded: {lines[0].rstrip('.')}.")
