"""Each mode with each kind of transparency: what is opaque keeps its colour, the rest is white."""

import struct

import pytest
from PIL import Image

from tests.support import pictures
from tests.support.formats import decode, inspect

RED, WHITE, PINK = (255, 0, 0), (255, 255, 255), (255, 127, 127)
BLUE_AND_RED = bytes([0, 0, 255, 255, 0, 0])

# PNGs of two pixels, a transparent one and an opaque one, with the colour of the opaque one.
PNGS = {
    "1-bit grey": (pictures.png_row(0, 1, b"\x80", 2, transparent=b"\0\1"), (0, 0, 0)),
    "2-bit grey": (pictures.png_row(0, 2, b"\x60", 2, transparent=b"\0\1"), (170, 170, 170)),
    "4-bit grey": (pictures.png_row(0, 4, b"\x1a", 2, transparent=b"\0\1"), (170, 170, 170)),
    "8-bit grey": (pictures.png_row(0, 8, b"\x01\xaa", 2, transparent=b"\0\1"), (170, 170, 170)),
    "grey with alpha": (pictures.png_row(4, 8, b"\0\0\xaa\xff", 2), (170, 170, 170)),
    "16-bit grey with alpha": (
        pictures.png_row(4, 16, struct.pack(">4H", 0, 0, 170 * 257, 65_535), 2),
        (170, 170, 170),
    ),
    "8-bit colour": (
        pictures.png_row(2, 8, b"\0\0\1\xff\0\0", 2, transparent=b"\0\0\0\0\0\1"),
        RED,
    ),
    "16-bit colour": (
        pictures.png_row(
            2,
            16,
            struct.pack(">6H", 257, 514, 771, 65_535, 0, 0),
            2,
            transparent=struct.pack(">3H", 257, 514, 771),
        ),
        RED,
    ),
    "colour with alpha": (pictures.png_row(6, 8, b"\0\0\xff\0\xff\0\0\xff", 2), RED),
    "16-bit colour with alpha": (
        pictures.png_row(6, 16, struct.pack(">8H", 0, 0, 9, 0, 65_535, 0, 0, 65_535), 2),
        RED,
    ),
} | {
    f"palette of {bits} bits": (
        pictures.png_row(3, bits, row, 2, palette=BLUE_AND_RED, transparent=b"\0"),
        RED,
    )
    for bits, row in ((1, b"\x40"), (2, b"\x10"), (4, b"\x01"), (8, b"\0\1"))
}


@pytest.mark.parametrize(("data", "opaque"), PNGS.values(), ids=PNGS)
def test_an_opaque_pixel_keeps_its_colour_beside_a_transparent_one(data, opaque):
    picture = decode(data)

    assert [picture.getpixel((x, 0)) for x in (0, 1)] == [WHITE, opaque]


def test_a_palette_with_half_transparent_entries_is_laid_over_white():
    palette = {"palette": BLUE_AND_RED, "transparent": b"\xff\x80"}

    picture = decode(pictures.png_row(3, 8, b"\0\1", 2, **palette))

    assert [picture.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 255), PINK]


def test_without_transparency_the_same_palette_is_opaque():
    picture = decode(pictures.png_row(3, 8, b"\0\1", 2, palette=BLUE_AND_RED))

    assert [picture.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 255), RED]


def half_and_half(mode, left, right):
    image = Image.new(mode, (64, 48), left)
    image.paste(right, (32, 0, 64, 48))
    return image


@pytest.mark.parametrize("format", ["PNG", "WebP", "AVIF", "TIFF", "GIF"])
def test_every_format_with_alpha_keeps_the_colour_of_what_is_opaque(format):
    image = half_and_half("RGBA", (0, 0, 255, 0), (255, 0, 0, 255))

    picture = decode(pictures.saved(image, format))

    assert picture.getpixel((8, 24)) == WHITE
    assert pictures.close(picture.getpixel((56, 24)), RED)


@pytest.mark.parametrize(("mode", "opaque"), [("LA", (76, 76, 76)), ("PA", RED)])
def test_a_tiff_of_grey_or_palette_with_alpha_keeps_what_is_opaque(mode, opaque):
    image = half_and_half("RGB", (0, 0, 255), (255, 0, 0))
    image = image.quantize(2).convert("PA") if mode == "PA" else image.convert("LA")
    image.putalpha(half_and_half("L", 0, 255))

    picture = decode(pictures.saved(image, "TIFF"))

    assert [picture.getpixel((x, 24)) for x in (8, 56)] == [WHITE, opaque]


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_two_discs_on_a_transparent_palette_have_a_colour_and_a_hash(format):
    picture = half_and_half("P", 1, 2)
    picture.putpalette([0, 255, 0, 255, 0, 0, 0, 0, 255])
    picture.paste(0, (0, 0, 64, 4))

    facts = inspect(pictures.saved(picture, format, transparency=0))

    assert pictures.close(bytes.fromhex(facts.colour[1:]), (138, 21, 138))
    assert len(set(facts.phash)) == 2
