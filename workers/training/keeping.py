"""Keeps what an encoder knows while it learns more: words and drawings hold on to their vectors."""

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

_SCENES = 512
_A_STEP = 32  # Of the scenes; so a step takes half as long again.
_LONGER_SIDE = 160


@dataclass(frozen=True, slots=True)
class _Held:
    """What one tower is asked, and what it answered at first."""

    ask: Callable[[Towers, Tensor], Tensor]
    given: Tensor
    vectors: Tensor

    def drift(self, towers: Towers, rows: list[int]) -> Tensor:
        return (1 - (self.ask(towers, self.given[rows]) * self.vectors[rows]).sum(1)).mean()


class Anchors:
    """Drawings of the studio and words for them, with the vectors that the towers give them now.

    Distillation from the towers as they were (arXiv:1606.09282), on what is at hand everywhere: of
    what an encoder was taught with nothing else may be left. `spelled` is how it reads a text.
    """

    def __init__(self, towers: Towers, seed: int, spelled: Callable[[str], str] = str) -> None:
        rng = Random(seed)
        self._seed, scenes = seed, different_scenes(_SCENES, rng)
        texts = [spelled(_said(scene, i, rng)) for i, scene in enumerate(scenes)]
        self._held = [_held(towers, _texts, token_ids(towers.tokenizer, texts))]
        # Of a large encoder the pictures take minutes, and a locked tower cannot drift.
        if any(weights.requires_grad for weights in towers.vision.parameters()):
            drawn = [
                towers.prepared(draw(scene, size_for(scene, _LONGER_SIDE))) for scene in scenes
            ]
            self._held.append(_held(towers, _images, torch.stack(drawn)))

    def drift(self, towers: Towers, step: int) -> Tensor:
        """How far from those vectors some are by now: 1 - cosine, of words and of drawings."""
        rows = rows_of(_SCENES, step, _A_STEP, self._seed)
        return torch.stack([held.drift(towers, rows) for held in self._held]).sum()


def _held(towers: Towers, ask: Callable[[Towers, Tensor], Tensor], given: Tensor) -> _Held:
    given = given.to(towers.gain.device)
    with torch.no_grad():
        return _Held(ask, given, torch.cat([ask(towers, some) for some in given.split(_A_STEP)]))


def _texts(towers: Towers, ids: Tensor) -> Tensor:
    with mixed_precision(ids.device.type):
        return normalize(towers.texts(ids).float())


def _images(towers: Towers, pixels: Tensor) -> Tensor:
    with mixed_precision(pixels.device.type):
        return normalize(towers.pictures(normalized(pixels))[1].float())


def _said(scene: Scene, number: int, rng: Random) -> str:
    language = LANGUAGES[number % len(LANGUAGES)]
    return caption(scene, rng, language=language, full=rng.random() < 0.5)
