"""The permitted assets, ranked: how many of them are looked through, and which match."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q

from search.matches.thresholds import Thresholds
from search.models import Asset, Embedding
from search.models.asset import AssetQuerySet
from search.query import copies, fusion, lexical
from search.query.fusion import LARGEST_DISTANCE, Candidate
from search.query.query import Query, Sort
from search.query.sides import limits_of, reach
from search.query.vectors import EncodedQuery

# Maximum of a ranking. Where all of the nearest match, all that match are looked through so far.
MOST = 10_000


class Ranking(NamedTuple):
    """The candidates, the best first, and the thresholds of their query."""

    candidates: list[Candidate]
    limits: Thresholds | None
    matches: int = 0  # Number of the first that match; where there are no thresholds, of all.
    is_whole: bool = True  # Nothing that matches was left out.

    def matching(self) -> list[Candidate]:
        """Those that match."""
        return self.candidates[: self.matches]


def rank(encoded: EncodedQuery, assets: AssetQuerySet, *, least: int) -> Ranking:
    """At least so many of the permitted assets apart, ranked by meaning and by words; all that
    match. Never more than MOST."""
    query, limits = encoded.query, limits_of(encoded)
    shows_all = query.everything or not limits
    if shows_all and query.sort != Sort.RELEVANCE:
        least = MOST  # In another order the first may be any of them.
    pool = min(fusion.POOL * -(-least // fusion.POOL), MOST + 1)
    # Of the words all at once: to ask again takes longer than to read some more.
    words = MOST + 1 if limits else pool
    best = fusion.candidates(encoded, assets, limits, near=pool, mentioning=words)
    while shows_all and pool <= MOST and _near(best) >= pool and _apart(best, query) < least:
        pool = min(2 * pool, MOST + 1)
        words = max(words, pool)
        best = fusion.candidates(encoded, assets, limits, near=pool, mentioning=words)
    matching = _near(best, limits.possible) if limits else 0
    if pool <= min(matching, MOST) and (shows_all or matching >= reach(encoded, assets)):
        # Beyond the pool, and what was reached with it, there may be more that match.
        best = fusion.candidates(encoded, assets, limits, near=MOST + 1, mentioning=words)
    matches = _count_matches(best, limits)
    return Ranking(best[:MOST], limits, min(matches, MOST), matches <= MOST)


def rank_by_meaning(encoded: EncodedQuery, assets: AssetQuerySet, *, limit: int) -> Ranking:
    """The nearest of the permitted assets, whatever words they share with the query."""
    best = fusion.candidates(encoded, assets, None, near=limit, mentioning=0)
    limits = limits_of(encoded)
    return Ranking(best, limits, _count_matches(best, limits))


def rankable(encoded: EncodedQuery, assets: AssetQuerySet) -> AssetQuerySet:
    """Those of the assets that a ranking may hold: embedded, with the words of the query, or
    looking just like its pictures."""
    # Of each asset whether it is, and no list of all that are.
    own = Embedding.objects.filter(encoder=encoded.encoder, asset=OuterRef("pk"))
    may = Q(Exists(own.filter(fulfilled__isnull=False)))
    if fusion.weight_of_words(encoded.query):
        itself = Asset.objects.filter(pk=OuterRef("pk"))
        may |= Q(Exists(lexical.containing(itself, *fusion.texts(encoded.query))))
    if encoded.copies:
        may |= Q(pk__in=copies.among(Asset.objects.all(), encoded.copies).values("pk"))
    return assets.filter(may)


def _count_matches(best: Sequence[Candidate], limits: Thresholds | None) -> int:
    # They come first.
    return bisect_left(best, True, key=lambda candidate: candidate.match(limits) == "none")


def _near(best: Sequence[Candidate], within: float = LARGEST_DISTANCE) -> int:
    return sum(c.distance is not None and c.distance <= within for c in best)


def _apart(best: Sequence[Candidate], query: Query) -> int:
    """How many are shown by themselves once near-duplicates have collapsed."""
    return len(best if query.duplicates else {c.cluster or c.pk for c in best})
