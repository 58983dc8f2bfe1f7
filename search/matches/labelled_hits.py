"""Hits that people have judged, as examples."""

from typing import Any

import numpy as np
from django.db.models import QuerySet

from search.matches.features import Numbers, Vectors, features
from search.matches.synthetic_hits import Encode, Hits, Library, hits
from search.models import Calibration, Embedding, Encoder, Judgement

# Maximum judgements, the latest: each query in words is a text to encode.
MOST = 2000
# Weight of all judged hits together: more than that of the synthetic ones, 1 for each kind, of
# which there are always as many, since a person has looked at them.
WEIGHT = 4.0


def judgements(kind: Calibration.Kind) -> QuerySet[Judgement]:
    """Those of queries of this kind."""
    if kind == Calibration.Kind.WORDS:
        return Judgement.objects.exclude(query__words="")
    # Pictures that were only shown to the search have no stored vector.
    return Judgement.objects.filter(query__asset__isnull=False)


def judged_hits(
    kind: Calibration.Kind, encoder: Encoder, library: Library, encode: Encode | None
) -> tuple[Hits, int]:
    """The judged hits of this kind, and how many judgements there are."""
    latest = judgements(kind).order_by("-pk")[:MOST]
    rows = list(latest.values_list("query", "query__words", "query__asset", "asset", "grade"))
    assets = {pk for *_, example, asset, _ in rows for pk in (example, asset)}
    vectors = stored_vectors(encoder, assets)
    queries = _queries(rows, vectors, encode)
    triples = [
        (queries[query], vectors[asset], grade)
        for query, _, _, asset, grade in rows
        if query in queries and asset in vectors
    ]
    inputs = [_inputs(query, asset, library) for query, asset, _ in triples]
    return hits(inputs, [grade > 0 for *_, grade in triples], WEIGHT), len(rows)


def stored_vectors(encoder: Encoder, assets: set[Any]) -> dict[Any, Vectors]:
    """The vectors of those of these assets that are embedded, by id."""
    done = Embedding.objects.filter(encoder=encoder.pk, asset__in=assets - {None}).done()
    return {pk: np.array(v, np.float32) for pk, v in done.values_list("asset", "vector")}


def _queries(
    rows: list[Any], vectors: dict[Any, Vectors], encode: Encode | None
) -> dict[int, Vectors]:
    """The vector of each judged query that has one."""
    words = {query: text for query, text, *_ in rows if text}
    queries = {query: vectors[example] for query, _, example, *_ in rows if example in vectors}
    if encode and words:
        queries |= dict(zip(words, encode(list(words.values())), strict=True))
    return queries


def _inputs(query: Vectors, asset: Vectors, library: Library) -> Numbers:
    return np.r_[query @ asset, features(query[None], library.sample, library.bank)[0]]
