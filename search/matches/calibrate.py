"""Fits what tells a match from the rest, to the library and to what people have judged."""

import logging

import numpy as np
from django.db import transaction

from search.matches import examples, logistic
from search.matches.examples import Encode, Examples, Hits, Library, together
from search.matches.features import (
    POSSIBLE_HEIGHT,
    STRONG_HEIGHT,
    Bank,
    Numbers,
    at_height,
    cut,
    features,
    floor,
)
from search.matches.labelled_hits import judged, judgements
from search.matches.synthetic_queries import texts_for
from search.matches.thresholds import SAMPLE, sample_of
from search.models import Calibration, Embedding, Encoder

logger = logging.getLogger(__name__)

# Fewer assets give no background, and fewer judgements no share of right ones.
LEAST, LEAST_JUDGEMENTS = 50, 20
# Where titles do not even tell the asset that fits from four others that don't, they say nothing
# of what the pictures show: IMG_4711.
LEAST_AGREEMENT = 0.8
# Log-odds beyond those at which as many are lost as are wrong: made-up words are easier to tell
# from known ones than real words are, by bench/bands.py on catalogues of other seeds.
CAUTION = 0.2
# Of the strong ones among the examples so many fit. That is less than is promised: titles suggest
# longer queries than people type, to which fewer assets are right.
PRECISION = 0.83

Weights = dict[str, list[float]]


class TooFew(Exception):
    """The library is too small to calibrate by; the text is a sentence for a person."""


def stale(encoder: Encoder) -> bool:
    """Whether the library, up to a full sample, or its judgements have doubled since the fit."""
    assets = _embedded(encoder)
    if assets < LEAST:
        return False
    rows = Calibration.objects.filter(encoder=encoder.pk)
    fits = {kind: then for kind, *then in rows.values_list("kind", "assets", "judgements")}
    return any(
        kind not in fits
        or assets >= min(2 * fits[kind][0], SAMPLE) > fits[kind][0]
        or judgements(kind).count() >= max(2 * fits[kind][1], LEAST_JUDGEMENTS)
        for kind in Calibration.Kind
    )


def calibrate(encoder: Encoder, encode: Encode | None = None) -> list[Calibration]:
    """Fit and store the bands of this encoder, for both kinds of query. Raises TooFew.

    `encode` maps texts to the encoder's unit vectors; without it nothing is learned from titles,
    nor from judged words. Nothing is stored for an encoder that is gone.
    """
    assets = _embedded(encoder)
    if assets < LEAST:
        raise TooFew(f"{encoder} has embedded {assets} assets: there are no bands before {LEAST}.")
    library = _library(encoder, encode)
    found = [_calibration(encoder, kind, library, encode) for kind in Calibration.Kind]
    with transaction.atomic():
        # Held, so that it does not go between the look and the writing.
        held = Encoder.objects.select_for_update(no_key=True, of=("self",))
        if not held.filter(pk=encoder.pk).exists():
            return []
        return [_stored(calibration) for calibration in found]


def _embedded(encoder: Encoder) -> int:
    return Embedding.objects.filter(encoder=encoder.pk).done()[:SAMPLE].count()


def _library(encoder: Encoder, encode: Encode | None) -> Library:
    titles, sample = sample_of(encoder)
    texts = texts_for(titles if encode else [""] * len(titles))
    nothing = np.zeros((0, encoder.dimensions), np.float32)
    if encode is None:
        return examples.library_of(sample, texts._replace(titles=[]), Bank(nothing, nothing))
    bank = Bank(encode(texts.titles), encode(texts.words) if texts.words else nothing)
    return examples.library_of(sample, texts, bank)


def _calibration(
    encoder: Encoder, kind: Calibration.Kind, library: Library, encode: Encode | None
) -> Calibration:
    found = _examples(kind, library, encode)
    if found.agreement < LEAST_AGREEMENT:
        library, found = library.without_texts(), examples.NONE
    said, count = judged(kind, encoder, library, encode)
    if count < LEAST_JUDGEMENTS:
        said = examples.NO_HITS
    weights = {
        "possible": _possible(together(found.possible, said)),
        "strong": _strong(together(found.strong, said)),
    }
    # Where no query is known to be answered, the assets themselves are the queries at hand.
    answered = found.possible.known[found.possible.fits, 1:]
    known = answered if len(answered) else features(library.sample, library.sample, library.bank)
    strong, possible = _typical(weights, known)
    return Calibration(
        encoder=encoder,
        kind=kind,
        strong=strong,
        possible=possible,
        weights=weights,
        known=np.concatenate(library.bank).astype(np.float16).tobytes(),
        titles=len(library.bank.titles),
        assets=len(library.sample),
        judgements=count,
    )


def _examples(kind: Calibration.Kind, library: Library, encode: Encode | None) -> Examples:
    if encode is None or not library.texts.queries:
        return examples.NONE
    if kind == Calibration.Kind.PICTURE:
        return examples.examples(library, examples.of_pictures(library), [])
    cases = examples.of_words(library, encode)
    return examples.examples(library, cases, examples.made_up(library, encode))


def _possible(found: Hits) -> list[float]:
    """By what a hit must stand out to be a match at all."""
    if not found.has_both:
        return at_height(POSSIBLE_HEIGHT)
    fits = found.fits.astype(float)
    weights = logistic.rising(found.known, fits, found.weight)
    odds = logistic.odds(weights, found.known)
    weights[-1] -= logistic.even(odds, fits, found.weight) + CAUTION
    return weights.tolist()


def _strong(found: Hits) -> list[float]:
    """How far it must rise above the background for nearly all such hits to be right."""
    height = None
    if found.has_both:
        fits = found.fits.astype(float)
        height = logistic.precise(found.heights, fits, found.weight, PRECISION)
    return at_height(STRONG_HEIGHT if height is None else height)


def _typical(weights: Weights, known: Numbers) -> tuple[float, float]:
    """The scores from which both bands begin, for the median of these queries."""
    possible = np.maximum(cut(weights["possible"], known), floor(known))
    strong = np.maximum(cut(weights["strong"], known), possible)
    return float(np.median(strong)), float(np.median(possible))


def _stored(found: Calibration) -> Calibration:
    fields = ("strong", "possible", "weights", "known", "titles", "assets", "judgements")
    return Calibration.objects.update_or_create(
        encoder=found.encoder,
        kind=found.kind,
        defaults={field: getattr(found, field) for field in fields},
    )[0]
