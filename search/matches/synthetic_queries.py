"""Synthetic queries: some words of a title, which the asset of that title fits.

With the assets and texts of one of its words left out, the same query asks for what is not there;
with a made-up word in its place, for what nobody ever drew. No person has to judge them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.matches.thresholds import sample_of
from search.models import Encoder

SEED = 2026
# Maximum numbers of texts; each is to be encoded, which takes a base SigLIP 2 on two cores 0.1 s.
MOST_TITLES, MOST_WORDS, QUERIES, NONSENSE = 500, 300, 300, 150
# Maximum share of the titles with a rare word: one of more titles names no thing, and without its
# assets little would be left.
RARE = 0.06
# Shares of the words of a title that a query has, one at random; and the share of queries that are
# whole titles.
SHARES = (0.1, 0.3, 0.5)
WHOLE = 0.1

WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


class SyntheticQuery(NamedTuple):
    """A query: its words in their order, of which one is rare."""

    text: str
    words: list[str]
    rare: str


class Vocabulary(NamedTuple):
    """The words of the titles of some assets."""

    titles: list[list[str]]  # The words of each, in their order.
    words: list[str]  # The most frequent first.
    rare: set[str]
    within: dict[str, NDArray[np.bool_]]  # In which titles each word occurs.

    def all_of(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """In which titles all of the words occur."""
        return np.all([self.within[word] for word in words], axis=0)

    def any_of(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """In which titles one of the words occurs."""
        return np.any([self.within[word] for word in words], axis=0)


def vocabulary_of(titles: Sequence[str]) -> Vocabulary:
    split = [WORD.findall(title.lower()) for title in titles]
    counts = Counter(word for words in split for word in set(words))
    words = sorted(counts, key=lambda word: (-counts[word], word))
    most = max(1, RARE * len(titles))
    within = {word: np.zeros(len(titles), bool) for word in words}
    for place, title in enumerate(split):
        for word in title:
            within[word][place] = True
    rare = {word for word in words if counts[word] <= most and len(word) > 2}
    return Vocabulary(split, words, rare, within)


def sample_queries(vocabulary: Vocabulary, rng: Random) -> list[SyntheticQuery]:
    """Queries of some words of titles, one of them rare."""
    titles = [words for words in vocabulary.titles if vocabulary.rare & set(words)]
    if not titles:
        return []
    return [_some_words(rng.choice(titles), vocabulary.rare, rng) for _ in range(QUERIES)]


def _some_words(title: list[str], rare: set[str], rng: Random) -> SyntheticQuery:
    rare_word = rng.choice([word for word in title if word in rare])
    share = 1 if rng.random() < WHOLE else rng.choice(SHARES)
    words = [word for word in title if word == rare_word or rng.random() < share]
    return SyntheticQuery(" ".join(words), words, rare_word)


def nonsense_of(
    queries: Sequence[SyntheticQuery], vocabulary: Vocabulary, rng: Random
) -> list[str]:
    """Some of the queries with a made-up word in place of the rare one: of two words, half each."""
    long = [word for word in vocabulary.words if len(word) > 3]
    if not queries or len(long) < 2:
        return []
    texts = []
    for _ in range(NONSENSE):
        query, (one, other) = rng.choice(queries), rng.sample(long, 2)
        word = one[: rng.randrange(2, len(one))] + other[rng.randrange(1, len(other) - 1) :]
        if word not in vocabulary.within:
            texts.append(" ".join(word if w == query.rare else w for w in query.words))
    return texts


class Texts(NamedTuple):
    """All that is encoded to calibrate an encoder; always the same for the same library."""

    vocabulary: Vocabulary
    titles: list[str]
    words: list[str]
    queries: list[SyntheticQuery]
    nonsense: list[str]

    def all(self) -> list[str]:
        """Each text once."""
        queries = [query.text for query in self.queries]
        return list(dict.fromkeys([*self.titles, *self.words, *queries, *self.nonsense]))


def texts_for(titles: Sequence[str]) -> Texts:
    vocabulary, rng = vocabulary_of(titles), Random(SEED)  # noqa: S311, no secret
    queries = sample_queries(vocabulary, rng)
    words = vocabulary.words[:MOST_WORDS]
    nonsense = nonsense_of(queries, vocabulary, rng)
    return Texts(vocabulary, list(titles[:MOST_TITLES]), words, queries, nonsense)


def texts_of(encoder: Encoder) -> list[str]:
    """The texts that this encoder has to encode to be calibrated, each once."""
    titles, _ = sample_of(encoder)
    return texts_for(titles).all()
