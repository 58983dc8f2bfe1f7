"""Drawings and words for them that keep their vectors while an encoder learns more."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor
from torch.nn.functional import normalize

from workers.studio.captions import caption
from workers.studio.draw import draw, size_for
from workers.studio.scenes import LANGUAGES, Scene, different_scenes
from workers.training.batches import normalized, rows_of
from workers.training.objective import mixed_precision
from workers.training.tokens import token_ids
from workers.training.towers import Towers

_SCENES = 512  # Number of scenes.
_A_STEP = 32  # Scenes in a step, which so takes half as long again.
_LONGER_SIDE = 160  # Pixels.


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Inputs of one tower, and the vectors (inputs, dimensions) that it gave them at first."""

    ask: Callable[[Towers, Tensor], Tensor]
    inputs: Tensor
    vectors: Tensor

    def drift(self, towers: Towers, rows: list[int]) -> Tensor:
        return (1 - (self.ask(towers, self.inputs[rows]) * self.vectors[rows]).sum(1)).mean()


class Anchors:
    """Drawings of the studio and words for them, with the vectors that the towers give them now.

    Distillation from the towers as they were (arXiv:1606.09282), on what is at hand everywhere: of
    what an encoder was taught with nothing else may be left. `spelling` is how it reads a text.
    """

    def __init__(self, towers: Towers, seed: int, spelling: Callable[[str], str] = str) -> None:
        rng = Random(seed)
        self._seed, scenes = seed, different_scenes(_SCENES, rng)
        texts = [spelling(_caption(scene, i, rng)) for i, scene in enumerate(scenes)]
        self._anchors = [_anchor(towers, _texts, token_ids(towers.tokenizer, texts))]
        # Of a large encoder the pictures take minutes, and a locked tower cannot drift.
        if any(weights.requires_grad for weights in towers.vision.parameters()):
            drawings = [
                towers.prepared(draw(scene, size_for(scene, _LONGER_SIDE))) for scene in scenes
            ]
            self._anchors.append(_anchor(towers, _images, torch.stack(drawings)))

    def drift(self, towers: Towers, step: int) -> Tensor:
        """The mean 1 - cosine to those vectors, of some words and of some drawings, added up."""
        rows = rows_of(_SCENES, step, _A_STEP, self._seed)
        return torch.stack([anchor.drift(towers, rows) for anchor in self._anchors]).sum()


def _anchor(towers: Towers, ask: Callable[[Towers, Tensor], Tensor], inputs: Tensor) -> _Anchor:
    inputs = inputs.to(towers.gain.device)
    with torch.no_grad():
        return _Anchor(
            ask, inputs, torch.cat([ask(towers, some) for some in inputs.split(_A_STEP)])
        )


def _texts(towers: Towers, ids: Tensor) -> Tensor:
    with mixed_precision(ids.device.type):
        return normalize(towers.texts(ids).float())


def _images(towers: Towers, pixels: Tensor) -> Tensor:
    with mixed_precision(pixels.device.type):
        return normalize(towers.pictures(normalized(pixels))[1].float())


def _caption(scene: Scene, number: int, rng: Random) -> str:
    language = LANGUAGES[number % len(LANGUAGES)]
    return caption(scene, rng, language=language, full=rng.random() < 0.5)
