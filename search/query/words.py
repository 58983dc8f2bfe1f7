"""The grammar of the box: words, "quoted" ones, -ones to leave out, typed filters, OR between them.

Here alone is decided what is a filter, a phrase and a minus, in a text that is searched for and in
one that is still being typed.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, Self

# A minus that leaves out, and the name of a typed filter. More minuses are passed over, as is a
# quotation mark that is not closed: neither may reach the encoder.
_HEAD = r"(?P<minus>-?)-*(?:(?P<name>[a-zA-Z_]+):)?"
_PART = re.compile(rf"{_HEAD}(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>[^\s\"]+))")
# Between two descriptions, or two values of a filter; in small letters it is a word like any other.
OR = "OR"
# The last part is still being typed: a quotation mark stays open, and a name has no value yet.
_BOX = re.compile(
    rf"(?P<before>(?:(?:[^\"]|\"[^\"]*\")*\s)?){_HEAD}"
    r"(?:\"(?P<quoted>[^\"]*)|(?P<bare>[^\s\"]*))"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of what stands in the box."""

    value: str
    name: str = ""  # Of a typed filter.
    quoted: bool = False
    minus: bool = False

    def __str__(self) -> str:
        value = f'"{self.value}"' if self.quoted else self.value
        return f"{'-' * self.minus}{self.name}{':' * bool(self.name)}{value}"

    @property
    def is_plain(self) -> bool:
        return not (self.name or self.quoted or self.minus)

    @property
    def is_or(self) -> bool:
        return self.is_plain and self.value == OR

    def goes_with(self, other: Self) -> bool:
        """Whether an OR can stand between the two."""
        return self.name == other.name and not (self.minus or other.minus)


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in the box, in the order it was typed in."""

    parts: tuple[Part, ...] = ()

    @classmethod
    def parse(cls, text: str, filters: frozenset[str] = frozenset()) -> Self:
        """Read a box in which these names are typed filters; every text can be read."""
        # Spaces first: no part may hold a line's end, which no box can show.
        matches = _PART.finditer(" ".join(text.split()))
        parts = (_part(match, filters) for match in matches)
        return cls(tuple(part for part in parts if part.value))

    def __str__(self) -> str:
        return " ".join(str(part) for part in self.parts)

    @property
    def plain(self) -> list[str]:
        return [part.value for part in self.parts if part.is_plain]

    @property
    def phrases(self) -> list[str]:
        return [p.value for p in self.parts if p.quoted and not (p.name or p.minus)]

    @property
    def without(self) -> list[str]:
        return [p.value for p in self.parts if p.minus and not p.name]

    @property
    def wanted(self) -> str:
        """What the text encoder reads: never a word that is to be left out."""
        return " ".join(p.value for p in self.parts if not (p.name or p.minus))

    @property
    def typed(self) -> list[Part]:
        """The typed filters."""
        return [part for part in self.parts if part.name]

    @property
    def typed_together(self) -> list[list[Part]]:
        """The typed filters, those as one that ORs stand between."""
        groups: list[list[Part]] = []
        for place, part in enumerate(self.parts):
            if part.name and place - 1 in self._ors and self.parts[place - 2].name:
                groups[-1].append(part)
            elif part.name:
                groups.append([part])
        return groups

    @property
    def unlike(self) -> list[Part]:
        """What stands after an OR that can't join it to what stands before."""
        sides = ((self.parts[place - 1], self.parts[place + 1]) for place in self._ors)
        return [after for before, after in sides if not before.goes_with(after)]

    @property
    def alternatives(self) -> list[Self]:
        """The descriptions that ORs stand between, each with all that is to be left out."""
        sides: list[list[Part]] = [[]]
        for part in self.parts:
            if part.is_or:
                sides.append([])
            elif not (part.name or part.minus):
                sides[-1].append(part)
        if sum(map(bool, sides)) < 2:
            return [self]
        return [type(self)((*side, *self.conditions.parts)) for side in sides if side]

    @property
    def untyped(self) -> Self:
        """The same without the typed filters."""
        between = {place for place in self._ors if self.parts[place - 1].name}
        parts = (part for place, part in enumerate(self.parts) if place not in between)
        return type(self)(tuple(part for part in parts if not part.name))

    @property
    def conditions(self) -> Self:
        """Only the typed filters and what is to be left out."""
        return type(self)(tuple(part for part in self.parts if part.name or part.minus))

    @property
    def _ors(self) -> list[int]:
        """The places of the ORs between two parts; at an end it is a word ("OR gate")."""
        inner = range(1, len(self.parts) - 1)
        around = ((self.parts[place - 1], self.parts[place + 1]) for place in inner)
        return [
            place
            for place, sides in zip(inner, around, strict=True)
            if self.parts[place].is_or and not any(part.is_or for part in sides)
        ]


class Unfinished(NamedTuple):
    """The text of a box, taken apart at its last part, which is still being typed."""

    before: str
    part: Part

    @classmethod
    def parse(cls, text: str, filters: frozenset[str] = frozenset()) -> Self:
        """Read a box in which these names are typed filters."""
        match = _BOX.fullmatch(text)
        if not match:  # The last word ends with a quotation mark: there is nothing to add to it.
            return cls(text, Part(""))
        return cls(match["before"], _part(match, filters))

    def as_filter(self, name: str, value: str) -> str:
        """The text with this filter for its last part, in quotation marks where it needs them."""
        quoted = bool(re.search(r"\s|^-", value))
        return f"{self.before}{Part(value, name, quoted, self.part.minus)}"


def can_be_spelled(value: str) -> bool:
    """Whether a box can hold this text between quotation marks."""
    return '"' not in value


def is_plain(text: str, filters: frozenset[str]) -> bool:
    """Whether nothing in a text would be read as a filter, a phrase or a minus."""
    parts = Words.parse(text, filters).parts
    return can_be_spelled(text) and all(part.is_plain for part in parts)


def _part(match: re.Match[str], filters: frozenset[str]) -> Part:
    name, quoted = match["name"] or "", match["quoted"]
    minus, is_quoted = bool(match["minus"]), quoted is not None
    value = " ".join((quoted if quoted is not None else match["bare"].lstrip("-")).split())
    if name and name.lower() not in filters:
        # A word with a colon in it, as in a title.
        return Part(f"{name}:{value}", quoted=is_quoted, minus=minus)
    return Part(value, name.lower(), is_quoted, minus)
