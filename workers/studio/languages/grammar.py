"""What each language must be able to say of a scene, and how its words are written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Protocol, TypeVar

from workers.studio.scenes import Thing

Option = TypeVar("Option")
Lexicon = Mapping[str, tuple[tuple[str, ...], ...]]


class Form(Enum):
    """The shape that the name of a group takes."""

    BARE = "red mug, two red mugs"
    ARTICLE = "a red mug, two red mugs"
    RELATED = "the same, as it stands after the preposition of a relation"
    SINGLE = "one red mug, when it matters that there is one"
    PLURAL = "red mugs, whatever their number"


class Phrase(Protocol):
    """Names `count` things that look the same; a word that is empty is left unsaid.

    Without a kind they are just "things". Without `rng` the words are the plainest ones.
    """

    def __call__(self, thing: Thing, count: int, form: Form, rng: Random | None) -> str: ...


@dataclass(frozen=True, slots=True)
class Language:
    """The phrases of one language; the first of several is always the plainest.

    In those about a setting {0} is what is shown, and {1} the setting. In those about a relation
    {a} and {b} are the first and the second group, {to_a} and {to_b} the same in RELATED form.
    """

    phrase: Phrase
    settings: Lexicon
    relations: Mapping[str, Sequence[str]]
    pictured: Sequence[str]  # Of {0} alone.
    placed: Sequence[str]  # One group in a setting, and two groups, unless `arranged` says else.
    arranged: Sequence[str] = ()


def lexicon(lines: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Words by their English names, from lines such as "mug: cup / cups; beaker / beakers"."""
    entries = (line.split(":", 1) for line in lines.strip().splitlines())
    return {
        name.strip(): tuple(
            tuple(part.strip() for part in option.split("/")) for option in options.split(";")
        )
        for name, options in entries
    }


def pick(options: Sequence[Option], rng: Random | None) -> Option:
    """One of the options, the earlier the likelier; without `rng` the first."""
    if rng is None:
        return options[0]
    # Of two the first in 7 of 10 cases, so that rare words don't crowd out the common one.
    return options[int(rng.random() ** 2 * len(options))]
