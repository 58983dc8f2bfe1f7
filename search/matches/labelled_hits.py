"""What people have said of hits, as examples."""

from typing import Any

import numpy as np
from django.db.models import QuerySet

from search.matches.examples import Encode, Hits, Library, hits
from search.matches.features import Numbers, Vectors, features
from search.models import Calibration, Embedding, Encoder, Judgement

# The latest: each query in words is a text to encode.
MOST = 2000
# A person who looked is worth more than what titles suggest, of which there are as many always.
WEIGHT = 4.0


def judgements(kind: Calibration.Kind) -> QuerySet[Judgement]:
    """Those of queries of this kind."""
    if kind == Calibration.Kind.WORDS:
        return Judgement.objects.exclude(query__words="")
    # Pictures that were only shown to the search have no stored vector.
    return Judgement.objects.filter(query__asset__isnull=False)


def judged(
    kind: Calibration.Kind, encoder: Encoder, library: Library, encode: Encode | None
) -> tuple[Hits, int]:
    """The judged hits of this kind, and how many judgements there are."""
    said = judgements(kind).order_by("-pk")[:MOST]
    rows = list(said.values_list("query", "query__words", "query__asset", "asset", "grade"))
    vectors = stored(encoder, {asset for *_, asked, asset, _ in rows for asset in (asked, asset)})
    queries = _queries(rows, vectors, encode)
    found = [
        (queries[query], vectors[asset], grade)
        for query, _, _, asset, grade in rows
        if query in queries and asset in vectors
    ]
    known = [_known(query, asset, library) for query, asset, _ in found]
    return hits(known, [grade > 0 for *_, grade in found], WEIGHT), len(rows)


def stored(encoder: Encoder, assets: set[Any]) -> dict[Any, Vectors]:
    done = Embedding.objects.filter(encoder=encoder.pk, asset__in=assets - {None}).done()
    return {pk: np.array(v, np.float32) for pk, v in done.values_list("asset", "vector")}


def _queries(
    rows: list[Any], vectors: dict[Any, Vectors], encode: Encode | None
) -> dict[int, Vectors]:
    """The vector of each judged query that has one."""
    words = {query: said for query, said, *_ in rows if said}
    found = {query: vectors[asked] for query, _, asked, *_ in rows if asked in vectors}
    if encode and words:
        found |= dict(zip(words, encode(list(words.values())), strict=True))
    return found


def _known(query: Vectors, asset: Vectors, library: Library) -> Numbers:
    return np.r_[query @ asset, features(query[None], library.sample, library.bank)[0]]
