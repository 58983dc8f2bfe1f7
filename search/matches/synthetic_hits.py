"""Hits of synthetic queries, of which the titles say whether they fit."""

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
    features,
    features_of_scores,
)
from search.matches.synthetic_queries import QUERIES, SEED, Texts

# Minimum cosine of two words with the same meaning: "shirt" and "shirts".
SAME = 0.8
# Minimum height of a title's score with its own picture above its scores with all, in deviations;
# below it the title does not describe the picture. In the sample catalogue the least is 4.3; of
# eight file names the most was 0.9.
LEAST_HEIGHT = 2.0
# Number of best hits of a query that are examples of what is a strong match and what is not.
HITS = 10

Encode = Callable[[Sequence[str]], Vectors]
Mask = NDArray[np.bool_]


class Hits(NamedTuple):
    """Hits of several queries: score and features of the query, whether each fits, its weight."""

    inputs: Numbers  # (hits, 1 + FEATURES): the score first.
    fits: Mask
    weight: Numbers

    @property
    def has_both(self) -> bool:
        """Whether there are some that fit and some that don't."""
        return bool(self.fits.any()) and not self.fits.all()

    @property
    def heights(self) -> Numbers:
        """How many deviations each lies above the background of its query."""
        mean, deviation = self.inputs[:, 1 + MEAN], self.inputs[:, 1 + DEVIATION]
        return (self.inputs[:, 0] - mean) / np.maximum(deviation, LEAST_DEVIATION)


def hits(rows: Sequence[Numbers], fits: Sequence[bool], weight: float) -> Hits:
    """Hits with these inputs, whose weights add up to `weight`."""
    inputs = np.array(rows, np.float64).reshape(len(rows), 1 + FEATURES)
    return Hits(inputs, np.array(fits, bool), np.full(len(rows), weight / max(1, len(rows))))


def join(*groups: Hits) -> Hits:
    """All of these hits."""
    inputs, fits, weight = zip(*groups, strict=True)
    return Hits(np.concatenate(inputs), np.concatenate(fits), np.concatenate(weight))


class Examples(NamedTuple):
    """Hits to fit the threshold of possible matches to, and that of strong ones."""

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
    within: Mask  # (words of the bank, assets): in which titles each word occurs

    def without_texts(self) -> "Library":
        """The same without any text."""
        return self._replace(bank=Bank(self.bank.titles[:0], self.bank.words[:0]))


class Case(NamedTuple):
    """A query with the assets that fit it, and what a library without any of them would lack."""

    vector: Vectors
    right: Mask  # (assets,)
    itself: Mask  # (assets,): the picture that is the query, if it is one.
    titles: Mask  # Of the bank, without the query itself; so are the words.
    words: Mask
    lacking: Mask  # (assets,)
    lacking_words: Mask


def library_of(sample: Vectors, texts: Texts, bank: Bank) -> Library:
    """What examples are made from, of the texts that describe the pictures of the sample."""
    texts, bank = _descriptive(sample, texts, bank)
    within = [texts.vocabulary.within[word] for word in texts.words]
    return Library(sample, texts, bank, np.array(within, bool).reshape(len(within), len(sample)))


def _descriptive(sample: Vectors, texts: Texts, bank: Bank) -> tuple[Texts, Bank]:
    """The same without the titles that do not describe their pictures, and the words of these.

    Their vectors become zeros, which nothing resembles: any nonsense resembles "copy 2".
    """
    heights = _heights(bank.titles @ sample.T)
    titles = texts.vocabulary.titles[: len(heights)]
    idle = _idle(titles, heights)
    describes = np.array([idle.isdisjoint(words) for words in titles], bool)
    describes |= heights >= LEAST_HEIGHT
    vocabulary = texts.vocabulary._replace(rare=texts.vocabulary.rare - idle)
    queries = [query for query in texts.queries if idle.isdisjoint(query.words)]
    counts = np.array([word not in idle for word in texts.words], bool)
    bank = Bank(bank.titles * describes[:, None], bank.words * counts[:, None])
    return texts._replace(vocabulary=vocabulary, queries=queries), bank


def _idle(titles: Sequence[Sequence[str]], heights: Vectors) -> set[str]:
    """The words whose titles do not describe their pictures.

    One that many have in common need not stand out as far in each: Stouffer's sum of z-scores.
    """
    by_word: dict[str, list[float]] = {}
    for words, height in zip(titles, heights.tolist(), strict=True):
        for word in set(words):
            by_word.setdefault(word, []).append(height)
    return {word for word, each in by_word.items() if sum(each) / len(each) ** 0.5 < LEAST_HEIGHT}


def _heights(scores: Vectors) -> Vectors:
    """Deviations by which each title's score with its own picture lies above its scores with all.

    Of the lower half of these: pictures that the title fits as well may be many.
    """
    low, median = np.percentile(scores, (16, 50), axis=1)
    return (np.diagonal(scores) - median) / np.maximum(median - low, LEAST_DEVIATION)


def of_words(library: Library, encode: Encode) -> Iterator[Case]:
    """The cases of queries in words."""
    texts = library.texts
    titles = np.array([" ".join(words) for words in texts.vocabulary.titles[: len(texts.titles)]])
    words = np.array(texts.words)
    nobody = np.zeros(len(library.sample), bool)
    vectors = encode([query.text for query in texts.queries])
    for vector, query in zip(vectors, texts.queries, strict=True):
        lacking = _alike(library, query.rare)
        yield Case(
            vector,
            texts.vocabulary.all_of(query.words),
            nobody,
            titles != query.text,
            words != query.text,
            library.within[lacking].any(axis=0) | texts.vocabulary.within[query.rare],
            lacking,
        )


def of_pictures(library: Library) -> Iterator[Case]:
    """The cases of queries by an asset: right are others whose titles share a rare word."""
    vocabulary, count = library.texts.vocabulary, len(library.sample)
    rng = Random(SEED)  # noqa: S311, no secret
    all_words = np.ones(len(library.texts.words), bool)
    for place in rng.sample(range(count), min(QUERIES, count)):
        rare = sorted(vocabulary.rare & set(vocabulary.titles[place]))
        itself = np.arange(count) == place
        right = vocabulary.any_of(rare) & ~itself if rare else np.zeros(count, bool)
        if right.any():
            words = np.any([_alike(library, word) for word in rare], axis=0)
            lacking = library.within[words].any(axis=0) | right | itself
            titles = ~itself[: len(library.texts.titles)]
            yield Case(library.sample[place], right, itself, titles, all_words, lacking, words)


def _alike(library: Library, word: str) -> Mask:
    """The rare words of the bank with the same meaning as this one."""
    words = library.texts.words
    if word not in words:
        return np.zeros(len(words), bool)
    alike = library.bank.words @ library.bank.words[words.index(word)] > SAME
    return alike & np.array([w == word or w in library.texts.vocabulary.rare for w in words])


def best_of_nonsense(library: Library, encode: Encode) -> list[Numbers]:
    """The inputs of the best hit of each query with a made-up word."""
    vectors = encode(library.texts.nonsense)
    if not len(vectors):
        return []
    best = (vectors @ library.sample.T).max(axis=1)
    return list(np.c_[best, features(vectors, library.sample, library.bank)])


def examples(library: Library, cases: Iterator[Case], nonsense: list[Numbers]) -> Examples:
    """The hits of these queries, as they are and as they would be without what fits."""
    there, lacking, best, fit, agreement = [], [], [], [], []
    for case in cases:
        scores = _all_scores(library, case)
        right = case.right[scores.assets]
        query, top = scores.features(), scores.with_assets[right].max()
        there.append(np.r_[top, query])
        agreement.append(np.mean(scores.with_assets[~right] < top))
        for place in np.argsort(-scores.with_assets)[:HITS]:
            best.append(np.r_[scores.with_assets[place], query])
            fit.append(bool(right[place]))
        if not case.lacking.all():
            without = _scores_without(library, case)
            lacking.append(np.r_[without.with_assets.max(), without.features()])
    possible = join(
        hits(there, [True] * len(there), 1),
        hits(lacking, [False] * len(lacking), 0.5 if nonsense else 1),
        hits(nonsense, [False] * len(nonsense), 0.5),
    )
    return Examples(possible, hits(best, fit, 1), float(np.mean(agreement or [0])))


class Scores(NamedTuple):
    """The scores of a query with some of the assets, and with some of the texts."""

    assets: Mask  # (assets,): which they are.
    with_assets: Vectors
    with_titles: Vectors
    with_words: Vectors

    def features(self) -> Numbers:
        """Of shape (FEATURES,)."""
        return features_of_scores(
            self.with_assets[None], self.with_titles[None], self.with_words[None]
        )[0]


def _all_scores(library: Library, case: Case) -> Scores:
    return _scores(library, case, ~case.itself, case.titles, case.words)


def _scores_without(library: Library, case: Case) -> Scores:
    """The same in a library that lacks what the query is for, and the words for it."""
    assets = ~case.lacking
    words = case.words & library.within[:, assets].any(axis=1) & ~case.lacking_words
    return _scores(library, case, assets, assets[: len(library.texts.titles)], words)


def _scores(library: Library, case: Case, assets: Mask, titles: Mask, words: Mask) -> Scores:
    # Scored in full and then left out: copying the vectors that stay would take seconds.
    return Scores(
        assets,
        (library.sample @ case.vector)[assets],
        (library.bank.titles @ case.vector)[titles],
        (library.bank.words @ case.vector)[words],
    )
