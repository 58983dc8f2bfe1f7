"""From a query to one page of hits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Prefetch
from django.db.models.functions import Lower

from search.library.near_duplicates import collapse
from search.models import Asset, Encoder, Rendition, User
from search.models.asset import AssetQuerySet
from search.query import lexical
from search.query.diversity import diversify
from search.query.facets import Choice, facets
from search.query.pictures import NoVector
from search.query.query import Query, Sort
from search.query.ranking import (
    BEYOND,
    Candidate,
    Ranking,
    far_from,
    permitted,
    rank,
    rank_by_meaning,
    rankable,
)
from search.query.ranking import mentioning as mention_words
from search.query.vectors import vector_of, without

PAGE_SIZE = 48
ORDERS = {
    Sort.RELEVANCE: ("-created", "pk"),
    Sort.NEWEST: ("-created", "pk"),
    Sort.OLDEST: ("created", "pk"),
    # When no one knows when a picture was taken, it comes last.
    Sort.TAKEN: (F("taken").desc(nulls_last=True), "-created", "pk"),
    Sort.LARGEST: ("-bytes", "pk"),
    Sort.SMALLEST: ("bytes", "pk"),
    Sort.NAME: (Lower("title"), "pk"),
}


@dataclass(slots=True)
class Answer:
    """One page of hits, how they were found, and what there is to say about it."""

    query: Query
    page: int
    ranked: bool  # By meaning; otherwise by words in common, or in the order of a list.
    encoder: Encoder | None
    hits: list[Asset] = field(default_factory=list)
    has_more: bool = False
    count: int = 0  # Of the assets that match, near-duplicates too.
    is_whole: bool = True  # There are no more than counted.
    has_rest: bool = False  # There is what does not match.
    nearest: list[Asset] = field(default_factory=list)  # Where nothing matches.
    facets: dict[str, list[Choice]] = field(default_factory=dict)
    sentence: str = ""
    has_bands: bool = False

    @property
    def next_page(self) -> int:
        return self.page + 1

    @property
    def has_duplicates(self) -> bool:
        """Whether hits of this page stand for near-duplicates."""
        return any(hit.duplicates for hit in self.hits)


class Found(NamedTuple):
    """What an answer shows its pages of: the candidates in their order, or rows yet to be cut."""

    ranking: Ranking | None
    assets: AssetQuerySet
    encoder: Encoder | None
    sentence: str = ""


def answer(
    query: Query,
    user: User | AnonymousUser,
    *,
    encoder: Encoder | None = None,
    page: int = 1,
    size: int = PAGE_SIZE,
    with_facets: bool = False,
) -> Answer:
    """The hits of one page, by the serving encoder unless another is given.

    Where no encoder answers, those that share the query's words.
    """
    asked = encoder or Encoder.objects.serving()
    found = _answered(query, user, asked, page, size, with_facets)
    if encoder is None and (found.sentence or not found.hits):
        # It may have been taken out of service, and away, while it was asked.
        serving = Encoder.objects.serving()
        if serving != asked:
            return _answered(query, user, serving, page, size, with_facets)
    return found


def _answered(
    query: Query,
    user: User | AnonymousUser,
    encoder: Encoder | None,
    page: int,
    size: int,
    with_facets: bool,
) -> Answer:
    found = _found(query, user, encoder, page * size + 1)
    result = Answer(query, page, found.ranking is not None, encoder, sentence=found.sentence)
    if found.ranking is None:
        _show_rows(result, found.assets, size)
    else:
        _show_ranking(result, found.ranking, size)
    if result.ranked and not result.hits:
        result.sentence = ""  # Nothing was found by the words that were used, either.
    _count(result, found, with_facets)
    return result


def _found(query: Query, user: User | AnonymousUser, encoder: Encoder | None, least: int) -> Found:
    assets = permitted(query, user)
    if not query.has_vector and not query.words.without:
        return Found(None, assets.order_by(*ORDERS[query.sort]), encoder)
    try:
        if encoder is None:
            raise NoVector("No encoder serves yet.")
        if not query.has_vector:
            far = far_from(assets, without(query, encoder), encoder)
            return Found(None, far.order_by(*ORDERS[query.sort]), encoder)
        encoded = vector_of(query, encoder, user)
        assets = far_from(assets, without(query, encoder), encoder)
        ranking = rank(query, assets, encoder, encoded, least=least)
        return Found(ranking, assets, encoder, encoded.sentence)
    except NoVector as error:
        mention = " These assets mention your words." if query.text else ""
        mentioning = mention_words(query, assets) if query.text else assets.none()
        order = ("-exact", "-rank", "pk") if query.text else ("pk",)
        return Found(None, mentioning.order_by(*order), encoder, f"{error}{mention}")


def _show_rows(result: Answer, assets: AssetQuerySet, size: int) -> None:
    first = (result.page - 1) * size
    # One more than the page tells whether there is more.
    hits = list(assets.prefetch_related(_thumbnails())[first : first + size + 1])
    result.hits, result.has_more = hits[:size], len(hits) > size


def _show_ranking(result: Answer, ranking: Ranking, size: int) -> None:
    query, matched = result.query, ranking.matched()
    result.count, result.is_whole = len(matched), ranking.is_whole
    result.has_bands = ranking.cuts is not None
    shown = ranking.candidates if query.everything else matched
    result.has_rest = len(ranking.candidates) > len(matched) and not query.everything
    if query.diversity and result.encoder:
        shown = diversify(shown, result.encoder)
    shown = _sorted(shown, query.sort)
    groups = _grouped(shown, query)
    first = (result.page - 1) * size
    page = groups[first : first + size + 1]
    result.has_more = len(page) > size
    by_pk = {candidate.pk: candidate for candidate in ranking.candidates}
    result.hits = _hits(page[:size], by_pk, ranking)
    if not matched and result.page == 1 and not query.everything:
        nearest = [(candidate.pk, 0) for candidate in ranking.candidates[:BEYOND]]
        result.nearest = _hits(nearest, by_pk, ranking)


def _count(result: Answer, found: Found, with_facets: bool) -> None:
    """How many there are, and with what in common; matches are counted already."""
    among = _counted(result.query, found)
    if with_facets:
        result.count, result.facets = facets(result.query, among)
    elif isinstance(among, AssetQuerySet):
        result.count = among.count()


def _counted(query: Query, found: Found) -> AssetQuerySet | list[str]:
    """The assets that are counted: those that match, or all where every one is shown."""
    if found.ranking is None or found.encoder is None:
        return found.assets
    if query.everything or not found.ranking.cuts:
        return rankable(query, found.assets, found.encoder)
    return [candidate.pk for candidate in found.ranking.matched()]


def _sorted(candidates: Sequence[Candidate], sort: Sort) -> list[Candidate]:
    if sort == Sort.RELEVANCE:
        return list(candidates)
    by_pk = {candidate.pk: candidate for candidate in candidates}
    ordered = Asset.objects.filter(pk__in=list(by_pk)).order_by(*ORDERS[sort])
    return [by_pk[str(pk)] for pk in ordered.values_list("pk", flat=True)]


def _grouped(candidates: Sequence[Candidate], query: Query) -> list[tuple[str, int]]:
    if query.duplicates:
        return [(candidate.pk, 0) for candidate in candidates]
    return collapse((candidate.pk, candidate.cluster) for candidate in candidates)


def _hits(
    page: Sequence[tuple[str, int]], candidates: dict[str, Candidate], ranking: Ranking
) -> list[Asset]:
    """The assets of a page in its order, each with what there is to say of it as a hit."""
    shown = Asset.objects.filter(pk__in=[pk for pk, _ in page]).prefetch_related(_thumbnails())
    found = {str(asset.pk): asset for asset in shown}
    hits = []
    for pk, others in page:
        # It may have been deleted a moment ago.
        if hit := found.get(pk):
            candidate = candidates[pk]
            hit.distance, hit.duplicates = candidate.distance, others
            hit.score = None if candidate.distance is None else 1 - candidate.distance
            hit.match = candidate.match(ranking.cuts)
            hit.why = lexical.why(candidate.where) if candidate.where is not None else []
            hits.append(hit)
    return hits


def _thumbnails() -> "Prefetch[str]":
    return Prefetch("renditions", Rendition.objects.filter(spec=Rendition.Spec.THUMBNAIL))


def by_meaning(
    query: Query, user: User | AnonymousUser, encoder: Encoder, *, size: int
) -> list[Asset]:
    """The nearest of the permitted assets by this encoder alone, whatever else they have in common
    with the query. Raises NoVector."""
    encoded = vector_of(query, encoder, user)
    assets = permitted(query, user)
    ranking = rank_by_meaning(query, assets, encoder, encoded, limit=size)
    by_pk = {candidate.pk: candidate for candidate in ranking.candidates}
    return _hits([(pk, 0) for pk in by_pk], by_pk, ranking)
