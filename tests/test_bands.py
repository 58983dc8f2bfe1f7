"""Is it a match? Bands, in a library whose encoder knows colours."""

import numpy as np
import pytest

from search import bands
from search.models import Calibration, Embedding
from tests.factories import make_asset, make_encoder
from tests.fake_encoder import COLOURS, direction

pytestmark = pytest.mark.django_db
NEAREST = ["red"] * 6 + ["blue"] * 24 + ["green"] * 30


@pytest.fixture
def encoder():
    """Of a library with few red assets among sixty."""
    for colour in NEAREST:
        make_asset(title=colour, colour=colour, embedded=True)
    return make_encoder()


def test_a_library_that_is_too_small_has_no_bands():
    make_asset(colour="red", embedded=True)
    encoder = make_encoder()
    with pytest.raises(bands.TooFew, match="fake has embedded 1 assets: there are no bands"):
        bands.calibrate(encoder)
    assert bands.cuts(direction(COLOURS["red"]), encoder, "words") is None


def test_an_encoder_that_is_not_calibrated_has_no_bands(encoder):
    assert bands.cuts(direction(COLOURS["red"]), encoder, "words") is None
    assert bands.background(direction(COLOURS["red"]), encoder) is None


def test_the_background_is_what_the_query_scores_with_the_library(encoder):
    bands.calibrate(encoder)
    red = direction(COLOURS["red"])
    scores = np.array(Embedding.objects.values_list("vector", flat=True)) @ red
    assert bands.background(red, encoder) == pytest.approx((scores.mean(), scores.std()), abs=1e-3)


def test_there_is_one_calibration_for_each_kind_of_query(encoder):
    for _ in range(2):
        bands.calibrate(encoder)
    assert sorted(Calibration.objects.values_list("kind", flat=True)) == ["picture", "words"]


@pytest.mark.parametrize("kind", ["words", "picture"])
def test_no_strong_match_lies_beyond_the_possible_ones(encoder, kind):
    bands.calibrate(encoder)
    cuts = bands.cuts(direction(COLOURS["red"]), encoder, kind)
    assert cuts.strong <= cuts.possible
