"""Datasets: texts, pictures, and which of them are right answers to which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any
from uuid import UUID

from search.refusals import Refusal

WORDS_TO_PICTURES = "words to pictures"
PICTURES_TO_WORDS = "pictures to words"
PICTURES_TO_PICTURES = "pictures to pictures"
ZERO_SHOT = "zero-shot"
# Tasks that measure something else of an encoder.
INDEX, COST = "index", "cost"

# For a query, the numbers of its right answers among the candidates, and the grade of each.
Right = dict[int, int]


class NoDataset(Refusal):
    """There is nothing here to evaluate on."""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture that no asset holds: its name for a person, and how to open it."""

    name: str
    open: Callable[[], IO[Any]]


# An asset's picture is its id: its vectors are in the database.
Picture = UUID | PictureFile


@dataclass(frozen=True, slots=True)
class Task:
    """Queries and candidates of a dataset, by their numbers there, and what is right."""

    name: str
    queries: Sequence[int]
    candidates: Sequence[int]
    right: Sequence[Right]
    language: str = ""

    @property
    def asks_in_words(self) -> bool:
        return self.name == WORDS_TO_PICTURES

    @property
    def answers_in_words(self) -> bool:
        return self.name in (PICTURES_TO_WORDS, ZERO_SHOT)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Texts and pictures, each encoded once, and the tasks on them.

    Where a text has several prompts, each `prompts` of `texts` in a row are one text, and its
    vector is the mean of theirs.
    """

    name: str
    texts: Sequence[str]
    pictures: Sequence[Picture]
    tasks: Sequence[Task]
    prompts: int = 1
    notes: Sequence[str] = field(default=())


def both_ways(
    texts: Sequence[str],
    pictures_of: Sequence[Right],
    pictures: int,
    *,
    first: int = 0,
    language: str = "",
) -> list[Task]:
    """Words to pictures and back, for texts that are numbered from `first` in their dataset.

    A caption that another picture carries word for word is right for both of them: no encoder
    could tell the two apart.
    """
    numbers: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        numbers.setdefault(text, []).append(number)
    texts_of: dict[int, Right] = {}
    for text, right in zip(texts, pictures_of, strict=True):
        for picture, grade in right.items():
            same = dict.fromkeys(numbers[text], grade)
            texts_of.setdefault(picture, {}).update(same)
    queries, words = sorted(texts_of), range(first, first + len(texts))
    by_pictures = [texts_of[picture] for picture in queries]
    return [
        Task(WORDS_TO_PICTURES, words, range(pictures), pictures_of, language),
        Task(PICTURES_TO_WORDS, queries, words, by_pictures, language),
    ]
