"""What is kept of a picture to know its near-duplicates by."""

import io
from random import Random

import pytest
from PIL import Image, ImageEnhance

from search.formats.likeness import (
    BITS,
    PLAIN,
    bands_near,
    layout_of,
    perceptual_hash,
    same_layout,
    same_proportions,
)
from tests.support import pictures
from tests.support.drawn import drawing


def bits_apart(one, other):
    return sum(a != b for a, b in zip(perceptual_hash(one), perceptual_hash(other), strict=True))


def recompressed(image, quality):
    return Image.open(io.BytesIO(pictures.saved(image, "JPEG", quality=quality))).convert("RGB")


@pytest.mark.parametrize(
    "changed",
    [
        drawing().resize((160, 120)),
        recompressed(drawing(), 40),
        drawing().crop((3, 2, 317, 238)),
        ImageEnhance.Brightness(drawing()).enhance(1.1),
    ],
    ids=["resized", "recompressed", "cropped a little", "brightened"],
)
def test_a_changed_copy_is_known_again(changed):
    assert bits_apart(drawing(), changed) <= BITS
    assert same_layout(layout_of(drawing()), layout_of(changed))


def test_another_drawing_is_not():
    assert bits_apart(drawing(1), drawing(2)) > BITS


def test_whichever_bits_of_a_hash_change_one_of_its_bands_leads_to_it():
    random, bands = Random(3), [set(values) for values in bands_near(PLAIN)]
    for _ in range(5_000):
        hash_ = sum(1 << bit for bit in random.sample(range(64), BITS))
        parts = [hash_ >> shift & 0xFFFF for shift in (48, 32, 16, 0)]
        assert any(part in values for part, values in zip(parts, bands, strict=True))


def test_a_band_more_than_must_be_is_not_looked_at():
    assert [len(values) for values in bands_near(PLAIN)] == [697, 137, 137, 137]
    assert all(0b111 not in values for values in bands_near(PLAIN)[1:])


def test_the_same_drawing_in_another_colour_has_another_layout():
    red, blue = layout_of(drawing(colour="red")), layout_of(drawing(colour="blue"))

    assert not same_layout(red, blue)


def test_a_plain_picture_has_nothing_to_be_known_by():
    assert perceptual_hash(Image.new("RGB", (60, 40), "red")) == PLAIN


def test_black_layouts_are_the_same():
    assert same_layout(bytes(192), bytes(192))


def test_a_slight_crop_leaves_the_proportions():
    assert same_proportions((1200, 900), (588, 441))
    assert not same_proportions((1200, 900), (900, 1200))
