"""Queries that the library itself suggests: some words of a title, which its asset fits.

With the assets and texts of one of its words left out, the same query asks for what is not there;
with a made-up word in its place, it asks for what nobody ever drew. Nobody has to say so.
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
# Each is a text to encode, which takes a base SigLIP 2 on two cores 0.1 s.
MOST_TITLES, MOST_WORDS, QUERIES, MADE_UP = 500, 300, 300, 150
# A word of more titles than this is no name of a thing: without its assets little would be left.
RARE = 0.06
# Of the words of a title so many are said, by lot; a few queries are whole titles.
SHARES = (0.1, 0.3, 0.5)
WHOLE = 0.1

WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


class Pretended(NamedTuple):
    """One query: its words in their order, of which one is rare."""

    text: str
    words: list[str]
    rare: str


class Vocabulary(NamedTuple):
    """What the titles of some assets say."""

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


def pretended(vocabulary: Vocabulary, rng: Random) -> list[Pretended]:
    """Queries of some words of titles, one of them rare."""
    titles = [words for words in vocabulary.titles if vocabulary.rare & set(words)]
    if not titles:
        return []
    return [_some_words(rng.choice(titles), vocabulary.rare, rng) for _ in range(QUERIES)]


def _some_words(title: list[str], rare: set[str], rng: Random) -> Pretended:
    chosen = rng.choice([word for word in title if word in rare])
    share = 1 if rng.random() < WHOLE else rng.choice(SHARES)
    words = [word for word in title if word == chosen or rng.random() < share]
    return Pretended(" ".join(words), words, chosen)


def made_up(queries: Sequence[Pretended], vocabulary: Vocabulary, rng: Random) -> list[str]:
    """Some of the queries with a word that nobody ever said: of two words, half of each."""
    long = [word for word in vocabulary.words if len(word) > 3]
    if not queries or len(long) < 2:
        return []
    texts = []
    for _ in range(MADE_UP):
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
    queries: list[Pretended]
    made_up: list[str]

    def all(self) -> list[str]:
        said = [query.text for query in self.queries]
        return list(dict.fromkeys([*self.titles, *self.words, *said, *self.made_up]))


def texts_for(titles: Sequence[str]) -> Texts:
    vocabulary, rng = vocabulary_of(titles), Random(SEED)  # noqa: S311, no secret
    queries = pretended(vocabulary, rng)
    words = vocabulary.words[:MOST_WORDS]
    made = made_up(queries, vocabulary, rng)
    return Texts(vocabulary, list(titles[:MOST_TITLES]), words, queries, made)


def texts_of(encoder: Encoder) -> list[str]:
    """The texts that this encoder has to encode to be calibrated, each once."""
    titles, _ = sample_of(encoder)
    return texts_for(titles).all()
