"""Loads encoders, each once per process."""

from functools import cache
from importlib import import_module

from workers.encoders.protocol import LoadedEncoder

# The module of each family, by the model_type in a checkpoint's config.json.
MODULES = {"siglip": "siglip", "siglip2": "naflex", "clip": "clip"}


def load_encoder(
    checkpoint: str,
    revision: str = "",
    *,
    patches: int | None = None,
    precision: str = "fp32",
    vision_only: bool = False,
) -> LoadedEncoder:
    """The encoder of a hub id or a local folder, loaded once per process, and anew once its files
    have changed.

    `precision` is fp32 or int8. Raises CheckpointError.
    """
    encoder = _load(checkpoint, revision, patches, precision, vision_only)
    if encoder.is_altered():
        _load.cache_clear()
        encoder = _load(checkpoint, revision, patches, precision, vision_only)
    return encoder


@cache
def _load(
    checkpoint: str, revision: str, patches: int | None, precision: str, vision_only: bool
) -> LoadedEncoder:
    # Not at the top: web processes import this module, and are without torch.
    from workers.encoders.checkpoint import find
    from workers.encoders.checkpoint_encoder import CheckpointEncoder

    files = find(checkpoint, revision)
    files.refuse_unfit(MODULES, patches)
    family = import_module(f"workers.encoders.{MODULES[files.model_type]}")
    towers = family.towers(files, patches=patches, vision_only=vision_only)
    return CheckpointEncoder(files, towers, precision)
