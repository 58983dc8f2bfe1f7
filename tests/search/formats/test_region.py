"""A part of a picture."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.formats.region import NoRegion, Region
from tests.support.regions import regions

SIZES = st.integers(1, 5000)


@given(regions())
def test_a_region_that_is_written_is_read_the_same(region):
    assert Region.parse(str(region)) == region
    assert str(Region.parse(str(region))) == str(region)


@given(regions(), SIZES, SIZES)
def test_the_box_of_a_region_lies_in_the_picture_and_is_never_empty(region, width, height):
    left, top, right, bottom = region.box(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


@given(regions())
def test_its_percentages_are_the_same_region(region):
    assert Region.of(*(side / 100 for side in region.percent)) == region


def test_the_whole_picture_is_a_region():
    assert Region.parse("0,0,1,1").box(60, 40) == (0, 0, 60, 40)


def test_a_box_takes_in_the_pixels_that_it_touches():
    assert Region.of(0.1, 0.1, 0.5, 0.5).box(7, 7) == (0, 0, 5, 5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "four numbers"),
        ("0.1,0.1,0.5", "four numbers"),
        ("0.1,0.1,0.5,0.5,0.5", "four numbers"),
        ("a,b,c,d", "four numbers"),
        ("nan,0,0.5,0.5", "four numbers"),
        ("0,0,inf,1", "four numbers"),
        ("-inf,0,1,1", "four numbers"),
        ("1e400,0,1,1", "four numbers"),
        ("0,0,0,0", "too small"),
        ("0,0,0.5,0.01", "too small"),
        ("0.5,0.5,-0.2,0.2", "too small"),
        ("-0.1,0,0.5,0.5", "outside"),
        ("0,-0.1,0.5,0.5", "outside"),
        ("0.6,0,0.5,0.5", "outside"),
        ("0,0.6,0.5,0.5", "outside"),
        ("0,0,1.5,1", "outside"),
        ("1e300,0,0.5,0.5", "outside"),
    ],
)
def test_what_is_no_region_gets_a_sentence(text, sentence):
    with pytest.raises(NoRegion, match=sentence):
        Region.parse(text)


def test_what_a_browser_rounds_over_the_edge_is_cut_off_at_it():
    assert Region.of(0.33335, 0, 0.66670, 1).box(60, 40)[2] == 60


def test_no_zero_is_written_with_a_minus():
    region = Region.of(-0.00001, 0, 0.5, 0.5)
    assert str(region) == "0,0,0.5,0.5"
    assert math.copysign(1, region.left) == 1
