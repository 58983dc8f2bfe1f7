"""From a query to one page of hits: encode, permit, rank, and an answer made at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Prefetch
from django.db.models.functions import Lower

from search.library.near_duplicates import collapse
from search.models import Asset, Encoder, Rendition, User
from search.models.asset import AssetQuerySet
from search.query import facets, fusion, lexical
from search.query.cutouts import with_origins
from search.query.diversity import diversify
from search.query.facets import Choice, Facets
from search.query.fusion import BEYOND, Candidate
from search.query.permitted import far_from, permitted
from search.query.pictures import NoVector
from search.query.query import Query, Sort
from search.query.ranking import Ranking, rank, rank_by_meaning, rankable
from search.query.vectors import EncodedQuery, encode

PAGE_SIZE = 48
NOTHING_CLOSE = "Nothing is very close to this; the nearest come first."
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


@dataclass(frozen=True, slots=True)
class Hit:
    """An asset in an answer, and what there is to say of it there."""

    asset: Asset
    distance: float | None = None  # None where it was not found by meaning.
    match: str = ""  # Strong, possible or none; empty where nothing is said of it.
    why: tuple[str, ...] = ()  # The fields that the words of the query occur in.
    duplicates: int = 0  # Number of near-duplicates that it stands for.
    begins: str = ""  # The match that begins with it, where hits stand in the order of matches.

    @property
    def score(self) -> float | None:
        """The cosine similarity, -1 to 1."""
        return None if self.distance is None else 1 - self.distance


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of hits, how they were found, and what there is to say about it."""

    query: Query
    encoder: Encoder | None = None
    ranked: bool = False  # By meaning; otherwise by words in common, or in the order of a list.
    page: int = 1
    hits: tuple[Hit, ...] = ()
    has_more: bool = False
    count: int = 0  # Of the assets that match, near-duplicates too.
    is_whole: bool = True  # There are no more than counted.
    is_sampled: bool = False  # They were counted in a sample.
    has_rest: bool = False  # There is what does not match.
    has_thresholds: bool = False  # Hits say whether they match.
    nearest: tuple[Hit, ...] = ()  # Where nothing matches.
    is_far: bool = False  # Nothing matches pictures that are asked by alone: all is shown.
    facets: dict[str, list[Choice]] = field(default_factory=dict)
    sentence: str = ""

    @property
    def next_page(self) -> int:
        return self.page + 1

    @property
    def has_duplicates(self) -> bool:
        """Whether hits of this page stand for near-duplicates."""
        return any(hit.duplicates for hit in self.hits)


class Page(NamedTuple):
    """Which part of the hits is shown, whether facets stand beside it, and who looks."""

    number: int
    size: int
    with_facets: bool
    user: User | AnonymousUser

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size

    @property
    def has_before(self) -> bool:
        """Whether there is a page before it."""
        return self.number > 1

    @property
    def end(self) -> int:
        """One more than the page holds tells whether there is more."""
        return self.number * self.size + 1


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
    part = Page(page, size, with_facets, user)
    first = encoder or Encoder.objects.serving()
    result = _answer(query, first, part)
    if encoder is None and (result.sentence or not result.hits):
        # The encoder may have been taken out of service, and away, meanwhile.
        serving = Encoder.objects.serving()
        if serving != first:
            return _answer(query, serving, part)
    return result


def nearest_hits(encoded: EncodedQuery, user: User | AnonymousUser, *, limit: int) -> list[Hit]:
    """The nearest of the permitted assets by this encoder alone, whatever else they have in common
    with the query."""
    ranking = rank_by_meaning(encoded, permitted(encoded.query, user), limit=limit)
    return _hits([(candidate, 0) for candidate in ranking.candidates], ranking, user)


def _answer(query: Query, encoder: Encoder | None, page: Page) -> Answer:
    user = page.user
    assets = permitted(query, user)
    if not query.needs_encoder:
        return _in_order(query, assets.order_by(*ORDERS[query.sort]), encoder, page)
    try:
        encoded = _encode(query, encoder, user)
    except NoVector as refusal:
        return _by_words(query, assets, encoder, page, refusal)
    assets = far_from(assets, encoded)
    if not encoded.vector:
        return _in_order(query, assets.order_by(*ORDERS[query.sort]), encoder, page)
    encoded = with_origins(encoded, assets, user)
    ranking = rank(encoded, assets, least=page.end)
    is_far = bool(ranking.candidates) and not ranking.matches
    if is_far and query.by_pictures_alone and not query.everything:
        return _from_afar(encoded, assets, page)
    return _by_rank(encoded, assets, ranking, page)


def _encode(query: Query, encoder: Encoder | None, user: User | AnonymousUser) -> EncodedQuery:
    if encoder is None:
        raise NoVector("no_encoder_serves")
    return encode(query, encoder, user)


def _by_words(
    query: Query, assets: AssetQuerySet, encoder: Encoder | None, page: Page, refusal: NoVector
) -> Answer:
    """Where there is no vector: the assets in which the words occur."""
    if not query.text:
        return _in_order(query, assets.none(), encoder, page, str(refusal))
    result = _in_order(query, fusion.mentioning_words(query, assets), encoder, page)
    mention = ["These assets mention your words."] if result.hits else []
    return replace(result, sentence=" ".join([str(refusal), *mention]))


def _in_order(
    query: Query, assets: AssetQuerySet, encoder: Encoder | None, page: Page, sentence: str = ""
) -> Answer:
    """A page of rows in the order that they have."""
    there = assets.still_visible_to(page.user).with_clearance().prefetch_related(_thumbnails())
    rows = list(there[page.first : page.end])
    counts = _counts(query, assets, page)
    return Answer(
        query,
        encoder,
        page=page.number,
        hits=tuple(Hit(asset) for asset in rows[: page.size]),
        has_more=len(rows) > page.size,
        count=counts.assets,
        is_sampled=counts.is_sampled,
        facets=counts.choices,
        sentence=sentence,
    )


def _by_rank(encoded: EncodedQuery, assets: AssetQuerySet, ranking: Ranking, page: Page) -> Answer:
    """A page of a ranking."""
    query, matching = encoded.query, ranking.matching()
    groups = _groups(_arrange(encoded, ranking), query, page)
    before, groups = groups[: page.has_before], groups[page.has_before :]
    hits = _hits(groups[: page.size], ranking, page.user)
    if query.sort == Sort.RELEVANCE and not query.diversity:
        hits = _headed(hits, before[0][0].match(ranking.limits) if before else "")
    shows_nearest = not matching and page.number == 1 and not query.everything
    nearest = [(candidate, 0) for candidate in ranking.candidates[:BEYOND] if shows_nearest]
    counts = _counts_of_ranking(encoded, assets, ranking, page)
    return Answer(
        query,
        encoded.encoder,
        ranked=True,
        page=page.number,
        hits=tuple(hits),
        has_more=len(groups) > page.size,
        count=counts.assets,
        is_sampled=counts.is_sampled,
        is_whole=ranking.is_whole,
        has_rest=len(ranking.candidates) > len(matching) and not query.everything,
        has_thresholds=ranking.limits is not None,
        nearest=tuple(_hits(nearest, ranking, page.user)),
        facets=counts.choices,
        # Where nothing is found it does not matter that words were cut off.
        sentence=encoded.sentence if hits else "",
    )


def _from_afar(encoded: EncodedQuery, assets: AssetQuerySet, page: Page) -> Answer:
    """The same where nothing matches pictures: the nearest, since something always is.

    Only they are counted: to count the library took 1.8 s of 100,000 assets.
    """
    everything = replace(encoded, query=encoded.query.but(everything=True))
    ranking = rank(everything, assets, least=page.end)
    number = len(ranking.candidates)
    # One that was cut off holds a multiple of POOL.
    ranking = ranking._replace(matches=number, is_whole=number % fusion.POOL > 0)
    result = _by_rank(encoded, assets, ranking, page)
    hits = tuple(replace(hit, match="") for hit in result.hits)
    return replace(result, hits=hits, is_far=True, sentence=NOTHING_CLOSE)


# What is counted ----------------------------------------------------------------------------------


def _counts(query: Query, assets: AssetQuerySet, page: Page) -> Facets:
    """How many there are, and what narrows them down."""
    if page.with_facets:
        return facets.facets(query, assets, page.user)
    number, is_sampled = facets.count(assets)
    return Facets(number, {}, is_sampled)


def _counts_of_ranking(
    encoded: EncodedQuery, assets: AssetQuerySet, ranking: Ranking, page: Page
) -> Facets:
    """The same of those that match, or of all where every one is shown."""
    if encoded.query.everything or not ranking.limits:
        return _counts(encoded.query, rankable(encoded, assets), page)
    ids = [candidate.pk for candidate in ranking.matching()]
    if page.with_facets:
        return facets.facets(encoded.query, ids, page.user)
    return Facets(len(ids), {})


# What is shown ------------------------------------------------------------------------------------


def _arrange(encoded: EncodedQuery, ranking: Ranking) -> list[Candidate]:
    """Those of the ranking that are shown, in the order of the query."""
    query = encoded.query
    candidates = ranking.candidates if query.everything else ranking.matching()
    if query.diversity:
        candidates = diversify(candidates, encoded.encoder)
    if query.sort == Sort.RELEVANCE:
        return candidates
    by_pk = {candidate.pk: candidate for candidate in candidates}
    ordered = Asset.objects.filter(pk__in=list(by_pk)).order_by(*ORDERS[query.sort])
    return [by_pk[str(pk)] for pk in ordered.values_list("pk", flat=True)]


def _groups(
    candidates: Sequence[Candidate], query: Query, page: Page
) -> list[tuple[Candidate, int]]:
    """Those of the page, the one before and one more, each with the number of near-duplicates that
    it stands for."""
    part = slice(page.first - page.has_before, page.end)
    if query.duplicates:
        return [(candidate, 0) for candidate in candidates[part]]
    groups = collapse((candidate.pk, candidate.cluster) for candidate in candidates)
    others = dict(groups[part])
    return [(candidate, others[candidate.pk]) for candidate in candidates if candidate.pk in others]


def _hits(
    groups: Sequence[tuple[Candidate, int]], ranking: Ranking, user: User | AnonymousUser
) -> list[Hit]:
    """The hits of a page in its order."""
    rows = Asset.objects.still_visible_to(user).filter(pk__in=[c.pk for c, _ in groups])
    rows = rows.with_clearance().prefetch_related(_thumbnails())
    assets = {str(asset.pk): asset for asset in rows}
    # One may have been deleted, or taken away from this person, a moment ago.
    return [_hit(assets[c.pk], c, others, ranking) for c, others in groups if c.pk in assets]


def _hit(asset: Asset, candidate: Candidate, others: int, ranking: Ranking) -> Hit:
    why = () if candidate.where is None else tuple(lexical.why(candidate.where))
    return Hit(asset, candidate.distance, candidate.match(ranking.limits), why, others)


def _headed(hits: Sequence[Hit], before: str) -> list[Hit]:
    """The hits in the order of matches, each that begins one with its heading; what does not match
    has one only below what does."""
    matches = [before, *(hit.match for hit in hits)]
    return [
        replace(
            hit, begins="" if hit.match == last or (last, hit.match) == ("", "none") else hit.match
        )
        for last, hit in zip(matches, hits, strict=False)
    ]


def _thumbnails() -> "Prefetch[str]":
    return Prefetch("renditions", Rendition.objects.filter(spec=Rendition.Spec.THUMBNAIL))
