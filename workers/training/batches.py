"""What a training step sees: pictures, texts, and which fits which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from workers.studio.backdrops import BACKDROPS
from workers.studio.captions import caption, region_words, wish_words
from workers.studio.pen import COLOURS, PATTERNS
from workers.studio.scenes import (
    ALONE,
    FACTS,
    LANGUAGES,
    ROLES,
    Fact,
    Group,
    Scene,
    different_scenes,
    facts_of,
    facts_of_wish,
    is_of_one,
    is_taught,
    twin,
    wishes,
)
from workers.studio.things import KINDS
from workers.training.captioning import LocCaVocabulary
from workers.training.losses import NO_TARGET
from workers.training.native import Patches, in_patches
from workers.training.pictures import squares
from workers.training.tokens import token_ids

GRID = 8  # Patches along a side.

# Possible answers to each question about a patch: of a thing its kind, colour and pattern, how many
# there are of it and its role in a relation; else the setting.
_ANSWERS = (KINDS, COLOURS, PATTERNS, BACKDROPS, (1, 2, 3), ROLES)
_CLASSES = tuple({name: i for i, name in enumerate(names)} for names in _ANSWERS)
# Weights of the questions: kinds are by far the hardest to learn, and people search for them most.
WEIGHTS = (4.0, 1.0, 1.0, 1.0, 1.0, 1.0)
_FACT_NUMBERS = {fact: number for number, fact in enumerate(FACTS)}
# Number of steps that share out their scenes by setting: where each scene of a batch has another
# setting, "sofa in the desert" is found by the desert alone, and 0.55 of its first hits fit.
_SHARED_OUT = 8
_REGIONS = 0.5  # Share of the captioner's sequences that are about a part of the picture.
_FULL = 0.5  # Share of the captions that leave nothing out.
# Number of classes of each question.
QUESTIONS = tuple(len(classes) for classes in _CLASSES)


@dataclass(frozen=True, slots=True)
class Sequences:
    """Sequences of symbols for a captioner; each begins with a prompt."""

    pictures: Tensor  # (sequences,): the picture that each is about
    ids: Tensor  # (sequences, length)
    targets: Tensor  # (sequences, length): True where the symbol is to be guessed


@dataclass(frozen=True, slots=True)
class Facts:
    """Which facts hold, as 1 among 0s."""

    of_pictures: Tensor  # (pictures, facts): in the picture
    of_texts: Tensor  # (texts, facts): in the text
    complete: Tensor  # (texts,): False where the text may leave facts out


@dataclass(frozen=True, slots=True)
class Batch:
    """The tensors of one step."""

    pictures: Tensor | Patches  # (pictures, 3, side, side), -1 to 1; or in their own proportions
    token_ids: Tensor  # (texts, 64)
    matches: Tensor  # (texts, pictures): 1 where the text fits the picture
    sequences: Sequences
    # None for pictures that the studio did not draw:
    answers: Tensor | None = None  # (pictures, patches, questions)
    facts: Facts | None = None

    @property
    def filling(self) -> Tensor | None:
        """(pictures, patches): True where a picture has no patch; None where all have as many."""
        return self.pictures.filling if isinstance(self.pictures, Patches) else None


class Source(Protocol):
    """Where batches come from."""

    def batch(
        self, step: int, size: int, seed: int, tokenizer: PreTrainedTokenizerFast
    ) -> Batch: ...  # The same for a step; each round is shuffled anew.

    def texts(self) -> list[str]: ...  # To make a vocabulary of.


@dataclass(frozen=True, slots=True)
class Drawings:
    """Scenes with their pixels, and for each patch which of its groups a picture shows there.

    They come in twos, a scene and its twin, which always share a batch; first those that begin with
    one thing alone.
    """

    scenes: Sequence[Scene]
    pixels: Tensor | Patches  # (scenes, side, side, 3), bytes; or in their own proportions
    patches: Tensor  # (scenes, patches): 0 none, 1 the first group, 2 the second, else `FILLING`
    # Shapes are learned from what is large: before this step only things alone are shown. After 500
    # such steps 27 % of the first ten hits for a bare kind were right, 8 % after 500 with all.
    alone_until: int = 0

    def batch(self, step: int, size: int, seed: int, tokenizer: PreTrainedTokenizerFast) -> Batch:
        """Captions and short queries in eight languages, and the answers of every patch."""
        count = self._alone() if step < self.alone_until else len(self.scenes) // 2
        firsts = self._firsts(count, step, max(1, size // 2), seed)
        rows = [row for first in firsts for row in (2 * first, 2 * first + 1)]
        scenes, rng = [self.scenes[row] for row in rows], Random(f"{seed} {step}")
        queries = _queries_of(scenes, rng)
        pixels, groups = self.pixels[rows], self.patches[rows]
        answers = torch.tensor([_answers(scene) for scene in scenes])
        return Batch(
            normalized(pixels),
            token_ids(tokenizer, queries.texts),
            queries.matches,
            sequences_of(_descriptions(scenes, _in_grids(groups, pixels), rng), tokenizer),
            answers[torch.arange(len(rows))[:, None], groups.long()],
            Facts(_rows_of_facts(map(facts_of, scenes)), queries.facts, queries.complete),
        )

    def _firsts(self, count: int, step: int, size: int, seed: int) -> list[int]:
        """The scenes of this step, of several steps that share them out by setting."""
        steps = max(1, min(_SHARED_OUT, count // size))
        firsts = rows_of(count, step // steps, size * steps, seed)
        firsts.sort(key=lambda first: self.scenes[2 * first].backdrop)
        start = step % steps * size
        return firsts[start : start + size]

    def _alone(self) -> int:
        """How many scenes with their twins are of one thing alone."""
        return max(1, sum(map(is_of_one, self.scenes[::2])))

    def texts(self) -> list[str]:
        """A full caption of each scene, in one language after another."""
        rng = Random(0)
        return [
            caption(scene, rng, language=LANGUAGES[i % len(LANGUAGES)], full=i % 3 > 0)
            for i, scene in enumerate(self.scenes)
        ]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pictures with captions alone."""

    captions: Sequence[Sequence[str]]  # Of each picture at least one.
    pixels: Tensor | Patches  # (pictures, side, side, 3), bytes; or in their own proportions

    def batch(self, step: int, size: int, seed: int, tokenizer: PreTrainedTokenizerFast) -> Batch:
        """One caption of each picture; it fits every picture that has the same."""
        rows, rng = rows_of(len(self.captions), step, size, seed), Random(f"{seed} {step}")
        texts = [rng.choice(self.captions[row]) for row in rows]
        fits = [[float(text in self.captions[row]) for row in rows] for text in texts]
        return Batch(
            normalized(self.pixels[rows]),
            token_ids(tokenizer, texts),
            torch.tensor(fits),
            sequences_of([Description(text) for text in texts], tokenizer),
        )

    def texts(self) -> list[str]:
        """Every caption."""
        return [text for captions in self.captions for text in captions]


def make_drawings(
    count: int,
    side: int,
    seed: int,
    *,
    alone_until: int = 0,
    native: bool = False,
    quiet: bool = False,
) -> Drawings:
    """About `count` drawings of things that are not held out: squares, unless `native`."""
    rng = Random(seed)
    firsts = different_scenes(max(1, count // 2), rng)
    firsts.sort(key=is_of_one, reverse=True)
    scenes = [scene for first in firsts for scene in (first, twin(first, rng))]
    prepare = in_patches if native else _in_squares
    pixels, patches = prepare(scenes, side, GRID, quiet=quiet)
    return Drawings(scenes, pixels, patches, alone_until)


def _in_squares(
    scenes: Sequence[Scene], side: int, grid: int, *, quiet: bool
) -> tuple[Tensor, Tensor]:
    pixels, patches = map(torch.from_numpy, squares(scenes, side, grid, quiet=quiet))
    return pixels, patches.flatten(1)


def rows_of(count: int, step: int, size: int, seed: int) -> list[int]:
    """The rows of this step: `size` of the `count` there are, each once in a round."""
    size = max(1, min(size, count))
    round_, place = divmod(step, count // size)
    generator = torch.Generator().manual_seed(seed * 1_000_003 + round_)
    order = torch.randperm(count, generator=generator)
    return order[place * size : (place + 1) * size].tolist()


def normalized(pixels: Tensor | Patches) -> Tensor | Patches:
    """Bytes of shape (pictures, side, side, 3) as (pictures, 3, side, side), -1 to 1.

    Patches keep their shape.
    """
    if isinstance(pixels, Patches):
        return pixels.normalized()
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1


def _answers(scene: Scene) -> list[list[int]]:
    """The classes of a patch without a thing, of the first group, of the second, and of filling."""
    roles = ROLES if scene.relation != ALONE else (None,)
    classes = [
        _classes_of(g.thing.kind, g.thing.colour, g.thing.pattern, None, g.count, role)
        for g, role in zip(scene.groups, roles, strict=True)
    ]
    setting = _classes_of(None, None, None, scene.backdrop, None, None)
    return [setting, *classes, *[setting] * (2 - len(classes)), [NO_TARGET] * len(_CLASSES)]


def _classes_of(*words: str | int | None) -> list[int]:
    return [
        NO_TARGET if word is None else classes[word]
        for classes, word in zip(_CLASSES, words, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Queries:
    """Captions and short queries, which scenes each fits, and which facts each names."""

    texts: list[str]
    matches: Tensor
    facts: Tensor
    complete: Tensor


def _queries_of(scenes: list[Scene], rng: Random) -> _Queries:
    """A caption of each scene, then short queries.

    Captions alone teach next to no shapes: colours, pattern and setting tell the pictures of a
    batch apart (of 51 bare kinds, 10 % of the first five hits were right).
    """
    # Of a caption that may leave something out it is not recorded which facts it names.
    full = [rng.random() < _FULL for _ in scenes]
    captions = [
        caption(scene, rng, language=_language(scene, rng), full=whole)
        for scene, whole in zip(scenes, full, strict=True)
    ]
    wanted = wishes(scenes, rng)
    fits = [[float(wish.fits(scene)) for scene in scenes] for wish in wanted]
    return _Queries(
        [*captions, *(wish_words(wish, rng, rng.choice(LANGUAGES)) for wish in wanted)],
        torch.cat([torch.eye(len(scenes)), torch.tensor(fits)]),
        _rows_of_facts([*map(facts_of, scenes), *map(facts_of_wish, wanted)]),
        torch.tensor([*full, *[True] * len(wanted)]),
    )


def _rows_of_facts(about: Iterable[set[Fact]]) -> Tensor:
    """(rows, facts), 1 where a fact is in that set."""
    sets = list(about)
    rows = torch.zeros(len(sets), len(FACTS))
    for row, facts in zip(rows, sets, strict=True):
        row[[_FACT_NUMBERS[fact] for fact in facts]] = 1
    return rows


def _language(scene: Scene, rng: Random) -> str:
    # Two things may be kept from four of the eight languages, never from all.
    return rng.choice([language for language in LANGUAGES if is_taught(scene, language)])


# Sequences for the captioner ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Description:
    """Words about a picture, and the box of what they name if it is a part of it."""

    words: str
    box: tuple[float, float, float, float] | None = None  # left, top, right, bottom: 0 to 1
    box_first: bool = False


def _descriptions(scenes: list[Scene], grids: list[Tensor], rng: Random) -> list[Description]:
    """One of each picture: two take more time than all the towers (282 ms to 274)."""
    return [
        _region(scene, grid, rng)
        if rng.random() < _REGIONS
        else Description(caption(scene, rng, language=_language(scene, rng), full=True))
        for scene, grid in zip(scenes, grids, strict=True)
    ]


def _in_grids(groups: Tensor, pixels: Tensor | Patches) -> list[Tensor]:
    """The groups in the patches (pictures, patches), of each picture as (down, across)."""
    if isinstance(pixels, Patches):
        return pixels.in_grids(groups)
    return list(groups.view(-1, GRID, GRID))


def _region(scene: Scene, grid: Tensor, rng: Random) -> Description:
    """One of the groups, by its box or with its box as the target; `grid` is (down, across)."""
    number = rng.randrange(len(scene.groups))
    group: Group = scene.groups[number]
    rows, columns = (grid == number + 1).nonzero(as_tuple=True)
    words = region_words(group, _language(scene, rng))
    if not len(rows):  # Too little of it shows.
        return Description(words)
    down, across = grid.shape
    left, right = columns.min().item() / across, (columns.max().item() + 1) / across
    top, bottom = rows.min().item() / down, (rows.max().item() + 1) / down
    return Description(words, (left, top, right, bottom), rng.random() < 0.5)


def sequences_of(descriptions: list[Description], tokenizer: PreTrainedTokenizerFast) -> Sequences:
    """The captioner's sequences about pictures, one of each, padded at the end."""
    vocabulary = LocCaVocabulary(len(tokenizer))
    words = tokenizer([each.words for each in descriptions]).input_ids
    pairs = [
        _sequence(each, ids, vocabulary) for each, ids in zip(descriptions, words, strict=True)
    ]
    length = max(len(ids) for ids, _ in pairs)
    ids = torch.tensor([ids + [0] * (length - len(ids)) for ids, _ in pairs])
    starts = torch.tensor([start for _, start in pairs])[:, None]
    ends = torch.tensor([len(ids) for ids, _ in pairs])[:, None]
    places = torch.arange(length)
    targets = (places >= starts) & (places < ends)
    return Sequences(torch.arange(len(descriptions)), ids, targets)


def _sequence(
    description: Description, words: list[int], vocabulary: LocCaVocabulary
) -> tuple[list[int], int]:
    """The ids of a sequence, and the length of its prompt, whose ids are no targets."""
    if description.box is None:
        return [vocabulary.caption, *words], 1
    box = [vocabulary.place(x) for x in description.box]
    if description.box_first:
        return [vocabulary.ground, *box, *words], 1 + len(box)
    return [vocabulary.refer, *words, *box], 1 + len(words)
