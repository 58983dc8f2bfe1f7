"""The words in the box: plain ones, "quoted" ones, -ones to leave out, and typed filters."""

import re
from dataclasses import dataclass
from typing import Self

# A minus that leaves out, the name of a typed filter, and a word or several in quotation marks. A
# mark that is not closed is passed over, and so are more minuses: neither may reach the encoder.
_PART = re.compile(
    r"(?P<minus>-?)-*(?:(?P<name>[a-zA-Z_]+):)?(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>[^\s\"]+))"
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


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in the box, in the order it was typed in."""

    parts: tuple[Part, ...] = ()

    @classmethod
    def parse(cls, text: str, filters: frozenset[str] = frozenset()) -> Self:
        """Read a box in which these names are typed filters; every text can be read."""
        # Spaces first: no part may hold a line's end, which no box can show.
        found = _PART.finditer(" ".join(text.split()))
        parts = (part for match in found for part in _parts(match, filters))
        return cls(tuple(part for part in parts if part.value))

    def __str__(self) -> str:
        return " ".join(str(part) for part in self.parts)

    @property
    def plain(self) -> list[str]:
        return [p.value for p in self.parts if not (p.name or p.quoted or p.minus)]

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
    def untyped(self) -> Self:
        """The same without the typed filters."""
        return type(self)(tuple(part for part in self.parts if not part.name))


def _parts(match: re.Match[str], filters: frozenset[str]) -> list[Part]:
    name, quoted = match["name"] or "", match["quoted"]
    minus, is_quoted = bool(match["minus"]), quoted is not None
    value = " ".join((quoted if quoted is not None else match["bare"].lstrip("-")).split())
    if name and name.lower() not in filters:
        # A word with a colon in it, as in a title.
        return [Part(f"{name}:{value}", quoted=is_quoted, minus=minus)]
    return [Part(value, name.lower(), is_quoted, minus)]
