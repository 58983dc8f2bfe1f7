import io
import math
import struct

import pytest
from PIL import Image, ImageCms

from search.formats import decode as decoding
from search.formats.limits import TooLarge
from tests.support import pictures
from tests.support.formats import decode, inspect

ORIENTATIONS = pytest.mark.parametrize("orientation", range(1, 9))


# Upright


@ORIENTATIONS
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP", "AVIF", "TIFF"])
def test_exif_orientation_is_undone(format, orientation):
    stored = pictures.turned(pictures.corners(), orientation)
    data = pictures.saved(stored, format, exif=pictures.orientation(orientation))

    picture = decode(data)

    assert picture.size == (96, 64)
    assert pictures.is_upright(picture)


@ORIENTATIONS
def test_facts_and_small_pictures_are_upright(orientation):
    data = pictures.jpeg((300, 200), exif_orientation=orientation)
    upright = (200, 300) if orientation >= 5 else (300, 200)

    facts = inspect(data)
    with pictures.upload(data) as file:
        small = Image.open(io.BytesIO(decoding.shrink(file, 30)))

    assert (facts.width, facts.height) == upright
    assert small.size == ((20, 30) if orientation >= 5 else (30, 20))


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"]
)
def test_broken_exif_turns_nothing(exif):
    assert pictures.is_upright(decode(pictures.saved(pictures.corners(), "JPEG", exif=exif)))


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_unknown_orientation_turns_nothing(value):
    data = pictures.saved(pictures.corners(), "JPEG", exif=pictures.orientation(value))

    assert pictures.is_upright(decode(data))


# Right colours


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
@pytest.mark.parametrize(("deep", "grey"), [(0, 0), (300, 1), (32_768, 128), (65_535, 255)])
def test_16_bit_greys_are_scaled(format, mode, deep, grey):
    if (format, mode) == ("PNG", "I;16B"):
        mode = "I;16"  # a PNG has one byte order only
    data = pictures.saved(Image.new(mode, (8, 8), deep), format)

    assert pictures.centre(decode(data)) == (grey,) * 3


@pytest.mark.parametrize("mode", ["I", "F"])
def test_deeper_greys_reach_from_black_to_white(mode):
    image = Image.new(mode, (30, 10), 1_000_000)
    image.paste(-1_000_000, (0, 0, 10, 10))
    image.paste(0, (10, 0, 20, 10))

    picture = decode(pictures.saved(image, "TIFF"))

    assert [picture.getpixel((x, 5))[0] for x in (5, 15, 25)] == [0, 128, 255]


def slope(apart=None, **options):
    """A TIFF of three greys from 0 to 1, with a fourth pixel that may be none of them."""
    image = Image.new("F", (4, 1))
    for x, grey in enumerate((0.0, 0.5, 1.0, 0.5 if apart is None else apart)):
        image.putpixel((x, 0), grey)
    return decode(pictures.saved(image, "TIFF", **options))


@pytest.mark.parametrize("apart", [math.nan, math.inf, -math.inf, -3.4e38, 1e38])
def test_a_pixel_that_is_no_number_leaves_the_others_their_greys(apart):
    picture = slope(apart)

    assert [picture.getpixel((x, 0))[0] for x in range(4)] == [0, 128, 255, 255]


def test_a_value_that_the_file_says_is_no_data_is_white():
    picture = slope(-9999.0, tiffinfo={42113: "-9999"})

    assert [picture.getpixel((x, 0))[0] for x in range(4)] == [0, 128, 255, 255]


def test_the_same_value_counts_where_the_file_does_not_say_so():
    assert [slope(-9999.0).getpixel((x, 0))[0] for x in (0, 3)] == [255, 0]


def test_a_picture_of_no_numbers_is_white():
    image = Image.new("F", (4, 1), math.nan)

    assert pictures.centre(decode(pictures.saved(image, "TIFF"))) == (255, 255, 255)


def test_a_transparent_level_of_16_bit_grey_is_white():
    row = struct.pack(">2H", 0, 32_896)

    picture = decode(pictures.png_row(0, 16, row, 2, transparent=b"\0\0"))

    assert [picture.getpixel((x, 0))[0] for x in (0, 1)] == [255, 128]


def test_lab_has_its_colours():
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    image = ImageCms.profileToProfile(pictures.corners(), srgb, lab, outputMode="LAB")

    assert pictures.is_upright(decode(pictures.saved(image, "TIFF")))


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("ink", "colour"),
    [
        ((0, 255, 255, 0), (255, 0, 0)),
        ((0, 0, 0, 0), (255, 255, 255)),
        ((0, 0, 0, 255), (0, 0, 0)),
    ],
)
def test_cmyk_has_its_colours(format, ink, colour):
    data = pictures.saved(Image.new("CMYK", (32, 32), ink), format)

    assert pictures.close(pictures.centre(decode(data)), colour)


def test_a_palette_has_its_colours():
    data = pictures.saved(pictures.corners().quantize(4), "PNG")

    assert pictures.is_upright(decode(data))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGBA", "P", "PA"])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_white_stays_white_in_every_mode(mode, format):
    if (mode, format) == ("PA", "PNG"):
        mode = "P"  # a PNG has no such mode
    data = pictures.saved(Image.new("RGB", (8, 8), "white").convert(mode), format)

    assert pictures.centre(decode(data)) == (255, 255, 255)


@pytest.mark.parametrize("format", ["PNG", "WebP", "AVIF", "TIFF"])
def test_transparency_is_laid_over_white(format):
    data = pictures.picture(format, colour=(255, 0, 0, 128), mode="RGBA")

    assert pictures.close(pictures.centre(decode(data)), (255, 127, 127))


def test_transparent_grey_is_laid_over_white():
    assert pictures.close(
        pictures.centre(decode(pictures.png(colour=(0, 51), mode="LA"))), (204, 204, 204), 1
    )


@pytest.mark.parametrize(("mode", "colour"), [("L", 0), ("RGB", (0, 0, 0))])
def test_a_transparent_colour_of_a_png_is_white(mode, colour):
    data = pictures.png(colour=colour, mode=mode, transparency=colour)

    assert pictures.centre(decode(data)) == (255, 255, 255)


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_a_transparent_palette_entry_is_white(format):
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])

    assert pictures.centre(decode(pictures.saved(image, format, transparency=0))) == (255, 255, 255)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP", "AVIF", "TIFF"])
def test_a_colour_profile_is_obeyed(format):
    profile = pictures.profile_that_swaps_red_and_blue()
    data = pictures.saved(Image.new("RGB", (32, 32), (200, 30, 30)), format, icc_profile=profile)

    assert pictures.close(pictures.centre(decode(data)), (30, 30, 200))


def test_a_colour_profile_is_obeyed_in_facts_and_small_pictures():
    data = pictures.png(icc_profile=pictures.profile_that_swaps_red_and_blue())

    with pictures.upload(data) as file:
        small = Image.open(io.BytesIO(decoding.shrink(file, 8)))

    assert pictures.close(bytes.fromhex(inspect(data).colour[1:]), (0, 0, 255))
    assert pictures.close(small.getpixel((4, 3)), (0, 0, 255))


@pytest.mark.parametrize("profile", [b"broken", bytes(200), pictures.srgb_profile()[:300]])
def test_a_broken_colour_profile_is_ignored(profile):
    assert pictures.centre(decode(pictures.png(icc_profile=profile))) == (255, 0, 0)


@pytest.mark.parametrize(("mode", "colour"), [("L", 0), ("CMYK", (0, 0, 0, 255))])
def test_a_profile_for_another_kind_of_picture_is_ignored(mode, colour):
    black = Image.new(mode, (8, 8), colour)
    data = pictures.saved(black, "TIFF", icc_profile=pictures.srgb_profile())

    assert pictures.centre(decode(data)) == (0, 0, 0)


# Small pictures


@pytest.mark.parametrize(
    ("at_least", "shorter"), [(0, 1600), (1600, 1600), (801, 1600), (800, 800), (200, 200)]
)
def test_a_jpeg_is_decoded_no_smaller_than_asked(at_least, shorter):
    assert min(decode(pictures.jpeg((2400, 1600)), at_least=at_least).size) == shorter


def test_the_shorter_side_counts_upright_or_not():
    data = pictures.jpeg((4000, 500), exif_orientation=6)

    assert decode(data, at_least=250).size == (250, 2000)


def test_other_formats_are_shrunk_by_whole_steps():
    assert decode(pictures.png((400, 300)), at_least=70).size == (100, 75)
    assert decode(pictures.png((400, 300))).size == (400, 300)


def test_a_thin_panorama_is_no_longer_than_sixteen_times_what_was_asked():
    assert decode(pictures.png((20_000, 30)), at_least=100).size == (1539, 3)


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((400, 300), (100, 75)),
        ((300, 400), (75, 100)),
        ((80, 20), (80, 20)),
        ((1, 20_000), (1, 100)),
    ],
)
def test_fit_shrinks_and_never_enlarges(size, fitted):
    assert decoding.fit(Image.new("RGB", size), 100).size == fitted


@pytest.mark.parametrize("size", [(2400, 1600), (3000, 100), (90, 70)])
def test_shrunk_gives_a_jpeg_that_fits(size):
    with pictures.upload(pictures.jpeg(size)) as file:
        small = Image.open(io.BytesIO(decoding.shrink(file, 200)))

    assert small.format == "JPEG"
    assert max(small.size) == min(200, max(size))


def test_shrunk_refuses_what_inspect_refuses():
    with pictures.upload(pictures.decompression_bomb()) as file, pytest.raises(TooLarge):
        decoding.shrink(file, 200)


@pytest.mark.parametrize("format", ["JPEG", "GIF", "WebP", "PNG"])
def test_a_jpeg_carries_no_metadata_over(format):
    secret = b"<script>secret</script>"
    image = pictures.corners()
    options = {"comment": secret, "xmp": secret, "exif": pictures.described(secret)}
    data = pictures.saved(image, format, icc_profile=pictures.srgb_profile(), **options)
    assert b"secret" in data

    with pictures.upload(data) as file:
        copies = [decoding.jpeg(decode(data)), decoding.jpeg(Image.open(file).convert("RGB"))]
        copies.append(decoding.shrink(file, 50))

    for copy in copies:
        assert b"secret" not in copy
        assert set(Image.open(io.BytesIO(copy)).info) <= pictures.JFIF
