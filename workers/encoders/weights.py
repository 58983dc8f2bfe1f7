"""Reads a checkpoint's config, weights, image processor and tokenizer; refuses in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from safetensors import SafetensorError
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

# What transformers has to say of a checkpoint is judged below, and said in a sentence.
logging.set_verbosity_error()
logging.disable_progress_bar()

# What transformers raises for files that contradict each other or themselves.
BAD_FILES = (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError)

# The class of a tokenizer that is all in its tokenizer.json, by both its names.
_AS_SAVED = ("TokenizersBackend", "PreTrainedTokenizerFast")


def device() -> str:
    """Where the models run."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def memory_errors_said(name: str) -> Iterator[None]:
    """Turn the ways in which memory runs out into one sentence."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # torch's CPU allocator raises a bare RuntimeError.
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not known and "can't allocate memory" not in str(error):
            raise
        raise CheckpointError(f"There is not enough memory for {name}.") from error


def load_config(files: Checkpoint, kind: type[PreTrainedConfig]) -> Any:
    """What config.json says, with what it leaves out filled in."""
    try:
        return kind.from_pretrained(files.folder, local_files_only=True)
    except BAD_FILES as error:
        raise _unloadable(files.name, error) from error


def load_model(
    files: Checkpoint, kind: type[PreTrainedModel], config: PreTrainedConfig | None = None
) -> Any:
    """The weights in a model of this class, ready to be asked."""
    try:
        with memory_errors_said(files.name):
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
        raise CheckpointError(f"The weights of {files.name} are cut short or damaged.") from None
    except BAD_FILES as error:
        if "ignore_mismatched_sizes" in str(error):
            raise CheckpointError(
                f"The weights of {files.name} have other shapes than its config.json says."
            ) from None
        raise _unloadable(files.name, error) from error
    _refuse_incomplete(files, report)
    return model


def _refuse_incomplete(files: Checkpoint, report: dict[str, Any]) -> None:
    """Tensors that the file lacks were filled with random numbers: nothing else would tell."""
    if missing := sorted(report["missing_keys"]):
        raise CheckpointError(
            f"The weights of {files.name} lack {len(missing)} tensors, {missing[0]} among them."
        )


def load_processor(files: Checkpoint, kind: type[BaseImageProcessor]) -> Any:
    """The image processor as the checkpoint's own file sets it."""
    try:
        return kind.from_pretrained(files.folder, local_files_only=True)
    except BAD_FILES as error:
        raise _unloadable(files.name, error) from error


def load_tokenizer(files: Checkpoint) -> PreTrainedTokenizerBase:
    """The tokenizer of the class that the checkpoint's own files name."""
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
        raise _unloadable(f"The tokenizer of {files.name}", error) from error
    if tokenizer.pad_token is None:
        raise CheckpointError(f"The tokenizer of {files.name} has no padding token.")
    return tokenizer


def _unloadable(what: str, error: Exception) -> CheckpointError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return CheckpointError(f"{what} cannot be loaded: {lines[0].rstrip('.')}.")
