"""What decoding takes of memory, and where."""

import io

import pytest
from PIL import Image, WebPImagePlugin

from search.formats import decode as decoding
from search.formats import sandbox
from search.formats.limits import TooLarge
from search.formats.memory import of_avif
from search.formats.sniff import UndecodableImage
from tests.support import pictures, worst
from tests.support.drawn import drawing
from tests.support.formats import decode

MIB = 1 << 20


def memory(data, *args):
    """MiB that decoding takes a new process, at its peak."""
    with pictures.upload(data) as file:
        return int(sandbox.run(pictures.peak_of_decoding, file, *args)) / MIB


def test_a_transparent_picture_takes_its_pixels_once():
    data = pictures.png((4000, 4000), (200, 30, 30, 120), mode="RGBA", compress_level=1)
    once = 4000 * 4000 * 4 / MIB

    assert memory(data, 448) < 1.5 * once
    assert memory(data, 0) > 2 * once  # whole, as all pictures were decoded


@pytest.mark.parametrize("format", ["PNG", "WebP", "TIFF"])
def test_a_picture_from_the_sandbox_is_the_same_as_one_decoded_here(format):
    data = pictures.saved(pictures.corners(), format)

    apart = decode(data, at_least=20)

    assert apart.size == (32, 22)
    assert apart.tobytes() == decoding.decode_here(io.BytesIO(data), 20).tobytes()


def test_what_is_refused_in_the_sandbox_is_refused_with_its_sentence():
    with pytest.raises(TooLarge, match="20,001 pixels"):
        decode(pictures.png_of_size(20_001, 5), at_least=2)


# What a header says that decoding would take


def refused(data, format):
    """The sentence by which a picture is refused before it is decoded; empty if it is not."""
    try:
        decoding.open_checked(io.BytesIO(data), format)
    except TooLarge as refusal:
        return str(refusal)
    return ""


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    ("size", "options", "megabytes"),
    [
        ((10_900, 11_000), {"progressive": True, "subsampling": 0}, "719"),
        ((10_900, 11_000), {"progressive": True}, ""),
        ((10_900, 11_000), {"subsampling": 0}, ""),
        ((10_000, 10_000), {"progressive": True, "subsampling": 0}, ""),
    ],
)
def test_a_progressive_jpeg_counts_the_coefficients_that_are_held(size, options, megabytes):
    sentence = refused(pictures.jpeg_of_size(*size, **options), "JPEG")

    assert bool(sentence) is bool(megabytes)
    assert f"would take {megabytes} MB of memory; 650" in sentence or not megabytes


@pytest.mark.promise("P5")
def test_a_webp_counts_as_it_is_decoded(monkeypatch):
    assert refused(pictures.webp_bomb(7_990), "WebP") == ""

    # As Pillow alone would decode it.
    monkeypatch.setattr("search.formats.webp._decoder", lambda: None)
    assert refused(pictures.webp_bomb(6_300), "WebP") == ""
    assert "would take 655 MB" in refused(pictures.webp_bomb(6_400), "WebP")


def avif_of(flags, mode="RGB"):
    image = Image.new(mode, (8, 8))
    data = pictures.saved(image, "AVIF")
    at = data.index(b"av1C") + 6
    image = Image.open(io.BytesIO(data))
    image._size = (7_990, 8_000)
    return image, data[:at] + bytes([flags]) + data[at + 1 :]


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    ("flags", "mode", "megabytes"),
    [(0x0C, "RGB", 543), (0x00, "RGB", 639), (0x4C, "RGB", 639), (0x00, "RGBA", 767)],
    ids=["halved colours", "full colours", "ten bits", "full colours with alpha"],
)
def test_an_avif_counts_its_planes_and_two_copies(flags, mode, megabytes):
    assert round(of_avif(*avif_of(flags, mode)) / 1e6) == megabytes


@pytest.mark.promise("P5")
def test_a_tiff_counts_its_largest_piece(monkeypatch):
    monkeypatch.setattr(worst, "_deflated", lambda row, rows: b"nothing of it is read")

    assert "would take 767 MB" in refused(worst.tiff(16, 4), "TIFF")
    assert refused(worst.tiff(16, 4, rows=64), "TIFF") == ""


# A WebP of much size is decoded once


@pytest.fixture
def all_large(monkeypatch):
    monkeypatch.setattr("search.formats.webp.LARGE", 0)


WEBPS = {
    "lossy": ("RGB", {}),
    "lossless": ("RGB", {"lossless": True}),
    "alpha": ("RGBA", {}),
    "lossless alpha": ("RGBA", {"lossless": True}),
}


@pytest.mark.parametrize("kind", WEBPS)
def test_it_shows_the_same_pixels(monkeypatch, kind):
    mode, options = WEBPS[kind]
    image = drawing(1).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    data = pictures.saved(image, "WebP", exif=pictures.orientation(6), **options)
    by_pillow = decode(data)

    monkeypatch.setattr("search.formats.webp.LARGE", 0)
    monkeypatch.setattr(WebPImagePlugin.WebPImageFile, "load", None)

    assert decode(data).tobytes() == by_pillow.tobytes()
    assert decode(data).size == by_pillow.size == (240, 320)


def test_a_broken_one_is_refused_alike(all_large):
    with pytest.raises(UndecodableImage, match="damaged or incomplete"):
        decode(pictures.scene("WebP")[:-200])


def test_an_animation_is_left_to_pillow(all_large):
    assert decode(pictures.animation("WebP", 3)).size == (16, 16)


@pytest.mark.promise("P5")
def test_control_by_pillow_it_takes_its_pixels_four_times():
    data = pictures.saved(Image.new("RGB", (2400, 2400)), "WebP", method=0)
    pixels = 2400 * 2400 * 4 / MIB

    assert memory(data, 448) > 3.5 * pixels  # Too small to be worth it.
    data = pictures.saved(Image.new("RGB", (2900, 2900)), "WebP", method=0)
    assert memory(data, 448) < 2 * 2900 * 2900 * 4 / MIB
