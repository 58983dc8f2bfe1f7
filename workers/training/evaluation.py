"""Measures an encoder on scenes that no training run has drawn."""

from collections.abc import Sequence
from random import Random

import numpy as np
from PIL.Image import Image
from tqdm import tqdm

from workers.encoders.base import Encoder, Vectors
from workers.training.studio import Scene, Wish, caption, different_scenes, draw, size_for

HELD_OUT = 1000
_SEED = 20_230_315  # Far from the seeds that anyone would train with.
_LONGER_SIDE = 256

# Short queries by the parts of a scene that they name: "mug", "red mug", "in the snow", ...
WISHES = {
    "kind": ("kind",),
    "colour and kind": ("kind", "colour"),
    "setting": ("backdrop",),
    "kind and setting": ("kind", "backdrop"),
    "colour and setting": ("colour", "backdrop"),
}

Figures = dict[str, dict[str, float]]


def held_out_scenes() -> list[Scene]:
    """The scenes that every training run leaves out."""
    return different_scenes(HELD_OUT, Random(_SEED))


def evaluate(encoder: Encoder, *, quiet: bool = False) -> Figures:
    """How well held-out pictures are found.

    By their full captions, and these by the pictures: recall at 1, 5 and 10. By short queries, of
    which each fits many: precision at 1, 5 and 10.
    """
    scenes, rng = held_out_scenes(), Random(_SEED + 1)
    texts = encoder.encode_texts([caption(scene, rng, full=True) for scene in scenes])
    images = _encoded(encoder, scenes, quiet=quiet)
    return {
        "text to picture": _recall(texts, images),
        "picture to text": _recall(images, texts),
        **{
            name: _precision(encoder, _wishes(scenes, parts), scenes, images)
            for name, parts in WISHES.items()
        },
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


def _wishes(scenes: Sequence[Scene], parts: Sequence[str]) -> list[Wish]:
    """Every wish that names these parts of a scene which is shown."""
    shown = (
        {"kind": thing.kind, "colour": thing.colour, "backdrop": scene.backdrop}
        for scene in scenes
        for thing in scene.things
    )
    return sorted({Wish(**{part: each[part] for part in parts}) for each in shown})


def _precision(
    encoder: Encoder, wishes: Sequence[Wish], scenes: Sequence[Scene], images: Vectors
) -> dict[str, float]:
    """The share of the first hits that fit, of as many as there are."""
    texts = encoder.encode_texts([wish.words() for wish in wishes])
    order = np.argsort(-(texts @ images.T), axis=1, kind="stable")
    fits = np.array([[wish.fits(scene) for scene in scenes] for wish in wishes])
    found, there = np.take_along_axis(fits, order, axis=1), fits.sum(axis=1)
    return {
        f"P@{k}": round(float((found[:, :k].sum(axis=1) / np.minimum(there, k)).mean()), 4)
        for k in (1, 5, 10)
    }
