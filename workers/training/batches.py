"""What a training step sees: pictures, texts, and which fits which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from workers.training.backdrops import BACKDROPS
from workers.training.losses import NOT_ASKED
from workers.training.pen import COLOURS, PATTERNS
from workers.training.studio import Scene, caption, wishes
from workers.training.things import KINDS
from workers.training.tokens import token_ids

# What is asked of every patch: of a thing its kind, its colour, its pattern; else the setting.
_ASKED = (KINDS, COLOURS, PATTERNS, BACKDROPS)
_CLASSES = tuple({name: i for i, name in enumerate(names)} for names in _ASKED)
QUESTIONS = tuple(len(classes) for classes in _CLASSES)


@dataclass(frozen=True, slots=True)
class Drawings:
    """Scenes with their pixels, and for each patch which of its things a picture shows there."""

    scenes: Sequence[Scene]
    pixels: Tensor  # (scenes, side, side, 3), bytes
    patches: Tensor  # (scenes, patches): 0 none, 1 the first thing, 2 the second


@dataclass(frozen=True, slots=True)
class Batch:
    """The tensors of one step."""

    pictures: Tensor  # (pictures, 3, side, side), -1 to 1
    token_ids: Tensor  # (texts, 64)
    matches: Tensor  # (texts, pictures): 1 where the text fits the picture
    answers: Tensor  # (pictures, patches, questions)


def batches(
    drawings: Drawings, size: int, tokenizer: PreTrainedTokenizerFast, rng: Random
) -> Iterator[Batch]:
    """Batches without end, shuffled in each round and worded anew each time."""
    size = min(size, len(drawings.scenes))
    answers = torch.tensor([_answers(scene) for scene in drawings.scenes])
    while True:
        order = torch.randperm(len(drawings.scenes))
        for rows in order[: len(order) // size * size].view(-1, size):
            texts, matches = _texts([drawings.scenes[row] for row in rows.tolist()], rng)
            yield Batch(
                drawings.pixels[rows].permute(0, 3, 1, 2).float() / 127.5 - 1,
                token_ids(tokenizer, texts),
                matches,
                answers[rows[:, None], drawings.patches[rows].long()],
            )


def _answers(scene: Scene) -> list[list[int]]:
    """What is true of a patch that shows no thing, the first thing, the second thing."""
    shown = [_classes_of(thing.kind, thing.colour, thing.pattern, None) for thing in scene.things]
    setting = _classes_of(None, None, None, scene.backdrop)
    return [setting, *shown, *[setting] * (2 - len(shown))]


def _classes_of(*words: str | None) -> list[int]:
    return [
        NOT_ASKED if word is None else classes[word]
        for classes, word in zip(_CLASSES, words, strict=True)
    ]


def _texts(scenes: list[Scene], rng: Random) -> tuple[list[str], Tensor]:
    """A caption of each scene, then short queries, and which scenes each text fits.

    Captions alone teach next to no shapes: colours, pattern and setting tell the pictures of a
    batch apart (of 51 bare kinds, 10 % of the first five hits were right).
    """
    captions = [caption(scene, rng) for scene in scenes]
    wanted = wishes(scenes, rng)
    fits = [[float(wish.fits(scene)) for scene in scenes] for wish in wanted]
    matches = torch.cat([torch.eye(len(scenes)), torch.tensor(fits)])
    return [*captions, *(wish.words(rng) for wish in wanted)], matches
