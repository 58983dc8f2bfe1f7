"""Ranking by meaning and by words at once, in one SQL statement: reciprocal rank fusion.

Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
learning methods", SIGIR 2009.
"""

from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.expressions import RawSQL

from search.matches.thresholds import Thresholds
from search.models.asset import AssetQuerySet
from search.query import copies, facets, lexical, nearest
from search.query.query import EVEN, Query
from search.query.sides import nearest_of_any, sql_of
from search.query.vectors import EncodedQuery

# Number of the nearest that are fused at once. An asset beyond it gets nothing for its place there.
POOL = 500
# The constant of the paper, which it found to matter little.
RRF_K = 60
LARGEST_DISTANCE = 2
# Maximum of assets with the same words that are ranked by them, but for the near ones: to rank the
# 125,000 of a million that have a word takes 0.7 s.
COMMON = 20_000
# Number of the nearest that are fused although they do not match, unless everything is asked for.
BEYOND = 12


class Candidate(NamedTuple):
    """An asset in the ranking, and how it got there."""

    pk: str  # As text: Python hashes UUIDs by a method of theirs, and there are thousands.
    cluster: str | None
    distance: float | None  # None where it was found by its words alone.
    where: int | None  # In which of its words; None where in none.
    exact: bool  # It is called just what the query says, or looks just like its picture.

    def match(self, limits: Thresholds | None) -> str:
        """Strong, possible or none; nothing where no thresholds are calibrated."""
        if limits is None:
            return ""
        distance = LARGEST_DISTANCE if self.distance is None else self.distance
        if self.exact or distance <= limits.strong:
            return "strong"
        has_words = lexical.is_whole(self.where)
        return "possible" if has_words or distance <= limits.possible else "none"


def candidates(
    encoded: EncodedQuery,
    assets: AssetQuerySet,
    limits: Thresholds | None,
    *,
    near: int,
    mentioning: int,
) -> list[Candidate]:
    """The `near` nearest of the assets, more where they match and were reached too, and
    `mentioning` of those in which the words of the query occur, or which look just like its
    pictures: the best first."""
    query = encoded.query
    plan, (near_sql, near_values) = nearest_of_any(
        encoded, assets, limit=near, with_all_reached=bool(limits) and not query.everything
    )
    words_sql, words_values = sql_of(_certain(encoded, assets, mentioning))
    strong, possible = limits or (LARGEST_DISTANCE, LARGEST_DISTANCE)
    beyond = near if query.everything else BEYOND
    statement = _FUSED.format(
        near=near_sql,
        mentioning=words_sql,
        most=mentioning,
        k=RRF_K,
        pool=POOL,
        weight=weight_of_words(query),
        whole=lexical.WHOLE if limits else 0,
        farthest=LARGEST_DISTANCE,
    )
    with nearest.searching(plan), connection.cursor() as cursor:
        numbers = possible, beyond, beyond, strong, possible, possible
        cursor.execute(statement, [*near_values, *words_values, *numbers])
        return [Candidate(*row) for row in cursor.fetchall()]


def _certain(encoded: EncodedQuery, assets: AssetQuerySet, most: int) -> QuerySet[Any, Any]:
    """Those of the assets that are hits whatever their vectors say, annotated as by its words."""
    if most and weight_of_words(encoded.query):
        return _some_mentioning_words(encoded.query, assets)
    if not encoded.copies:
        return assets.none().annotate(**_AS_COPIES).values(*_COLUMNS)
    # A slice, lest they are read in the order of keys, all of the library: a walk may not sort.
    return copies.among(assets, encoded.copies).annotate(**_AS_COPIES).values(*_COLUMNS)[:most]


def _some_mentioning_words(query: Query, assets: AssetQuerySet) -> QuerySet[Any, Any]:
    """Those of the assets in which the words occur; where very many, some, and of all of them those
    that are near or called just this."""
    mentioning = mentioning_words(query, assets).order_by().values(*_COLUMNS)
    if facets.library_size() <= COMMON:
        return mentioning
    near = mentioning.filter(pk__in=RawSQL("SELECT id FROM near", ()))
    return mentioning[:COMMON].union(near, mentioning.filter(lexical.called(*texts(query))))


def mentioning_words(query: Query, assets: AssetQuerySet) -> AssetQuerySet:
    """Those of the assets in which the words of the query occur, the best first."""
    return lexical.search(assets, *texts(query))


def texts(query: Query) -> tuple[list[str], list[str], list[lexical.TextSearch]]:
    """The words and phrases of a query, and those of the other sides of its ORs."""
    first, *others = (side.words for side in query.alternatives)
    return (
        first.plain,
        first.phrases,
        [lexical.TextSearch(other.plain, other.phrases) for other in others],
    )


def weight_of_words(query: Query) -> float:
    """What a place by words counts beside one by meaning: as much, or as the balance has it."""
    return query.balance / EVEN if query.is_mixed else float(bool(query.text))


# What a copy of the query's picture has in place of words: nothing could fit better.
_AS_COPIES = {"where": Value(lexical.WHOLE), "exact": Value(True), "rank": Value(1.0)}
_COLUMNS = ("pk", "cluster", "where", "exact", "rank")

# Strong matches come first, then possible ones, each under one heading, so that a page of
# everything begins like a page of the matches. What lies beyond the first POOL of a ranking gets
# nothing for its place there: in a larger pool, which later pages are taken from, those before it
# keep their order.
_FUSED = """
WITH near AS MATERIALIZED (
    SELECT id, cluster, distance, row_number() OVER (ORDER BY distance, id) AS place
    FROM ({near}) AS nearest (id, cluster, distance)
), mentioning AS MATERIALIZED (
    SELECT id, cluster, place_of, exact, rank() OVER (ORDER BY exact DESC, score DESC) AS place,
        row_number() OVER (ORDER BY exact DESC, score DESC, id) AS row
    FROM ({mentioning}) AS matching (id, cluster, place_of, exact, score)
    ORDER BY exact DESC, score DESC, id LIMIT {most}
)
SELECT id::text, COALESCE(near.cluster, mentioning.cluster)::text, distance, place_of,
    COALESCE(exact, false)
FROM near FULL JOIN mentioning USING (id)
WHERE near.place <= (SELECT count(*) FROM near WHERE distance <= %s) + %s
    OR mentioning.row <= (SELECT count(*) FROM mentioning WHERE place_of & {whole} = {whole}) + %s
ORDER BY COALESCE(exact, false) DESC, COALESCE(distance, {farthest}) <= %s DESC,
    COALESCE(place_of & {whole} = {whole}, false) OR COALESCE(distance, {farthest}) <= %s DESC,
    CASE WHEN near.place <= {pool} THEN 1.0 / ({k} + near.place) ELSE 0 END
        + CASE WHEN mentioning.row <= {pool}
            THEN {weight} / ({k} + mentioning.place) ELSE 0 END DESC,
    CASE WHEN mentioning.row <= {pool} AND near.place > {pool}
            OR mentioning.row > 0 AND distance > %s THEN NULL
        ELSE distance END,
    mentioning.row,
    id
"""
