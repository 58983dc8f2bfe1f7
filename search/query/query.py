"""A query: plain values, whose canonical form is what stands in a URL."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from search.formats.region import NoRegion, Region
from search.query.words import Words
from search.refusals import Refusal

# Maximum of examples for, and as many against.
MOST_EXAMPLES = 40
# Maximum of words to leave out.
MOST_WITHOUT = 10
# Maximum of descriptions that are joined by OR: each is encoded and ranked by itself.
MOST_ALTERNATIVES = 4
LEAST_WEIGHT, MOST_WEIGHT = 0.1, 10
# The balance at which words and pictures weigh the same.
EVEN = 0.5
_EXAMPLE = re.compile(r"(?P<id>[0-9a-f-]+)(?:@(?P<region>[^*]*))?(?:\*(?P<weight>.*))?")
_TOKEN = re.compile(r"[0-9a-f]{32}")


class Malformed(Refusal):
    """A part of a query that can't be read."""


class Sort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    TAKEN = "taken"
    LARGEST = "largest"
    SMALLEST = "smallest"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Example:
    """An asset or an uploaded picture that hits shall be like, or unlike; whole, or a region."""

    asset: UUID | None = None
    picture: str = ""  # The token of an uploaded query picture.
    region: Region | None = None
    weight: float = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """The example that `str()` wrote: ID@left,top,width,height*weight. Raises Malformed."""
        match = _EXAMPLE.fullmatch(text.strip().lower())
        if not match:
            raise Malformed("no_example")
        try:
            region = None if match["region"] is None else Region.parse(match["region"])
        except NoRegion as refusal:
            raise Malformed(refusal.code, **refusal.parameters) from None
        weight = 1 if match["weight"] is None else _weight(match["weight"])
        if _TOKEN.fullmatch(match["id"]):
            return cls(picture=match["id"], region=region, weight=weight)
        return cls(asset=_uuid(match["id"]), region=region, weight=weight)

    def __str__(self) -> str:
        region = f"@{self.region}" if self.region else ""
        weight = f"*{self.weight:g}" if self.weight != 1 else ""
        return f"{self.id}{region}{weight}"

    @property
    def id(self) -> str:
        return self.picture or str(self.asset)

    @property
    def is_whole(self) -> bool:
        return self.region is None


@dataclass(frozen=True, slots=True)
class Query:
    """One question: words, examples for and against, filters and an order, in any mix."""

    words: Words = field(default_factory=Words)
    like: tuple[Example, ...] = ()
    unlike: tuple[Example, ...] = ()
    balance: float = EVEN  # The weight of the words against that of the examples, 0 to 1.
    filters: tuple[tuple[str, str], ...] = ()  # Names with values, as search.query.filters knows.
    sort: Sort = Sort.RELEVANCE
    everything: bool = False  # Also what does not match.
    diversity: bool = False
    duplicates: bool = False  # Near-duplicates each by itself.

    @classmethod
    def of(cls, text: str = "", **parts: object) -> Self:
        """A query from the words of a box without typed filters."""
        return cls(words=Words.parse(text), **parts)  # type: ignore[arg-type]

    @property
    def text(self) -> str:
        """What the text encoder reads."""
        return self.words.wanted

    @property
    def alternatives(self) -> tuple[Self, ...]:
        """The queries of which a hit need fit but one: itself, or one for each side of an OR."""
        sides = self.words.alternatives
        return tuple(self.but(words=side) for side in sides) if len(sides) > 1 else (self,)

    @property
    def has_vector(self) -> bool:
        return bool(self.text or self.like or self.unlike)

    @property
    def needs_encoder(self) -> bool:
        return self.has_vector or bool(self.words.without)

    @property
    def asks(self) -> bool:
        """Whether there is anything but the whole library to show."""
        return bool(self.words.parts or self.like or self.unlike or self.filters)

    @property
    def only_example(self) -> Example | None:
        """The one whole picture that is all of the query."""
        alone = len(self.like) == 1 and not (self.words.parts or self.unlike)
        return self.like[0] if alone and self.like[0].is_whole else None

    @property
    def only_words(self) -> str:
        """The words, where they are all of the query."""
        more = self.like or self.unlike or self.words.without or len(self.alternatives) > 1
        return "" if more else self.text

    @property
    def by_pictures_alone(self) -> bool:
        """Whether it asks by pictures, for or against, and by no words."""
        return bool(self.like or self.unlike) and not self.text

    @property
    def is_mixed(self) -> bool:
        return bool(self.text and self.like)

    def values(self, name: str) -> list[str]:
        """The values of a filter."""
        return [value for filter_name, value in self.filters if filter_name == name]

    def parameters(self) -> dict[str, list[str]]:
        """The canonical form: each name of a URL with its values; what is as usual is left out."""
        parameters = {
            "q": [str(self.words)],
            "like": [str(example) for example in self.like],
            "unlike": [str(example) for example in self.unlike],
            "balance": [f"{self.balance:g}"] if self.balance != EVEN else [],
            "sort": [self.sort.value] if self.sort != Sort.RELEVANCE else [],
        }
        switches = ("everything", "diversity", "duplicates")
        parameters |= {name: ["1"] for name in switches if getattr(self, name)}
        for name, value in self.filters:
            parameters.setdefault(name, []).append(value)
        return {name: values for name, values in parameters.items() if any(values)}

    def url(self) -> str:
        """The canonical form as it stands in a URL, without the question mark."""
        return urlencode(self.parameters(), doseq=True, safe="@,*:")

    def but(self, **changes: object) -> Self:
        """The same with other parts."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def more_like(self, example: str) -> Self:
        """The same, and more like this one."""
        new = Example.parse(example)
        unlike = tuple(old for old in self.unlike if old.id != new.id)
        return replace(self, like=tuple(dict.fromkeys((*self.like, new))), unlike=unlike)

    def no_longer(self, example: str) -> Self:
        """The same without this example, for or against."""
        like = tuple(old for old in self.like if str(old) != example)
        unlike = tuple(old for old in self.unlike if str(old) != example)
        return replace(self, like=like, unlike=unlike)

    def plus(self, name: str, value: str) -> Self:
        """The same with one more value of a filter."""
        return replace(self, filters=tidy((*self.filters, (name, value))))

    def minus(self, name: str, value: str) -> Self:
        """The same without this value of a filter."""
        others = (pair for pair in self.filters if pair != (name, value))
        return replace(self, filters=tuple(others))

    def unfiltered(self) -> Self:
        """The same without any filter."""
        return replace(self, filters=())

    def pictures(self) -> Iterator[Example]:
        """Its examples, for and against."""
        yield from self.like
        yield from self.unlike


def tidy(filters: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Filters in the one order, each once."""
    return tuple(sorted(set(filters)))


def read_balance(text: str) -> float:
    """A balance, 0 to 1. Raises Malformed."""
    number = _number(text)
    if not 0 <= number <= 1:
        raise Malformed("no_balance")
    return round(number, 2)


def _weight(text: str) -> float:
    number = _number(text)
    if not LEAST_WEIGHT <= number <= MOST_WEIGHT:
        raise Malformed("no_weight", least=LEAST_WEIGHT, most=MOST_WEIGHT)
    return round(number, 2)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    return number  # Not a number fails every comparison, and so is refused by the callers.


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Malformed("no_asset") from None
