"""Keeps what an encoder knows while it learns more: words and drawings hold on to their vectors."""

from collections.abc import Callable
from random import Random

import torch
from torch import Tensor
from torch.nn.functional import normalize

from workers.training.batches import normalized, rows_of
from workers.training.captions import caption
from workers.training.objective import mixed_precision
from workers.training.scenes import LANGUAGES, Scene, different_scenes
from workers.training.studio import draw, size_for
from workers.training.tokens import token_ids
from workers.training.towers import Towers

_SCENES = 512
_A_STEP = 32
_LONGER_SIDE = 160


class Anchors:
    """Drawings of the studio and words for them, with the vectors that the towers give them now.

    Distillation from the towers as they were (arXiv:1606.09282), on what is at hand everywhere: of
    what an encoder was taught with nothing else may be left. `spelled` is how it reads a text.
    """

    def __init__(self, towers: Towers, seed: int, spelled: Callable[[str], str] = str) -> None:
        rng = Random(seed)
        self._seed, scenes = seed, different_scenes(_SCENES, rng)
        texts = [spelled(_said(scene, i, rng)) for i, scene in enumerate(scenes)]
        drawings = [towers.prepared(draw(scene, size_for(scene, _LONGER_SIDE))) for scene in scenes]
        place = towers.gain.device
        self._token_ids = token_ids(towers.tokenizer, texts).to(place)
        self._pixels = torch.stack(drawings).to(place)
        with torch.no_grad():
            vectors = [self._vectors(towers, list(rows)) for rows in _in_turn()]
        self._texts, self._images = (torch.cat(each) for each in zip(*vectors, strict=True))

    def drift(self, towers: Towers, step: int) -> Tensor:
        """How far from those vectors some are by now: 1 - cosine, of words and of drawings."""
        rows = rows_of(_SCENES, step, _A_STEP, self._seed)
        texts, images = self._vectors(towers, rows)
        of_texts = 1 - (texts * self._texts[rows]).sum(1)
        return (of_texts + 1 - (images * self._images[rows]).sum(1)).mean()

    def _vectors(self, towers: Towers, rows: list[int]) -> tuple[Tensor, Tensor]:
        with mixed_precision(self._pixels.device.type):
            texts = towers.texts(self._token_ids[rows])
            images = towers.pictures(normalized(self._pixels[rows]))[1]
        return normalize(texts.float()), normalize(images.float())


def _said(scene: Scene, number: int, rng: Random) -> str:
    language = LANGUAGES[number % len(LANGUAGES)]
    return caption(scene, rng, language=language, full=rng.random() < 0.5)


def _in_turn() -> list[range]:
    return [range(start, start + _A_STEP) for start in range(0, _SCENES, _A_STEP)]
