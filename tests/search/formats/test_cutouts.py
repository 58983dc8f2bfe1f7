"""Whether a picture was cut out of another one."""

import io

import pytest
from PIL import Image, ImageFilter

from search.formats.cutouts import Cutout
from tests.support.drawn import drawing


def cut(image: Image.Image, left: float, top: float, share: float) -> Image.Image:
    """A part of so much of each side, smaller and as a JPEG of low quality."""
    width, height = image.size
    box = (left * width, top * height, (left + share) * width, (top + share) * height)
    part = image.crop(tuple(round(side) for side in box))
    part.thumbnail((120, 120))
    file = io.BytesIO()
    part.save(file, "JPEG", quality=50)
    return Image.open(file)


@pytest.mark.parametrize("share", [0.3, 0.4, 0.5, 0.6, 0.8])
def test_a_part_is_recognised_in_the_picture_and_in_no_other(share):
    whole, other = drawing(), drawing(2)
    cutout = Cutout.of(cut(whole, 0.15, 0.1, share))
    assert cutout.is_from(whole) and cutout.is_from(whole.resize((160, 120)))
    assert not cutout.is_from(other)


def test_a_part_in_other_colours_is_none():
    red, green, blue = cut(drawing(), 0.2, 0.2, 0.5).convert("RGB").split()
    assert not Cutout.of(Image.merge("RGB", (blue, red, green))).is_from(drawing())


def test_a_mirrored_part_is_none():
    part = cut(drawing(), 0.2, 0.2, 0.5).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert not Cutout.of(part).is_from(drawing())


def test_a_plain_part_and_one_with_nothing_but_a_slope_are_of_no_picture():
    slope = Image.linear_gradient("L").convert("RGB")
    for picture in (Image.new("RGB", (90, 60), "white"), slope, slope.rotate(90)):
        whole = Image.new("RGB", (300, 200), "white")
        whole.paste(picture.resize((150, 100)), (20, 20))
        assert not Cutout.of(picture).is_from(whole)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 700)])
def test_pictures_of_a_few_pixels_are_no_error(size):
    thin = drawing().resize(size)
    assert not Cutout.of(thin).is_from(drawing())
    assert not Cutout.of(cut(drawing(), 0, 0, 0.5)).is_from(thin)


def test_a_blurred_copy_of_the_whole_is_recognised():
    assert Cutout.of(drawing().filter(ImageFilter.GaussianBlur(1))).is_from(drawing())
