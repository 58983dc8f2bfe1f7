"""Reads a checkpoint's config, weights, image processor and tokenizer; refuses in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import (
    AutoTokenizer,
    BaseImageProcessor,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

from workers.encoders.checkpoint import Checkpoint
from workers.encoders.protocol import CheckpointError

# Its warnings about a checkpoint are replaced by the refusals below.
logging.set_verbosity_error()
logging.disable_progress_bar()

# What transformers raises for files that contradict each other or themselves.
LOAD_ERRORS = (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError)

# The class of a tokenizer that is all in its tokenizer.json, by both its names.
_AS_SAVED = ("TokenizersBackend", "PreTrainedTokenizerFast")


def device() -> str:
    """The torch device that models run on: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def memory_errors_as(refusal: CheckpointError) -> Iterator[None]:
    """Raise this refusal in place of each error by which memory runs out."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # torch's CPU allocator raises a bare RuntimeError.
        is_typed = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not is_typed and "can't allocate memory" not in str(error):
            raise
        raise refusal from error


def load_config(files: Checkpoint, kind: type[PreTrainedConfig]) -> Any:
    """The config.json, with defaults for what it leaves out. Raises CheckpointError."""
    try:
        return kind.from_pretrained(files.folder, local_files_only=True)
    except LOAD_ERRORS as error:
        raise CheckpointError(
            "checkpoint_not_loadable", name=files.name, reason=_reason(error)
        ) from error


def load_model(
    files: Checkpoint, kind: type[PreTrainedModel], config: PreTrainedConfig | None = None
) -> Any:
    """The weights in a model of this class: float32, in evaluation. Raises CheckpointError."""
    try:
        too_large = CheckpointError("not_enough_memory", name=files.name)
        with without_symbols(), memory_errors_as(too_large):
            model, report = kind.from_pretrained(
                files.folder,
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
            model = model.to(device()).eval()
    except SafetensorError:
        raise CheckpointError("weights_damaged", name=files.name) from None
    except LOAD_ERRORS as error:
        if "ignore_mismatched_sizes" in str(error):
            raise CheckpointError("weights_of_other_shapes", name=files.name) from None
        raise CheckpointError(
            "checkpoint_not_loadable", name=files.name, reason=_reason(error)
        ) from error
    _refuse_incomplete(files, report)
    return model


@contextmanager
def without_symbols() -> Iterator[None]:
    """Neither draw nor count for tensors without memory: torch imports sympy for that, 35 MB."""
    draw, real = nn.init.normal_, {name: getattr(torch, name) for name in ("arange", "randn")}

    def draw_if_real(tensor: Tensor, *args: Any, **options: Any) -> Tensor:
        return tensor if tensor.is_meta else draw(tensor, *args, **options)

    nn.init.normal_ = draw_if_real
    try:
        for name, function in real.items():
            setattr(torch, name, partial(function, device="cpu"))
        yield
    finally:
        nn.init.normal_ = draw
        for name, function in real.items():
            setattr(torch, name, function)


def _refuse_incomplete(files: Checkpoint, report: dict[str, Any]) -> None:
    """Tensors that the file lacks have been filled with random numbers, without an error."""
    if missing := sorted(report["missing_keys"]):
        raise CheckpointError(
            "weights_incomplete", name=files.name, count=len(missing), first=missing[0]
        )


def load_processor(files: Checkpoint, kind: type[BaseImageProcessor]) -> Any:
    """The image processor as the checkpoint's own file sets it. Raises CheckpointError."""
    try:
        return kind.from_pretrained(files.folder, local_files_only=True)
    except LOAD_ERRORS as error:
        raise CheckpointError(
            "checkpoint_not_loadable", name=files.name, reason=_reason(error)
        ) from error


def load_tokenizer(files: Checkpoint) -> PreTrainedTokenizerBase:
    """The tokenizer of the class that the checkpoint's own files name. Raises CheckpointError."""
    named = files.read_json("tokenizer_config.json").get("tokenizer_class")
    # Not left to AutoTokenizer: of any NaFlex it makes a Siglip2Tokenizer, which cuts words its own
    # way, and the vectors are silently bad.
    kind: Any = PreTrainedTokenizerFast if named in _AS_SAVED else AutoTokenizer
    try:
        tokenizer = kind.from_pretrained(
            files.folder, trust_remote_code=False, local_files_only=True
        )
    # tokenizers raises a bare Exception for a tokenizer.json that it cannot parse.
    except Exception as error:
        raise CheckpointError(
            "tokenizer_not_loadable", name=files.name, reason=_reason(error)
        ) from error
    if tokenizer.pad_token is None:
        raise CheckpointError("tokenizer_without_padding", name=files.name)
    # Python's copy of what tokenizers has been given, of which nothing reads again: of the 256,000
    # words of SigLIP 2 it is 44 MB.
    for copy in ("_vocab", "_merges"):
        vars(tokenizer).pop(copy, None)
    return tokenizer


def _reason(error: Exception) -> str:
    """The first line of an error's message, as the part of a sentence."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
