"""What may have been meant by words that no asset has: "Did you mean bicycle?"."""

import re
from dataclasses import replace
from string import ascii_lowercase

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from search.models import Asset, User, Word
from search.query import lexical
from search.query.query import Query
from search.query.words import Part, Words

# Minimum of letters of a word that is looked up: a shorter one has too many neighbours.
LEAST_LETTERS = 4
# Maximum of letters that differ, of a word of so many letters at least.
MISTAKES = {LEAST_LETTERS: 1, 6: 2}
# Maximum of words that are looked up: who writes more describes a picture.
MOST_WORDS = 8
# Maximum of words that are looked for among the assets, and of assets that are counted of each.
MOST_CANDIDATES, MOST_ASSETS = 5, 100
_WORD = re.compile(r"[^\W\d_]+")


def correction(query: Query, user: User | AnonymousUser) -> Query | None:
    """The query by words that assets have, in place of those that none has; None if there are no
    better ones."""
    meant = {word: _meant(word, user) for word in _unknown(query.words, user)}
    if not any(meant.values()):
        return None
    parts = tuple(_corrected(part, meant) for part in query.words.parts)
    return query.but(words=Words(parts), everything=False)


def _unknown(words: Words, user: User | AnonymousUser) -> list[str]:
    """The plain words that no asset has, and that none begins with, of those of this person."""
    typed = (word for part in _WORD.findall(words.wanted) for word in lexical.plain(part))
    long = [word for word in dict.fromkeys(typed) if len(word) >= LEAST_LETTERS]
    telling = [word for word in long if word not in lexical.FUNCTION_WORDS][:MOST_WORDS]
    return [word for word in telling if not (_was_there(word) and _is_there(word, user))]


def _was_there(word: str) -> bool:
    """Whether an asset has it, or did once: as the beginning of a word, or as a plural."""
    singulars = lexical.Term((word,), begins=True).singulars
    return Word.objects.filter(Q(word__startswith=word) | Q(word__in=singulars)).exists()


def _is_there(word: str, user: User | AnonymousUser) -> bool:
    """Whether an asset that this person may see has it."""
    visible = Asset.objects.visible_to(user)
    return lexical.containing(visible, [word], [])[:1].exists()


def _meant(word: str, user: User | AnonymousUser) -> str:
    """The word of the fewest mistakes, of those that of the most assets; empty if none is near."""
    similar = {*Word.objects.like(word), *Word.objects.among(_one_off(word))}
    away = {other: mistakes(word, other) for other in similar}
    allowed = max(most for letters, most in MISTAKES.items() if len(word) >= letters)
    near = sorted((away[other], other) for other in away if away[other] <= allowed)
    counts = {other: _count(other, user) for _, other in near[:MOST_CANDIDATES]}
    there = (other for other, count in counts.items() if count)
    return min(there, key=lambda other: (away[other], -counts[other]), default="")


def _one_off(word: str) -> set[str]:
    """What a word may be but for one mistake, in letters from a to z: some 50 for each letter.

    Of short words these have few trigrams in common: one of nine in "lmap" and "lamp".
    """
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    shorter = {before + after[1:] for before, after in cuts}
    swapped = {before + after[1::-1] + after[2:] for before, after in cuts if after[1:]}
    added = {before + letter + after for before, after in cuts for letter in ascii_lowercase}
    changed = {before + letter + after[1:] for before, after in cuts for letter in ascii_lowercase}
    return shorter | swapped | added | changed


def _count(word: str, user: User | AnonymousUser) -> int:
    """How many assets this person may see have the word, up to a number."""
    visible = Asset.objects.visible_to(user)
    return lexical.containing(visible, [], [word])[:MOST_ASSETS].count()


def _corrected(part: Part, meant: dict[str, str]) -> Part:
    if part.name or part.minus:
        return part
    value = _WORD.sub(lambda match: _instead(match[0], meant), part.value)
    return replace(part, value=value)


def _instead(word: str, meant: dict[str, str]) -> str:
    return next(filter(None, (meant.get(plain) for plain in lexical.plain(word))), word)


def mistakes(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many, or have changed places with the next.

    The optimal string alignment distance (Damerau 1964), a row at a time.
    """
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one):
        row = [i + 1]
        for j, against in enumerate(other):
            row.append(min(rows[i][j] + (letter != against), rows[i][j + 1] + 1, row[j] + 1))
            if i and j and (letter, one[i - 1]) == (other[j - 1], against):
                row[-1] = min(row[-1], rows[i - 1][j - 1] + 1)
        rows.append(row)
    return rows[-1][-1]
