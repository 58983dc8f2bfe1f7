"""The assets that match a query, ranked: by meaning, by words, by both, in one SQL statement."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Cast
from pgvector.django import CosineDistance, HalfVectorField

from search.matches import thresholds
from search.matches.thresholds import Thresholds
from search.models import Asset, AssetLabel, Embedding, Encoder, User
from search.models.asset import AssetQuerySet
from search.query import lexical, nearest
from search.query.filters import narrowed
from search.query.query import EVEN, Query, Sort
from search.query.vectors import PICTURE, WORDS, Encoded, kind_of

# So many of the nearest are ranked at once; where all of them match, all that match are looked
# through, as far as MOST.
POOL = 500
MOST = 10_000
# Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
# learning methods", SIGIR 2009.
RRF_K = 60
LARGEST_DISTANCE = 2
# Of what does not match so many of the nearest are told, unless everything is asked for.
BEYOND = 12


class Candidate(NamedTuple):
    """An asset in the ranking, and how it got there."""

    pk: str  # As text: Python hashes UUIDs by a method of theirs, and there are thousands.
    cluster: str | None
    distance: float | None  # None where it was found by its words alone.
    where: int | None  # In which of its words; None where in none.
    exact: bool  # It is called just what was asked for.

    def match(self, cuts: Thresholds | None) -> str:
        """Its band; nothing where none is known."""
        if cuts is None:
            return ""
        distance = LARGEST_DISTANCE if self.distance is None else self.distance
        if self.exact or distance <= cuts.strong:
            return "strong"
        said = lexical.is_whole(self.where)
        return "possible" if said or distance <= cuts.possible else "none"


class Ranking(NamedTuple):
    """The candidates, the best first, and the distances that the bands end at."""

    candidates: list[Candidate]
    cuts: Thresholds | None
    matches: int = 0  # So many of the first match; where no band is known, all.
    is_whole: bool = True  # Nothing that matches was left out.

    def matched(self) -> list[Candidate]:
        """Those that match."""
        return self.candidates[: self.matches]


def permitted(query: Query, user: User | AnonymousUser) -> AssetQuerySet:
    """The assets that the person's rights, the filters and the quoted words leave."""
    assets = narrowed(Asset.objects.visible_to(user), query.filters)
    for words in query.words.without:
        labelled = AssetLabel.objects.filter(label__name__iexact=words)
        assets = assets.exclude(pk__in=labelled.values("asset"))
    # A picture is no answer to itself; a part of it may be.
    examples = [example.asset for example in query.pictures() if example.asset and example.is_whole]
    if examples:
        assets = assets.exclude(pk__in=examples)
    if query.words.phrases:
        assets = lexical.containing(assets, [], query.words.phrases)
    return assets


def far_from(
    assets: AssetQuerySet, vectors: Sequence[Sequence[float]], encoder: Encoder
) -> AssetQuerySet:
    """The assets that are no strong match of any of these words."""
    for vector in vectors:
        if cuts := thresholds.thresholds_of(vector, encoder, WORDS):
            stored = Cast("vector", HalfVectorField(dimensions=encoder.dimensions))
            embedded = Embedding.objects.filter(encoder=encoder, fulfilled__isnull=False)
            near = embedded.alias(away=CosineDistance(stored, vector))
            assets = assets.exclude(pk__in=near.filter(away__lte=cuts.strong).values("asset"))
    return assets


def rank(
    query: Query, assets: AssetQuerySet, encoder: Encoder, encoded: Encoded, *, least: int
) -> Ranking:
    """At least so many of the permitted assets apart, ranked by meaning and by words; all that
    match. Never more than MOST."""
    cuts = cuts_of(query, encoder, encoded)
    shows_all = query.everything or not cuts
    if shows_all and query.sort != Sort.RELEVANCE:
        least = MOST  # In another order the first may be any of them.
    pool = min(POOL * -(-least // POOL), MOST + 1)
    # Of the words all at once: to ask again takes longer than to read some more.
    said = MOST + 1 if cuts else pool
    found = _candidates(query, assets, encoder, encoded, cuts, near=pool, said=said)
    while shows_all and pool <= MOST and _near(found) >= pool and _apart(found, query) < least:
        pool = min(2 * pool, MOST + 1)
        said = max(said, pool)
        found = _candidates(query, assets, encoder, encoded, cuts, near=pool, said=said)
    if cuts and pool <= MOST and _near(found, cuts.possible) >= pool:
        # Beyond the pool there may be more that match.
        found = _candidates(query, assets, encoder, encoded, cuts, near=MOST + 1, said=said)
    matches = _matches(found, cuts)
    return Ranking(found[:MOST], cuts, min(matches, MOST), matches <= MOST)


def rank_by_meaning(
    query: Query, assets: AssetQuerySet, encoder: Encoder, encoded: Encoded, *, limit: int
) -> Ranking:
    """The nearest of the permitted assets, whatever words they share with the query."""
    found = _candidates(query, assets, encoder, encoded, None, near=limit, said=0)
    cuts = cuts_of(query, encoder, encoded)
    return Ranking(found, cuts, _matches(found, cuts))


def cuts_of(query: Query, encoder: Encoder, encoded: Encoded) -> Thresholds | None:
    """Where the bands of this query end. Of a mixed one, where the more lenient kind's do."""
    cuts = thresholds.thresholds_of(encoded.vector, encoder, kind_of(query))
    if cuts and query.is_mixed:
        other = thresholds.thresholds_of(encoded.vector, encoder, WORDS)
        return Thresholds(*map(max, cuts, other)) if other else cuts
    return cuts


def rankable(query: Query, assets: AssetQuerySet, encoder: Encoder) -> AssetQuerySet:
    """Those of the assets that a ranking may hold: embedded ones, and those that say the words."""
    embedded = Embedding.objects.filter(encoder=encoder, fulfilled__isnull=False)
    may = Q(pk__in=embedded.values("asset"))
    if _weight_of_words(query):
        said = lexical.containing(Asset.objects.all(), query.words.plain, query.words.phrases)
        may |= Q(pk__in=said.values("pk"))
    return assets.filter(may)


def mentioning(query: Query, assets: AssetQuerySet) -> AssetQuerySet:
    """Those of the assets in which the words of the query occur."""
    return lexical.search(assets, query.words.plain, query.words.phrases)


def _weight_of_words(query: Query) -> float:
    """What a place by words counts beside one by meaning: as much, or as the balance has it."""
    return query.balance / EVEN if query.is_mixed else float(bool(query.text))


def _matches(found: Sequence[Candidate], cuts: Thresholds | None) -> int:
    # They come first.
    return bisect_left(found, True, key=lambda candidate: candidate.match(cuts) == "none")


def _near(found: Sequence[Candidate], within: float = LARGEST_DISTANCE) -> int:
    return sum(c.distance is not None and c.distance <= within for c in found)


def _apart(found: Sequence[Candidate], query: Query) -> int:
    """How many are shown by themselves once near-duplicates have collapsed."""
    return len(found if query.duplicates else {c.cluster or c.pk for c in found})


def _candidates(
    query: Query,
    assets: AssetQuerySet,
    encoder: Encoder,
    encoded: Encoded,
    cuts: Thresholds | None,
    *,
    near: int,
    said: int,
) -> list[Candidate]:
    """So many of the nearest, and so many of those that the words of the query occur in."""
    kind = PICTURE if kind_of(query) == PICTURE and not query.text else WORDS
    plan = nearest.plan(assets, encoded.vector, encoder, kind, limit=near)
    nearest_sql, of_nearest = _sql(plan.hits.values("pk", "cluster", "distance"))  # type: ignore[misc]
    said_sql, of_said = _NO_ROWS, ()
    weight = _weight_of_words(query)
    if weight and said:
        rows = mentioning(query, assets).values(*_SAID)
        said_sql, of_said = _sql(rows[:said])
    possible = cuts.possible if cuts else LARGEST_DISTANCE
    beyond = near if query.everything else BEYOND
    statement = _FUSED.format(
        near=nearest_sql,
        said=said_sql,
        k=RRF_K,
        pool=POOL,
        weight=weight,
        whole=lexical.WHOLE if cuts else 0,
        farthest=LARGEST_DISTANCE,
    )
    with nearest.searching(plan), connection.cursor() as cursor:
        numbers = possible, beyond, beyond, possible, possible
        cursor.execute(statement, [*of_nearest, *of_said, *numbers])
        return [Candidate(*row) for row in cursor.fetchall()]


def _sql(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return _NO_ROWS, ()
    return sql, values


_SAID = ("pk", "cluster", "where", "exact", "rank")
_NO_ROWS = "SELECT NULL::uuid, NULL::uuid, NULL::int, NULL::boolean, NULL::float WHERE false"

# Those that match come first, so that a page of everything begins like a page of the matches. What
# lies beyond the first POOL of a ranking gets nothing for its place there: in a larger pool, which
# later pages are taken from, those before it keep their order.
_FUSED = """
WITH near AS MATERIALIZED (
    SELECT id, cluster, distance, row_number() OVER (ORDER BY distance, id) AS place
    FROM ({near}) AS nearest (id, cluster, distance)
), said AS MATERIALIZED (
    SELECT id, cluster, place_of, exact, rank() OVER (ORDER BY exact DESC, score DESC) AS place,
        row_number() OVER (ORDER BY exact DESC, score DESC, id) AS row
    FROM ({said}) AS mentioning (id, cluster, place_of, exact, score)
)
SELECT id::text, COALESCE(near.cluster, said.cluster)::text, distance, place_of,
    COALESCE(exact, false)
FROM near FULL JOIN said USING (id)
WHERE near.place <= (SELECT count(*) FROM near WHERE distance <= %s) + %s
    OR said.row <= (SELECT count(*) FROM said WHERE place_of & {whole} = {whole}) + %s
ORDER BY COALESCE(exact, false) DESC,
    COALESCE(place_of & {whole} = {whole}, false) OR COALESCE(distance, {farthest}) <= %s DESC,
    CASE WHEN near.place <= {pool} THEN 1.0 / ({k} + near.place) ELSE 0 END
        + CASE WHEN said.row <= {pool} THEN {weight} / ({k} + said.place) ELSE 0 END DESC,
    CASE WHEN said.row <= {pool} AND near.place > {pool} OR said.row > 0 AND distance > %s THEN NULL
        ELSE distance END,
    said.row,
    id
"""
