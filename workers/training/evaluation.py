"""Measures an encoder on scenes that no training run has drawn."""

from collections.abc import Sequence
from random import Random

import numpy as np
from PIL.Image import Image
from tqdm import tqdm

from workers.encoders.base import Encoder, Vectors
from workers.training.studio import Scene, caption, different_scenes, draw, size_for

HELD_OUT = 1000
_SEED = 20_230_315  # Far from the seeds that anyone would train with.
_LONGER_SIDE = 256

Figures = dict[str, dict[str, float]]


def held_out_scenes() -> list[Scene]:
    """The scenes that every training run leaves out."""
    return different_scenes(HELD_OUT, Random(_SEED))


def evaluate(encoder: Encoder, *, quiet: bool = False) -> Figures:
    """Recall at 1, 5 and 10 from full captions to held-out pictures and back."""
    scenes, rng = held_out_scenes(), Random(_SEED + 1)
    texts = encoder.encode_texts([caption(scene, rng, full=True) for scene in scenes])
    images = _encoded(encoder, scenes, quiet=quiet)
    return {
        "text to picture": _recall(texts, images),
        "picture to text": _recall(images, texts),
    }


def _encoded(encoder: Encoder, scenes: Sequence[Scene], *, quiet: bool) -> Vectors:
    starts = range(0, len(scenes), encoder.batch_size)
    return np.concatenate(
        [
            encoder.encode_images([_drawn(s) for s in scenes[start : start + encoder.batch_size]])
            for start in tqdm(starts, "Evaluating", unit="batch", disable=quiet or None)
        ]
    )


def _drawn(scene: Scene) -> Image:
    return draw(scene, size_for(scene, _LONGER_SIDE))


def _recall(queries: Vectors, answers: Vectors) -> dict[str, float]:
    scores = queries @ answers.T
    right = scores.diagonal()[:, None]
    # How many answers are at least as near as the right one, itself included.
    ranks = (scores >= right).sum(axis=1)
    return {f"R@{k}": round(float((ranks <= k).mean()), 4) for k in (1, 5, 10)}
