"""Hits that are known to fit or not to, without anyone having said so."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.matches.features import (
    DEVIATION,
    FEATURES,
    LEAST_DEVIATION,
    MEAN,
    Bank,
    Numbers,
    Vectors,
    described,
    features,
)
from search.matches.synthetic_queries import QUERIES, SEED, Texts

# Words whose vectors are nearer than this say the same: "shirt" and "shirts".
SAME = 0.8
# A title says nothing of its picture if it scores with it less far above its scores with all,
# in deviations. In the sample catalogue the least is 4.3; of eight file names the most was 0.9.
LEAST_TOLD = 2.0
# So many hits of a query that is answered are examples of what is strong and what is not.
HITS = 10

Encode = Callable[[Sequence[str]], Vectors]
Mask = NDArray[np.bool_]


class Hits(NamedTuple):
    """Hits of several queries: score and features of the query, whether each fits, its weight."""

    known: Numbers  # (hits, 1 + FEATURES): the score first.
    fits: Mask
    weight: Numbers

    @property
    def has_both(self) -> bool:
        """Whether there are some that fit and some that don't."""
        return bool(self.fits.any()) and not self.fits.all()

    @property
    def heights(self) -> Numbers:
        """How many deviations each lies above the background of its query."""
        mean, deviation = self.known[:, 1 + MEAN], self.known[:, 1 + DEVIATION]
        return (self.known[:, 0] - mean) / np.maximum(deviation, LEAST_DEVIATION)


def hits(rows: Sequence[Numbers], fits: Sequence[bool], weight: float) -> Hits:
    """As many hits, which weigh so much together."""
    known = np.array(rows, np.float64).reshape(len(rows), 1 + FEATURES)
    return Hits(known, np.array(fits, bool), np.full(len(rows), weight / max(1, len(rows))))


def together(*groups: Hits) -> Hits:
    known, fits, weight = zip(*groups, strict=True)
    return Hits(np.concatenate(known), np.concatenate(fits), np.concatenate(weight))


class Examples(NamedTuple):
    """Of what tells whether anything matches, and of what tells a strong match."""

    possible: Hits
    strong: Hits
    agreement: float  # How often the asset that fits scores above one that does not.


NO_HITS = hits([], [], 0)
NONE = Examples(NO_HITS, NO_HITS, 0)


class Library(NamedTuple):
    """What examples are made from."""

    sample: Vectors  # (assets, dimensions)
    texts: Texts
    bank: Bank
    within: Mask  # (words of the bank, assets): which title says it

    def without_texts(self) -> "Library":
        """The same where no title says anything."""
        return self._replace(bank=Bank(self.bank.titles[:0], self.bank.words[:0]))


class Case(NamedTuple):
    """A query with the assets that fit it, and what there would not be if the library had none."""

    vector: Vectors
    right: Mask  # (assets,)
    itself: Mask  # (assets,): the picture that asks, if one does.
    titles: Mask  # Of the bank; not the query itself, neither here
    words: Mask  # nor here.
    gone: Mask  # (assets,)
    gone_words: Mask


def library_of(sample: Vectors, texts: Texts, bank: Bank) -> Library:
    texts, bank = telling(sample, texts, bank)
    said = [texts.vocabulary.within[word] for word in texts.words]
    return Library(sample, texts, bank, np.array(said, bool).reshape(len(said), len(sample)))


def telling(sample: Vectors, texts: Texts, bank: Bank) -> tuple[Texts, Bank]:
    """The same, where titles that say nothing of their pictures and words of these alone are none.

    Their vectors are zeros, which nothing resembles: any nonsense resembles "copy 2".
    """
    heights = _heights(bank.titles @ sample.T)
    titles = texts.vocabulary.titles[: len(heights)]
    idle = _idle(titles, heights)
    told = np.array([idle.isdisjoint(words) for words in titles], bool) | (heights >= LEAST_TOLD)
    vocabulary = texts.vocabulary._replace(rare=texts.vocabulary.rare - idle)
    queries = [query for query in texts.queries if idle.isdisjoint(query.words)]
    counts = np.array([word not in idle for word in texts.words], bool)
    kept = Bank(bank.titles * told[:, None], bank.words * counts[:, None])
    return texts._replace(vocabulary=vocabulary, queries=queries), kept


def _idle(titles: Sequence[Sequence[str]], heights: Vectors) -> set[str]:
    """The words whose titles say nothing of their pictures.

    One that many have in common need not stand out as far in each: Stouffer's sum of z-scores.
    """
    found: dict[str, list[float]] = {}
    for words, height in zip(titles, heights.tolist(), strict=True):
        for word in set(words):
            found.setdefault(word, []).append(height)
    return {word for word, each in found.items() if sum(each) / len(each) ** 0.5 < LEAST_TOLD}


def _heights(scores: Vectors) -> Vectors:
    """How far each title's score with its own picture lies above its scores with all.

    By the lower half of these: pictures that the title fits as well may be many.
    """
    low, median = np.percentile(scores, (16, 50), axis=1)
    return (np.diagonal(scores) - median) / np.maximum(median - low, LEAST_DEVIATION)


def of_words(library: Library, encode: Encode) -> Iterator[Case]:
    """The queries that titles suggest."""
    texts = library.texts
    titles = np.array([" ".join(words) for words in texts.vocabulary.titles[: len(texts.titles)]])
    words = np.array(texts.words)
    nobody = np.zeros(len(library.sample), bool)
    for vector, said in zip(encode([q.text for q in texts.queries]), texts.queries, strict=True):
        gone = _alike(library, said.rare)
        yield Case(
            vector,
            texts.vocabulary.all_of(said.words),
            nobody,
            titles != said.text,
            words != said.text,
            library.within[gone].any(axis=0) | texts.vocabulary.within[said.rare],
            gone,
        )


def of_pictures(library: Library) -> Iterator[Case]:
    """The assets themselves: right are others of which the titles share a rare word."""
    vocabulary, count = library.texts.vocabulary, len(library.sample)
    rng = Random(SEED)  # noqa: S311, no secret
    all_words = np.ones(len(library.texts.words), bool)
    for place in rng.sample(range(count), min(QUERIES, count)):
        said = sorted(vocabulary.rare & set(vocabulary.titles[place]))
        itself = np.arange(count) == place
        right = vocabulary.any_of(said) & ~itself if said else np.zeros(count, bool)
        if right.any():
            gone = np.any([_alike(library, word) for word in said], axis=0)
            lacking = library.within[gone].any(axis=0) | right | itself
            titles = ~itself[: len(library.texts.titles)]
            yield Case(library.sample[place], right, itself, titles, all_words, lacking, gone)


def _alike(library: Library, word: str) -> Mask:
    """The rare words of the bank that say the same as this one."""
    words = library.texts.words
    if word not in words:
        return np.zeros(len(words), bool)
    alike = library.bank.words @ library.bank.words[words.index(word)] > SAME
    return alike & np.array([w == word or w in library.texts.vocabulary.rare for w in words])


def made_up(library: Library, encode: Encode) -> list[Numbers]:
    """The best hits of queries with words that nobody ever said."""
    vectors = encode(library.texts.made_up)
    if not len(vectors):
        return []
    known = features(vectors, library.sample, library.bank)
    return list(np.c_[(vectors @ library.sample.T).max(axis=1), known])


def examples(library: Library, cases: Iterator[Case], never: list[Numbers]) -> Examples:
    """The hits of these queries, as they are and as they would be without what fits."""
    there, lacking, best, fit, agreement = [], [], [], [], []
    for case in cases:
        asked = _asked(library, case)
        known, top = _known(asked), asked.scores[case.right[asked.assets]].max()
        there.append(np.r_[top, known])
        agreement.append(np.mean(asked.scores[~case.right[asked.assets]] < top))
        for place in np.argsort(-asked.scores)[:HITS]:
            best.append(np.r_[asked.scores[place], known])
            fit.append(bool(case.right[asked.assets][place]))
        if not case.gone.all():
            without = _without(library, case)
            lacking.append(np.r_[without.scores.max(), _known(without)])
    possible = together(
        hits(there, [True] * len(there), 1),
        hits(lacking, [False] * len(lacking), 0.5 if never else 1),
        hits(never, [False] * len(never), 0.5),
    )
    return Examples(possible, hits(best, fit, 1), float(np.mean(agreement or [0])))


class Asked(NamedTuple):
    """What a query scores with some of the assets, and with some of the texts."""

    assets: Mask  # Which they are.
    scores: Vectors
    titles: Vectors
    words: Vectors


def _asked(library: Library, case: Case) -> Asked:
    return _some(library, case, ~case.itself, case.titles, case.words)


def _without(library: Library, case: Case) -> Asked:
    """The same in a library that lacks what was asked for, and the words for it."""
    kept = ~case.gone
    still = library.within[:, kept].any(axis=1) & ~case.gone_words
    titles = kept[: len(library.texts.titles)]
    return _some(library, case, kept, titles, case.words & still)


def _some(library: Library, case: Case, assets: Mask, titles: Mask, words: Mask) -> Asked:
    # Scored in full and then left out: copying the vectors that stay would take seconds.
    return Asked(
        assets,
        (library.sample @ case.vector)[assets],
        (library.bank.titles @ case.vector)[titles],
        (library.bank.words @ case.vector)[words],
    )


def _known(asked: Asked) -> Numbers:
    return described(asked.scores[None], asked.titles[None], asked.words[None])[0]
