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

Figures = dict[str, dict[str, float]]


def held_out_scenes() -> list[Scene]:
    """The scenes that every training run leaves out."""
    return different_scenes(HELD_OUT, Random(_SEED))


def evaluate(encoder: Encoder, *, quiet: bool = False) -> Figures:
    """How well held-out pictures are found.

    By their full captions, and these by the pictures: recall at 1, 5 and 10. By short queries, of
    which each fits many: precision at 1, 5 and 10 of a bare kind ("mug"), and at 1 of a kind with
    its colour ("red mug").
    """
    scenes, rng = held_out_scenes(), Random(_SEED + 1)
    texts = encoder.encode_texts([caption(scene, rng, full=True) for scene in scenes])
    images = _encoded(encoder, scenes, quiet=quiet)
    return {
        "text to picture": _recall(texts, images),
        "picture to text": _recall(images, texts),
        "kind": _precision(encoder, _wishes(scenes, coloured=False), scenes, images, (1, 5, 10)),
        "colour and kind": _precision(
            encoder, _wishes(scenes, coloured=True), scenes, images, (1,)
        ),
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


def _wishes(scenes: Sequence[Scene], *, coloured: bool) -> list[Wish]:
    """Each kind of thing that is shown, or each with each of its colours."""
    things = {thing for scene in scenes for thing in scene.things}
    return sorted({Wish(thing.kind, thing.colour if coloured else "") for thing in things})


def _precision(
    encoder: Encoder,
    wishes: Sequence[Wish],
    scenes: Sequence[Scene],
    images: Vectors,
    depths: Sequence[int],
) -> dict[str, float]:
    """The share of the first hits that fit."""
    texts = encoder.encode_texts([f"{wish.colour} {wish.kind}".strip() for wish in wishes])
    order = np.argsort(-(texts @ images.T), axis=1, kind="stable")
    fits = np.array([[wish.fits(scene) for scene in scenes] for wish in wishes])
    found = np.take_along_axis(fits, order, axis=1)
    return {f"P@{k}": round(float(found[:, :k].mean()), 4) for k in depths}
