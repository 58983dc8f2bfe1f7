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
from workers.training.losses import NOT_ASKED
from workers.training.native import Patches, in_patches
from workers.training.pictures import squares
from workers.training.tokens import token_ids

GRID = 8  # Patches along a side.

# What is asked of every patch: of a thing its kind, colour and pattern, how many there are of it
# and its role in a relation; else the setting.
_ASKED = (KINDS, COLOURS, PATTERNS, BACKDROPS, (1, 2, 3), ROLES)
_CLASSES = tuple({name: i for i, name in enumerate(names)} for names in _ASKED)
# Kinds are by far the hardest to learn, and what people ask for most.
WEIGHTS = (4.0, 1.0, 1.0, 1.0, 1.0, 1.0)
_FACT_NUMBERS = {fact: number for number, fact in enumerate(FACTS)}
# So many steps share out their scenes by setting: where each has another one, "sofa in the desert"
# is found by the desert alone, and 0.55 of the first hits for such a query fit.
_SHARED_OUT = 8
_REGIONS = 0.5  # Of what the captioner is asked is about a part of the picture.
_FULL = 0.5  # Of the captions leave nothing out.
QUESTIONS = tuple(len(classes) for classes in _CLASSES)


@dataclass(frozen=True, slots=True)
class Sequences:
    """What a captioner is to say; each begins with what it is told."""

    pictures: Tensor  # (sequences,): the picture that each is about
    ids: Tensor  # (sequences, length)
    asked: Tensor  # (sequences, length): True where it has to be said, not told


@dataclass(frozen=True, slots=True)
class Facts:
    """Which facts hold, as 1 among 0s."""

    shown: Tensor  # (pictures, facts): in the picture
    named: Tensor  # (texts, facts): in the text
    known: Tensor  # (texts,): False where it is not known what the text names


@dataclass(frozen=True, slots=True)
class Batch:
    """The tensors of one step."""

    pictures: Tensor | Patches  # (pictures, 3, side, side), -1 to 1; or in their own proportions
    token_ids: Tensor  # (texts, 64)
    matches: Tensor  # (texts, pictures): 1 where the text fits the picture
    sequences: Sequences
    # Where the studio knows them:
    answers: Tensor | None = None  # (pictures, patches, questions)
    facts: Facts | None = None

    @property
    def filling(self) -> Tensor | None:
        """(pictures, patches): True where a picture has none; nothing, where all have as many."""
        return self.pictures.filling if isinstance(self.pictures, Patches) else None


class Source(Protocol):
    """Where batches come from."""

    def batch(
        self, step: int, size: int, seed: int, tokenizer: PreTrainedTokenizerFast
    ) -> Batch: ...  # Always the same for a step; each round is shuffled anew.

    def texts(self) -> list[str]: ...  # That a vocabulary is to be made of.


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
        """Captions and short queries in eight languages, and what is known of every patch."""
        count = self._alone() if step < self.alone_until else len(self.scenes) // 2
        firsts = self._firsts(count, step, max(1, size // 2), seed)
        rows = [row for first in firsts for row in (2 * first, 2 * first + 1)]
        scenes, rng = [self.scenes[row] for row in rows], Random(f"{seed} {step}")
        said = _said(scenes, rng)
        pixels, shown = self.pixels[rows], self.patches[rows]
        answers = torch.tensor([_answers(scene) for scene in scenes])
        return Batch(
            normalized(pixels),
            token_ids(tokenizer, said.texts),
            said.matches,
            sequences_of(_told(scenes, _in_grids(shown, pixels), rng), tokenizer),
            answers[torch.arange(len(rows))[:, None], shown.long()],
            Facts(_rows_of_facts(map(facts_of, scenes)), said.named, said.known),
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
    """Pictures of which nothing is known but their captions."""

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
            sequences_of([Told(text) for text in texts], tokenizer),
        )

    def texts(self) -> list[str]:
        """Every caption."""
        return [text for captions in self.captions for text in captions]


def drawn(
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
    kept = in_patches if native else _in_squares
    pixels, patches = kept(scenes, side, GRID, quiet=quiet)
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
    """What is true of a patch that shows no thing, the first group, the second, and of filling."""
    roles = ROLES if scene.relation != ALONE else (None,)
    shown = [
        _classes_of(g.thing.kind, g.thing.colour, g.thing.pattern, None, g.count, role)
        for g, role in zip(scene.groups, roles, strict=True)
    ]
    setting = _classes_of(None, None, None, scene.backdrop, None, None)
    return [setting, *shown, *[setting] * (2 - len(shown)), [NOT_ASKED] * len(_CLASSES)]


def _classes_of(*words: str | int | None) -> list[int]:
    return [
        NOT_ASKED if word is None else classes[word]
        for classes, word in zip(_CLASSES, words, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Said:
    """Captions and short queries, which scenes each fits, and what each names."""

    texts: list[str]
    matches: Tensor
    named: Tensor
    known: Tensor


def _said(scenes: list[Scene], rng: Random) -> _Said:
    """A caption of each scene, then short queries.

    Captions alone teach next to no shapes: colours, pattern and setting tell the pictures of a
    batch apart (of 51 bare kinds, 10 % of the first five hits were right).
    """
    # What a caption that may leave something out does say is not known.
    full = [rng.random() < _FULL for _ in scenes]
    captions = [
        caption(scene, rng, language=_language(scene, rng), full=whole)
        for scene, whole in zip(scenes, full, strict=True)
    ]
    wanted = wishes(scenes, rng)
    fits = [[float(wish.fits(scene)) for scene in scenes] for wish in wanted]
    return _Said(
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


# What the captioner is told and asked ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """Words about a picture, and the box of what they name if it is a part of it."""

    words: str
    box: tuple[float, float, float, float] | None = None  # left, top, right, bottom: 0 to 1
    box_first: bool = False


def _told(scenes: list[Scene], shown: list[Tensor], rng: Random) -> list[Told]:
    """One of each picture: two take more time than all the towers (282 ms to 274)."""
    return [
        _region(scene, patches, rng)
        if rng.random() < _REGIONS
        else Told(caption(scene, rng, language=_language(scene, rng), full=True))
        for scene, patches in zip(scenes, shown, strict=True)
    ]


def _in_grids(shown: Tensor, pixels: Tensor | Patches) -> list[Tensor]:
    """What the patches show (pictures, patches), of each picture as (down, across)."""
    if isinstance(pixels, Patches):
        return pixels.in_grids(shown)
    return list(shown.view(-1, GRID, GRID))


def _region(scene: Scene, shown: Tensor, rng: Random) -> Told:
    """One of the groups, by its box or with its box to be found; `shown` is (down, across)."""
    number = rng.randrange(len(scene.groups))
    group: Group = scene.groups[number]
    rows, columns = (shown == number + 1).nonzero(as_tuple=True)
    words = region_words(group, _language(scene, rng))
    if not len(rows):  # Too little of it shows.
        return Told(words)
    down, across = shown.shape
    left, right = columns.min().item() / across, (columns.max().item() + 1) / across
    top, bottom = rows.min().item() / down, (rows.max().item() + 1) / down
    return Told(words, (left, top, right, bottom), rng.random() < 0.5)


def sequences_of(told: list[Told], tokenizer: PreTrainedTokenizerFast) -> Sequences:
    """The captioner's sequences about pictures, one of each, padded at the end."""
    vocabulary = LocCaVocabulary(len(tokenizer))
    words = tokenizer([each.words for each in told]).input_ids
    spelled = [_spelled(each, ids, vocabulary) for each, ids in zip(told, words, strict=True)]
    length = max(len(ids) for ids, _ in spelled)
    ids = torch.tensor([ids + [0] * (length - len(ids)) for ids, _ in spelled])
    given = torch.tensor([given for _, given in spelled])[:, None]
    until = torch.tensor([len(ids) for ids, _ in spelled])[:, None]
    places = torch.arange(length)
    asked = (places >= given) & (places < until)
    return Sequences(torch.arange(len(told)), ids, asked)


def _spelled(told: Told, words: list[int], vocabulary: LocCaVocabulary) -> tuple[list[int], int]:
    """The ids of a sequence, and how many of them are told rather than asked."""
    if told.box is None:
        return [vocabulary.caption, *words], 1
    box = [vocabulary.place(x) for x in told.box]
    if told.box_first:
        return [vocabulary.ground, *box, *words], 1 + len(box)
    return [vocabulary.refer, *words, *box], 1 + len(words)
