"""What French, Spanish, Italian and Portuguese have in common: adjectives agree and follow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from workers.studio.languages.grammar import Form, Lexicon, pick
from workers.studio.scenes import Thing


@dataclass(frozen=True, slots=True)
class Romance:
    """Names things in one of these languages; by gender, m or f, where it matters.

    Nouns are written as gender, singular, plural where it isn't a mere s, and gender and number of
    the adjectives where these aren't the noun's own: "par de gafas rojas". Adjectives have one
    form, two (singular and plural) or four (of these the masculine and the feminine one).
    """

    nouns: Lexicon
    adjectives: Lexicon
    articles: Callable[[str, str], str]  # Of gender and noun, with the space after it.
    single: Mapping[str, str]
    numbers: Mapping[str, Mapping[int, str]]
    related: Callable[[str], str] = str

    def phrase(self, thing: Thing, count: int, form: Form, rng: Random | None) -> str:
        """The name of such things, as Phrase asks for it."""
        gender, one, *rest = pick(self.nouns[thing.kind], rng)
        several = count > 1 or form is Form.PLURAL
        noun = (rest[0] if rest else f"{one}s") if several else one
        agreement = rest[1] if len(rest) > 1 else gender + ("p" if several else "s")
        name = self._counted(gender, noun, count, form)
        for word in (thing.colour, thing.pattern):
            if word:
                name += f" {_agreeing(pick(self.adjectives[word], rng), agreement)}"
        return self.related(name) if form is Form.RELATED else name

    def _counted(self, gender: str, noun: str, count: int, form: Form) -> str:
        if form is Form.PLURAL or (count == 1 and form is Form.BARE):
            return noun
        if count > 1:
            return f"{self.numbers[gender][count]} {noun}"
        if form is Form.SINGLE:
            return f"{self.single[gender]} {noun}"
        return f"{self.articles(gender, noun)}{noun}"


_FOUR = {"ms": 0, "fs": 1, "mp": 2, "fp": 3}


def _agreeing(forms: tuple[str, ...], agreement: str) -> str:
    if len(forms) == 4:
        return forms[_FOUR[agreement]]
    return forms[-1] if agreement.endswith("p") else forms[0]
