"""Fits the thresholds of matches to the library and to what people have judged."""

import logging

import numpy as np
from django.db import transaction

from search.matches import synthetic_hits
from search.matches.features import (
    POSSIBLE_HEIGHT,
    STRONG_HEIGHT,
    Bank,
    Numbers,
    features,
    lowest_match,
    threshold,
    weights_at_height,
)
from search.matches.labelled_hits import judged_hits, judgements
from search.matches.synthetic_hits import Encode, Examples, Hits, Library, join
from search.matches.synthetic_queries import texts_for
from search.matches.thresholds import SAMPLE, sample_of
from search.models import Calibration, Embedding, Encoder
from search.refusals import Refusal

logger = logging.getLogger(__name__)

# Minimum assets for a background, and minimum judgements for a share of right ones.
LEAST, LEAST_JUDGEMENTS = 50, 20
# Minimum share of the assets that do not fit which score below one that does; below it titles do
# not describe the pictures: IMG_4711.
LEAST_AGREEMENT = 0.8
# Log-odds added to those at which as many are lost as are wrong: made-up words are easier to
# recognize as foreign than real words are, by bench/matches.py on catalogues of other seeds.
CAUTION = 0.2
# Share of the examples' strong matches that fit. That is less than is promised: synthetic queries
# are longer than those that people type, and fewer assets are right for them.
PRECISION = 0.83
# Ridge of the fit, on weights in units of their inputs' deviations: queries that people type differ
# from synthetic ones.
RIDGE = 0.1
# Minimum log-odds for each unit of score: a threshold that a higher score does not pass is none.
LEAST_SLOPE = 1.0

Weights = dict[str, list[float]]


class TooFew(Refusal):
    """The library is too small to calibrate by."""


def stale(encoder: Encoder) -> bool:
    """Whether the library, up to a full sample, or its judgements have doubled since the fit."""
    assets = _embedded(encoder)
    if assets < LEAST:
        return False
    rows = Calibration.objects.filter(encoder=encoder.pk)
    fitted_to = {kind: counts for kind, *counts in rows.values_list("kind", "assets", "judgements")}
    return any(
        kind not in fitted_to
        or assets >= min(2 * fitted_to[kind][0], SAMPLE) > fitted_to[kind][0]
        or judgements(kind).count() >= max(2 * fitted_to[kind][1], LEAST_JUDGEMENTS)
        for kind in Calibration.Kind
    )


def calibrate(encoder: Encoder, encode: Encode | None = None) -> list[Calibration]:
    """Fit and store the thresholds of this encoder, for both kinds of query. Raises TooFew.

    `encode` maps texts to the encoder's unit vectors; without it nothing is learned from titles,
    nor from judged words. Nothing is stored for an encoder that is gone.
    """
    assets = _embedded(encoder)
    if assets < LEAST:
        figures = {"encoder": str(encoder), "assets": assets, "least": LEAST}
        raise TooFew("too_few_assets_to_calibrate", **figures)
    library = _library(encoder, encode)
    calibrations = [_calibration(encoder, kind, library, encode) for kind in Calibration.Kind]
    with transaction.atomic():
        # Locked, so that it is not deleted between the check and the writing.
        row = Encoder.objects.select_for_update(no_key=True, of=("self",))
        if not row.filter(pk=encoder.pk).exists():
            return []
        return [_store(calibration) for calibration in calibrations]


def _embedded(encoder: Encoder) -> int:
    return Embedding.objects.filter(encoder=encoder.pk).done()[:SAMPLE].count()


def _library(encoder: Encoder, encode: Encode | None) -> Library:
    titles, sample = sample_of(encoder)
    texts = texts_for(titles if encode else [""] * len(titles))
    nothing = np.zeros((0, encoder.dimensions), np.float32)
    if encode is None:
        return synthetic_hits.library_of(sample, texts._replace(titles=[]), Bank(nothing, nothing))
    bank = Bank(encode(texts.titles), encode(texts.words) if texts.words else nothing)
    return synthetic_hits.library_of(sample, texts, bank)


def _calibration(
    encoder: Encoder, kind: Calibration.Kind, library: Library, encode: Encode | None
) -> Calibration:
    examples = _examples(kind, library, encode)
    if examples.agreement < LEAST_AGREEMENT:
        library, examples = library.without_texts(), synthetic_hits.NONE
    judged, count = judged_hits(kind, encoder, library, encode)
    if count < LEAST_JUDGEMENTS:
        judged = synthetic_hits.NO_HITS
    weights = {
        "possible": _fit_possible(join(examples.possible, judged)),
        "strong": _fit_strong(join(examples.strong, judged)),
    }
    queries = examples.possible.inputs[examples.possible.fits, 1:]
    if not len(queries):  # Then the assets themselves are the queries at hand.
        queries = features(library.sample, library.sample, library.bank)
    strong, possible = _median_thresholds(weights, queries)
    return Calibration(
        encoder=encoder,
        kind=kind,
        strong=strong,
        possible=possible,
        weights=weights,
        bank=np.concatenate(library.bank).astype(np.float16).tobytes(),
        titles=len(library.bank.titles),
        assets=len(library.sample),
        judgements=count,
    )


def _examples(kind: Calibration.Kind, library: Library, encode: Encode | None) -> Examples:
    if encode is None or not library.texts.queries:
        return synthetic_hits.NONE
    if kind == Calibration.Kind.PICTURE:
        return synthetic_hits.examples(library, synthetic_hits.of_pictures(library), [])
    cases = synthetic_hits.of_words(library, encode)
    nonsense = synthetic_hits.best_of_nonsense(library, encode)
    return synthetic_hits.examples(library, cases, nonsense)


def _fit_possible(hits: Hits) -> list[float]:
    """Weights of the log-odds that a hit is a match at all."""
    if not hits.has_both:
        return weights_at_height(POSSIBLE_HEIGHT)
    weights = fit_log_odds(hits)
    odds = hits.inputs @ weights[:-1] + weights[-1]
    weights[-1] -= equal_error_odds(odds, hits) + CAUTION
    return weights.tolist()


def _fit_strong(hits: Hits) -> list[float]:
    """Weights of the height above the background from which nearly all hits fit."""
    height = precise_height(hits, PRECISION) if hits.has_both else None
    return weights_at_height(STRONG_HEIGHT if height is None else height)


def fit_log_odds(hits: Hits) -> Numbers:
    """The weight of each input and the bias: the log-odds that a hit fits.

    Logistic regression with a ridge; the first weight, of the score, is `LEAST_SLOPE` at least.
    """
    from scipy.optimize import minimize  # Not at the top: web processes import this module.

    mean, deviation = hits.inputs.mean(axis=0), hits.inputs.std(axis=0)
    scale = np.where(deviation > 1e-6, deviation, 1)  # An input that never varies gets weight 0.
    columns = np.c_[(hits.inputs - mean) / scale, np.ones(len(hits.inputs))]
    share, ridge = hits.weight / hits.weight.sum(), np.r_[np.full(len(mean), RIDGE), 1e-9]

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        odds = columns @ weights
        miss = np.exp(-np.logaddexp(0, -odds)) - hits.fits
        value = share @ (np.logaddexp(0, odds) - hits.fits * odds) + ridge @ weights**2 / 2
        return float(value), columns.T @ (share * miss) + ridge * weights

    bounds = [(LEAST_SLOPE * scale[0], None), *[(None, None)] * len(mean)]
    options = {"ftol": 1e-15, "gtol": 1e-9}
    fit = minimize(loss, np.zeros(len(ridge)), jac=True, bounds=bounds, options=options)
    weights = fit.x[:-1] / scale
    return np.r_[weights, fit.x[-1] - weights @ mean]


def equal_error_odds(odds: Numbers, hits: Hits) -> float:
    """The log-odds from which as many pass wrongly as are lost below, as shares of their kind."""
    order = np.argsort(odds)
    right = (hits.weight * hits.fits)[order]
    wrong = (hits.weight * ~hits.fits)[order]
    lost = (np.cumsum(right) - right) / right.sum()
    passing = (wrong.sum() - np.cumsum(wrong) + wrong) / wrong.sum()
    return float(odds[order][np.abs(lost - passing).argmin()])


def precise_height(hits: Hits, precision: float) -> float | None:
    """The lowest height from which so large a share fits, or None where none does."""
    order = np.argsort(-hits.heights)
    weight = hits.weight[order]
    share = np.cumsum(weight * hits.fits[order]) / np.cumsum(weight)
    precise = np.flatnonzero(share >= precision)
    return float(hits.heights[order][precise[-1]]) if len(precise) else None


def _median_thresholds(weights: Weights, queries: Numbers) -> tuple[float, float]:
    """The scores from which matches are strong and possible, for the median of these queries."""
    possible = np.maximum(threshold(weights["possible"], queries), lowest_match(queries))
    strong = np.maximum(threshold(weights["strong"], queries), possible)
    return float(np.median(strong)), float(np.median(possible))


def _store(calibration: Calibration) -> Calibration:
    fields = ("strong", "possible", "weights", "bank", "titles", "assets", "judgements")
    return Calibration.objects.update_or_create(
        encoder=calibration.encoder,
        kind=calibration.kind,
        defaults={field: getattr(calibration, field) for field in fields},
    )[0]
