"""Measures an encoder on scenes of things that are held out from training."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from workers.encoders.protocol import LoadedEncoder, Vectors
from workers.studio.captions import caption, wish_words
from workers.studio.draw import draw, size_for
from workers.studio.scenes import (
    ALONE,
    LANGUAGES,
    ON,
    Group,
    Scene,
    Wish,
    different_scenes,
    is_taught,
    mirrored,
    random_scene,
    recounted,
)
from workers.training.pictures import in_processes

HELD_OUT = 2000  # Number of scenes.
_SEED = 20_230_315  # Of the scenes: far from the seeds that anyone would train with.
_LONGER_SIDE = 256  # Pixels.
_AT_ONCE = 64  # Number of pictures that are encoded at once.
_PAIRS = 400  # Maximum number of pairs of a scene and the same with one change.
_DRAWINGS = 4  # Number of drawings of each thing, for picture to picture.

# Short queries by the parts of a scene that they name: "mug", "red mug", "in the snow", ...
WISHES = {
    "kind": ("kind",),
    "colour and kind": ("kind", "colour"),
    "setting": ("backdrop",),
    "kind and setting": ("kind", "backdrop"),
    "colour and setting": ("colour", "backdrop"),
}

Values = NDArray[np.float64]
Listener = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over queries, with its 95 % interval."""

    value: float
    low: float
    high: float


Figures = dict[str, dict[str, Figure]]


class Counted:
    """An encoder that tells a listener which share of `total` pictures it has encoded, 0 to 1."""

    def __init__(self, encoder: LoadedEncoder, total: int, listener: Listener) -> None:
        self.encode_texts, self._encode = encoder.encode_texts, encoder.encode_images
        self._total, self._done, self._listener = total, 0, listener
        listener(0.0)

    def encode_images(self, images: Sequence[Image]) -> Vectors:
        """Vectors (images, dimensions), as the encoder itself makes them."""
        vectors = self._encode(images)
        self._done += len(images)
        self._listener(min(1.0, self._done / self._total))
        return vectors


def evaluate(encoder: LoadedEncoder, *, quiet: bool = False, listener: Listener = bool) -> Figures:
    """How well an encoder finds and tells apart held-out scenes: figures by question and measure.

    All are shares from 0 to 1, with 95 % intervals. The listener hears which share is done.
    """
    # The held-out scenes, half as many each for languages and other drawings, and two changes.
    total = 2 * HELD_OUT + 2 * _PAIRS
    encoder = cast(LoadedEncoder, Counted(encoder, total, listener))
    scenes, rng = held_out_scenes(HELD_OUT), Random(_SEED + 1)
    images = picture_vectors(encoder, scenes, "Held out", quiet=quiet)
    texts = encoder.encode_texts([caption(scene, rng, full=True) for scene in scenes])
    return {
        "words to picture": _recall(texts, images),
        "picture to words": _recall(images, texts),
        **{
            f"words to picture, {language}": _recall(
                _caption_vectors(encoder, scenes, language), images
            )
            for language in LANGUAGES[1:]
        },
        "a language not taught for it": _untaught_languages(encoder, quiet=quiet),
        "picture to picture": _other_drawings(encoder, quiet=quiet),
        "relation": _discrimination(encoder, scenes, images, mirrored, quiet=quiet),
        "count": _discrimination(encoder, scenes, images, recounted, quiet=quiet),
        **{
            name: _precision(encoder, _wishes(scenes, parts), scenes, images)
            for name, parts in WISHES.items()
        },
    }


def held_out_scenes(count: int) -> list[Scene]:
    """Scenes whose things all differ in kind, colour or pattern from those in any training."""
    return different_scenes(count, Random(_SEED), held_out=True)


# Pictures to vectors -----------------------------------------------------------------------------


def picture_vectors(
    encoder: LoadedEncoder, scenes: Sequence[Scene], name: str, *, quiet: bool
) -> Vectors:
    """Vectors (scenes, dimensions) of the scenes' pictures, by the encoder's own preprocessing."""
    pictures, vectors = in_processes(_picture, scenes, name, quiet=quiet), []
    while some := list(islice(pictures, _AT_ONCE)):
        vectors.append(encoder.encode_images(some))
    return np.concatenate(vectors)


def _picture(scene: Scene) -> Image:
    return draw(scene, size_for(scene, _LONGER_SIDE))


# Finding -----------------------------------------------------------------------------------------


def _recall(queries: Vectors, answers: Vectors) -> dict[str, Figure]:
    """Query i is answered by answer i."""
    scores = queries @ answers.T
    right = scores.diagonal()[:, None]
    # How many answers are at least as near as the right one, itself included.
    ranks = (scores >= right).sum(axis=1)
    return {f"R@{k}": figure(ranks <= k) for k in (1, 5, 10)}


def _caption_vectors(encoder: LoadedEncoder, scenes: Sequence[Scene], language: str) -> Vectors:
    rng = Random(f"{_SEED} {language}")
    return encoder.encode_texts([caption(s, rng, language=language, full=True) for s in scenes])


def _untaught_languages(encoder: LoadedEncoder, *, quiet: bool) -> dict[str, Figure]:
    """Things that training pictures show, in captions of a language without them in training."""
    rng = Random(_SEED + 2)
    scenes = different_scenes(HELD_OUT // 2, rng)
    languages = [rng.choice([e for e in LANGUAGES if not is_taught(s, e)]) for s in scenes]
    words = [caption(s, rng, language=e, full=True) for s, e in zip(scenes, languages, strict=True)]
    images = picture_vectors(encoder, scenes, "Languages", quiet=quiet)
    return _recall(encoder.encode_texts(words), images)


def _other_drawings(encoder: LoadedEncoder, *, quiet: bool) -> dict[str, Figure]:
    """By a picture, those of the same kind and colour: mean average precision at 10."""
    scenes: list[Scene] = []
    rng = Random(_SEED + 3)
    while len(scenes) < HELD_OUT // 2:
        first = random_scene(rng, held_out=True)
        scenes += _alike(first, rng)
    images = picture_vectors(encoder, scenes, "Other drawings", quiet=quiet)
    same = np.array([[_same(one, other) for other in scenes] for one in scenes])
    np.fill_diagonal(same, False)
    scores = images @ images.T
    np.fill_diagonal(scores, -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    hits = np.take_along_axis(same, order, axis=1)
    return {"mAP@10": figure(_average_precision(hits, same.sum(axis=1)))}


def _alike(first: Scene, rng: Random) -> list[Scene]:
    """Pictures of this scene's first thing alone, in several settings."""
    backdrops = [random_scene(rng).backdrop for _ in range(_DRAWINGS)]
    thing = (Group(first.things[0]),)
    return [Scene(thing, ALONE, backdrop, rng.getrandbits(32)) for backdrop in backdrops]


def _same(one: Scene, other: Scene) -> bool:
    (a, b) = (scene.things[0] for scene in (one, other))
    return (a.kind, a.colour) == (b.kind, b.colour)


def _average_precision(hits: NDArray[np.bool_], counts: NDArray[np.int64]) -> Values:
    depth = hits.shape[1]
    precision = hits.cumsum(axis=1) / np.arange(1, depth + 1)
    return (precision * hits).sum(axis=1) / np.minimum(counts, depth)


# Telling apart -----------------------------------------------------------------------------------


def _discrimination(
    encoder: LoadedEncoder,
    scenes: Sequence[Scene],
    images: Vectors,
    change: Callable[[Scene], Scene],
    *,
    quiet: bool,
) -> dict[str, Figure]:
    """Of a scene and the same with one change, which picture the words mean, and the other way."""
    rows = [row for row, scene in enumerate(scenes) if _changes(scene, change)][:_PAIRS]
    originals = [scenes[row] for row in rows]
    changed = [change(scene) for scene in originals]
    pictures = images[rows], picture_vectors(encoder, changed, change.__name__.title(), quiet=quiet)
    rng = Random(_SEED + 4)
    texts = [
        encoder.encode_texts([caption(scene, rng, full=True) for scene in some])
        for some in (originals, changed)
    ]
    # Of words a to picture b, and so on: each of shape (pairs,).
    aa, ab, ba, bb = (np.sum(t * i, axis=1) for t in texts for i in pictures)
    return {
        "picture by words": figure(((aa > ab) * 1.0 + (bb > ba)) / 2),
        "words by picture": figure(((aa > ba) * 1.0 + (bb > ab)) / 2),
    }


def _changes(scene: Scene, change: Callable[[Scene], Scene]) -> bool:
    counts = [group.count for group in scene.groups]
    if change is mirrored:
        return len(counts) == 2 and (scene.relation != ON or counts[0] == 1)
    return len(counts) == 1 or max(counts) > 1


# Short queries -----------------------------------------------------------------------------------


def _wishes(scenes: Sequence[Scene], parts: Sequence[str]) -> list[Wish]:
    """Every wish that names these parts of one of the scenes."""
    wishes = (
        Wish(
            kind=thing.kind if "kind" in parts else "",
            colour=thing.colour if "colour" in parts else "",
            backdrop=scene.backdrop if "backdrop" in parts else "",
        )
        for scene in scenes
        for thing in scene.things
    )
    return sorted(set(wishes))


def _precision(
    encoder: LoadedEncoder, wishes: Sequence[Wish], scenes: Sequence[Scene], images: Vectors
) -> dict[str, Figure]:
    """The share of the first hits that fit, of as many as there are."""
    texts = encoder.encode_texts([wish_words(wish) for wish in wishes])
    order = np.argsort(-(texts @ images.T), axis=1, kind="stable")
    fits = np.array([[wish.fits(scene) for scene in scenes] for wish in wishes])
    hits, counts = np.take_along_axis(fits, order, axis=1), fits.sum(axis=1)
    return {f"P@{k}": figure(hits[:, :k].sum(axis=1) / np.minimum(counts, k)) for k in (1, 5, 10)}


def figure(values: NDArray[np.bool_] | Values) -> Figure:
    """The mean of values from 0 to 1 with Wilson's interval (JASA 22, 1927).

    Where values lie between 0 and 1 it is wider than need be: those vary less than yes and no.
    """
    mean, count, z = float(np.mean(values)), len(values), 1.96
    middle = (mean + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(mean * (1 - mean) / count + (z / (2 * count)) ** 2)
    return Figure(
        round(mean, 4), round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)
    )
