"""What people type, put to the words that the database keeps of each asset.

A leaf: it knows the name of that column, and how its triggers split a text into words
(search/sql/plain_words.sql), and no model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Case, F, FloatField, Func, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable

if TYPE_CHECKING:
    from search.models.asset import AssetQuerySet

FOLDED = str.maketrans("øłđħıς", "oldhiσ", "") | str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe"})
MARKS = re.compile(
    "[\u0300-\u036f\u00ad\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670"
    "\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]+"
)
BETWEEN = re.compile(
    "[\u0001-\u002f\u003a-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    "\u02c2-\u02df\u055a-\u055f\u0589\u05be\u05c0\u05c3\u05c6\u05f3\u05f4\u060c\u061b\u061f"
    "\u066a-\u066d\u06d4\u0964\u0965\u0e4f\u0e5a\u0e5b\u104a-\u104f\u1361-\u1368\u1680"
    "\u17d4-\u17da\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020"
    "\u3030\u303d-\u303f\u30fb\ue000-\uf8ff\ufe10-\ufe6f\ufff0-\uffff\U0001f000-\U0001faff"
    "\U000e0000-\U000e01ef]+"
)
ALONE = re.compile(
    "([0-9]+|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af])"
)
# Maximum of characters that the triggers keep of a word, and of a whole name.
LONGEST_WORD = 200
LONGEST_NAME = 400

# Articles, prepositions and conjunctions of the languages that the bundled encoder reads and that
# put spaces between words. A sentence means the same without them, and no title has just those of
# the sentence. Asked alone, they are words like any other ("The Who").
OF_LANGUAGES = {
    "en": "a an and as at by for from in into is of on or the to with",
    "de": "am auf aus bei das dem den der des die ein eine einem einen einer eines im in mit oder"
    " und von vom vor zu zum zur",
    "fr": "au aux avec d dans de des du en et l la le les ou par pour sur un une",
    "es": "al con de del e el en la las lo los o para por un una unas unos y",
    "it": "ai al alla alle allo col con da dal dalla dei del della delle dello di e ed gli i il in"
    " la le lo nel nella o per su sul un una uno",
    "pt": "a ao aos as com da das de do dos e em na nas no nos o os ou para por um uma umas uns",
}
FUNCTION_WORDS = frozenset(word for words in OF_LANGUAGES.values() for word in words.split())


class Field(NamedTuple):
    """One of an asset's texts, and how its words are marked by the triggers of the database."""

    name: str  # As people call it.
    weight: str  # Of PostgreSQL.
    mark: str = ""  # What its words begin with, where another field has the same weight.
    other_mark: str = ""  # What the words of that other field begin with.


TITLE = Field("title", "A")
# Fields by their bit of `where`, in the order in which a person reads them.
FIELDS = {
    1: TITLE,
    2: Field("label", "B"),
    4: Field("collection", "C", mark="@"),
    8: Field("file name", "C", other_mark="@"),
    16: Field("description", "D", other_mark="~"),
    64: Field("credit", "D", mark="~"),
}
# One more bit: that no short word is just the beginning of another.
WHOLE = 32
# What a word counts in a field of each weight, from D to A as PostgreSQL takes them.
WEIGHTS = {"D": 0.1, "C": 0.3, "B": 0.6, "A": 1.0}

# Minimum of letters of a word that begins others not just by chance, as "car" does Carlos and
# "ball" balloons. With one of these endings, which make plurals and cases, it is still the word.
TELLING_LETTERS = 5
ENDINGS = ("", "s", "es", "en")
# Endings of a plural that is asked for, and what its singular has instead: "ponies" finds a pony.
PLURALS = {"s": "", "es": "", "ies": "y"}
# Minimum of letters of a singular: "gas" is not the plural of what begins "ga".
SINGULAR_LETTERS = 3

# Divides by the logarithm of the number of words: of two titles that fit, the shorter fits better.
BY_LENGTH = Value(1)

# Parts two words: "l'arbre" finds "un arbre" too.
APOSTROPHE = re.compile("['\u2019]")

_UUID = re.compile(r"[0-9a-f]{8}(-?)([0-9a-f]{4}\1){3}[0-9a-f]{12}", re.IGNORECASE)


def search(
    assets: AssetQuerySet,
    words: Sequence[str],
    phrases: Sequence[str],
    others: Sequence[TextSearch] = (),
) -> AssetQuerySet:
    """The assets in whose words each of these occurs, or each of others, the best first.

    A word may be the beginning of one, a phrase is its words side by side. Annotated with `exact`
    (whether the asset is called just this: by its title, its file name or its id), `rank` (from 0,
    higher is better) and `where` (for `why` and `is_whole`).
    """
    text = TextSearch(words, phrases, others)
    rank = SearchRank(
        F("asset_words__words"),
        text.everything,
        weights=list(WEIGHTS.values()),
        normalization=BY_LENGTH,
    )
    # Whatever else there is: first who has whole words, of these first who has them in the title,
    # and of those first who has them as they were typed.
    worth = {4: text.whole, 2: text.spelled(TITLE.weight), 1: text.literal}
    first = Worth(worth, output_field=FloatField())
    return (
        containing(assets, words, phrases, others)
        .annotate(exact=Case(When(text.named, then=True), default=False))
        .annotate(rank=first + rank, where=text.where)
        .order_by("-exact", "-rank", "pk")
    )


def containing(
    assets: AssetQuerySet,
    words: Sequence[str],
    phrases: Sequence[str],
    others: Sequence[TextSearch] = (),
) -> AssetQuerySet:
    """The same assets, in no order and without annotations."""
    text = TextSearch(words, phrases, others)
    contains = Q(asset_words__words=text.everything)
    return assets.filter(contains | Q(pk__in=text.ids) if text.ids else contains)


def called(words: Sequence[str], phrases: Sequence[str], others: Sequence[TextSearch] = ()) -> Q:
    """Of the same assets those that are called just this."""
    return TextSearch(words, phrases, others).named


def why(where: int) -> list[str]:
    """What the words occurred in, as people call it: ["title", "label"]."""
    return [part.name for bit, part in FIELDS.items() if where & bit]


def is_whole(where: int | None) -> bool:
    """Whether all of the words occur, and no short one just as the beginning of another."""
    return where is not None and bool(where & WHOLE)


def plain(text: str) -> list[str]:
    """The words of a text: in small letters, without accents, split as the database splits them."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(FOLDED))
    bare = unicodedata.normalize("NFC", MARKS.sub("", folded))
    return [word[:LONGEST_WORD] for word in ALONE.sub(r" \1 ", BETWEEN.sub(" ", bare)).split()]


@dataclass(frozen=True, slots=True)
class Term:
    """A word as it was typed, or a phrase: its plain words, which stand side by side."""

    words: tuple[str, ...]
    begins: bool  # The last of them may be the beginning of a word.

    def __str__(self) -> str:
        return self.spelled()

    def spelled(self, weight: str = "", mark: str = "") -> str:
        """As a part of a tsquery, of the words with this weight or mark."""
        ends = ["" for _ in self.words[1:]] + ["*" if self.begins else ""]
        flags = [f":{end}{weight}" if end or weight else "" for end in ends]
        quoted = (f"'{mark}{word}'{flag}" for word, flag in zip(self.words, flags, strict=True))
        singulars = (f"'{mark}{word}'{weight and f':{weight}'}" for word in self.singulars)
        return f"({' | '.join([' <-> '.join(quoted), *singulars])})"

    @property
    def literal(self) -> str:
        """As a part of a tsquery, with no other endings than were typed."""
        quoted = (f"'{word}'" for word in self.words)
        return f"({' <-> '.join(quoted)})"

    @property
    def singulars(self) -> list[str]:
        """What a word may be the plural of."""
        word, *others = self.words
        if others or not self.begins or not _is_latin(word) or word.endswith("ss"):
            return []
        ended = [(end, instead) for end, instead in PLURALS.items() if word.endswith(end)]
        words = (word.removesuffix(ending) + instead for ending, instead in ended)
        return [singular for singular in words if len(singular) >= SINGULAR_LETTERS]

    def within(self, field: Field) -> str:
        """As a part of a tsquery, of the words of this field."""
        if field.mark:
            return self.spelled(mark=field.mark)
        words = self.spelled(field.weight)
        return f"{words} & !{self.spelled(mark=field.other_mark)}" if field.other_mark else words

    @property
    def whole(self) -> str:
        """As a part of a tsquery, but for words that just happen to begin like a short one."""
        word, *others = self.words
        if others or not self.begins or len(word) >= TELLING_LETTERS or not _is_latin(word):
            return self.spelled()
        forms = (f"'{form}'" for form in (*(word + end for end in ENDINGS), *self.singulars))
        return f"({' | '.join(forms)})"


@dataclass(frozen=True)
class TextSearch:
    """Words and phrases, or others of them, as queries of the words that the database keeps."""

    words: Sequence[str]
    phrases: Sequence[str] = field(default=())
    others: Sequence[TextSearch] = field(default=())

    @cached_property
    def terms(self) -> list[Term]:
        """What must occur: without function words, unless there are no others."""
        typed = [tuple(plain(part)) for word in self.words for part in APOSTROPHE.split(word)]
        telling = [words for words in typed if not FUNCTION_WORDS.issuperset(words)]
        quoted = (tuple(plain(phrase)) for phrase in self.phrases)
        terms = [Term(words, _begins(words)) for words in telling]
        terms += [Term(words, begins=False) for words in quoted if words]
        return terms or [Term(words, begins=False) for words in typed if words]

    @property
    def everything(self) -> Combinable:
        """All of it, anywhere. Nothing matches where nothing of it is a word."""
        return TextQuery(self.spelled())

    def spelled(self, weights: str = "") -> str:
        """All of it, in words of these weights, as a tsquery."""
        return _any_of(
            " & ".join(term.spelled(weights) for term in text.terms) for text in self._all
        )

    @property
    def whole(self) -> str:
        """All of it, but for words that just happen to begin like a short one."""
        return _any_of(" & ".join(term.whole for term in text.terms) for text in self._all)

    @property
    def literal(self) -> str:
        """All of it just as it was typed."""
        return _any_of(" & ".join(term.literal for term in text.terms) for text in self._all)

    @property
    def where(self) -> Combinable:
        """The bits of all that any of it occurs in, and of whether all of it does as it is."""
        spelled = {
            bit: " | ".join(term.within(part) for text in self._all for term in text.terms)
            for bit, part in FIELDS.items()
        }
        return Worth({WHOLE: self.whole, **spelled})

    @property
    def named(self) -> Q:
        """Whether an asset is called just this; its words say so, since to look at the asset for
        each of 26,000 hits of a common word would cost as much as to rank them.
        """
        names = (" ".join(plain(text._text))[:LONGEST_NAME] for text in self._all)
        called = Q(asset_words__words=TextQuery(_any_of(f"'={name}'" for name in names if name)))
        return called | Q(pk__in=self.ids) if self.ids else called

    @property
    def ids(self) -> list[UUID]:
        """The ids that are asked for by themselves."""
        return [UUID(text._text) for text in self._all if _UUID.fullmatch(text._text)]

    @property
    def _all(self) -> tuple[TextSearch, ...]:
        return self, *self.others

    @property
    def _text(self) -> str:
        return " ".join([*self.words, *self.phrases])


def _any_of(queries: Iterable[str]) -> str:
    """One tsquery, of which any may match; an empty one matches nothing."""
    first, *others = [query for query in queries if query] or [""]
    return " | ".join(f"({query})" for query in (first, *others)) if others else first


def _begins(words: Sequence[str]) -> bool:
    """Whether the last word may be a beginning: of a single letter, a tenth of all words begin."""
    return len(words) > 1 or len(words[0]) > 1


def _is_latin(word: str) -> bool:
    """Whether it has but letters from a to z: accents are gone. Numbers are known by their first
    digits, and other scripts join more to a word: "고양이가".
    """
    return word.isascii() and word.isalpha()


class TextQuery(SearchQuery):
    """A tsquery as it is spelled, past every parser and dictionary of PostgreSQL."""

    template = "(%(expressions)s)::tsquery"


class Worth(Func):
    """The sum of these numbers, each where the words match its tsquery.

    Cases with lookups say the same; six of them take 1.4 ms to become SQL, and this 0.1.
    """

    output_field = IntegerField()

    def __init__(self, spelled: dict[int, str], **extra: Any) -> None:
        super().__init__(F("asset_words__words"), **extra)
        self.spelled = spelled

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **options: Any) -> Any:
        words, _ = compiler.compile(*self.source_expressions)
        terms = (f"({words} @@ %s::tsquery)::int * {number:d}" for number in self.spelled)
        return f"({' + '.join(terms)})", list(self.spelled.values())
