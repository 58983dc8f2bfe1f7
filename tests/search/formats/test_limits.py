"""How large a picture may be, in pixels, frames and metadata."""

import io
import random

import pytest
from PIL import Image

from search.formats import limits
from search.formats.limits import TooLarge
from tests.support import pictures
from tests.support.formats import decode, inspect, refusal

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")


@pytest.mark.parametrize(
    ("data", "figures"),
    [
        (pictures.png_of_size(10_000, 7_000), ("70.0 megapixels", "64 are allowed")),
        (pictures.png_of_size(30_000, 30_000), ("240 megapixels", "64 are allowed")),
        (pictures.png_of_size(20_001, 5), ("20,001 pixels", "20,000 are allowed")),
        (pictures.jpeg_of_size(12_000, 11_000), ("132.0 megapixels", "120 are allowed")),
        (pictures.jpeg_of_size(65_000, 65_000), ("240 megapixels", "120 are allowed")),
        (pictures.webp_bomb(16_383), ("268.4 megapixels", "64 are allowed")),
        (pictures.webp_bomb(15_000), ("225.0 megapixels", "64 are allowed")),
        (pictures.decompression_bomb(), ("72.0 megapixels", "64 are allowed")),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value[0],
)
def test_a_picture_of_too_many_pixels_is_refused_with_the_figures(data, figures):
    sentence = refusal(data, TooLarge)

    assert all(figure in sentence for figure in figures)
    with pytest.raises(TooLarge):
        decode(data)


def test_a_jpeg_may_have_more_pixels_than_others():
    image = Image.open(io.BytesIO(pictures.jpeg_of_size(11_000, 10_000)))

    limits.check_size(image.size, "JPEG")
    with pytest.raises(TooLarge):
        limits.check_size(image.size, "PNG")


@pytest.mark.parametrize("format", ["GIF", "PNG", "WebP", "TIFF"])
def test_an_animation_of_too_many_frames_is_refused(format):
    sentence = refusal(pictures.animation(format, 501, size=(8, 8)), TooLarge)

    assert sentence == "This animation has 501 frames; 500 are allowed."


def test_an_animation_of_500_frames_is_accepted():
    assert inspect(pictures.animation("GIF", 500)).width == 16


@pytest.mark.parametrize(
    "data",
    [
        pictures.png(icc_profile=random.Random(0).randbytes(4_100_000)),
        pictures.png(pnginfo=pictures.comment("a" * 4_100_000)),
        pictures.saved(Image.new("RGB", (9, 9)), "WebP", xmp=b"a" * 4_100_000),
        pictures.jpeg_with_comments(63),
        pictures.with_late_comment(pictures.png(), 4_100_000),
    ],
    ids=["profile", "text", "xmp", "comments", "text behind the pixels"],
)
def test_a_picture_with_too_much_metadata_is_refused(data):
    assert refusal(data, TooLarge).endswith("MB of metadata; 4 MB are allowed.")


def test_a_picture_with_3_megabytes_of_colour_profile_is_accepted():
    assert inspect(pictures.png(icc_profile=bytes(3_000_000))).format == "PNG"
