import io
import random
from datetime import UTC, datetime

import pytest
from PIL import Image

from search.formats import decode as decoding
from search.formats import facts, limits
from search.formats.likeness import layout_of, perceptual_hash, same_layout
from search.formats.limits import TooLarge
from search.formats.sniff import UndecodableImage, UnsupportedFormat
from tests.support import pictures
from tests.support.drawn import drawing

FORMATS = pytest.mark.parametrize("format", pictures.FORMATS)

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]


def inspect(data):
    with pictures.upload(data) as file:
        return facts.inspect(file)


def decode(data, **options):
    return decoding.decode(io.BytesIO(data), **options)


def decoded_or_none(data):
    try:
        return decode(data)
    except UndecodableImage:
        return None


def refusal(data, kind=UndecodableImage):
    with pytest.raises(UndecodableImage) as caught:
        inspect(data)
    assert caught.type is kind
    return str(caught.value)


# What is accepted


@FORMATS
def test_each_format_is_accepted_with_its_facts(format):
    facts = inspect(pictures.picture(format, (64, 48), "#204060"))

    assert (facts.format, facts.width, facts.height) == (format, 64, 48)
    assert pictures.close(bytes.fromhex(facts.colour[1:]), (0x20, 0x40, 0x60))


@FORMATS
@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1)])
def test_the_smallest_and_the_longest_pictures_are_accepted(format, size):
    if format == "WebP" and max(size) > 16_383:
        size = (min(size[0], 16_383), min(size[1], 16_383))

    assert decode(pictures.picture(format, size)).size == size


def test_a_line_of_20_000_pixels_passes_inspection():
    facts = inspect(pictures.png((1, 20_000)))

    assert (facts.width, facts.height) == (1, 20_000)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WebP", "AVIF", "TIFF"])
def test_of_an_animation_the_first_frame_is_the_picture(format):
    data = pictures.animation(format, 4)

    assert inspect(data).format == format
    assert pictures.close(pictures.centre(decode(data)), (255, 0, 0))


def test_a_camera_file_of_two_pictures_is_a_jpeg():
    other = Image.new("RGB", (96, 64), "black")
    data = pictures.saved(pictures.corners(), "MPO", save_all=True, append_images=[other])

    assert inspect(data).format == "JPEG"
    assert pictures.is_upright(decode(data))


def test_the_main_colour_is_seen_over_white():
    assert inspect(pictures.png(colour=(0, 0, 0, 0), mode="RGBA")).colour == "#ffffff"


def test_a_file_is_rewound_before_and_after():
    with pictures.upload(pictures.jpeg()) as file:
        file.seek(7)
        facts.inspect(file)
        after_inspect = file.tell()
        file.seek(7)
        decoding.shrink(file, 8)

        assert (after_inspect, file.tell()) == (0, 0)
        assert file.read() == pictures.jpeg()


# What is refused


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a -->\n<svg/>", "SVG"),
        (b"\n<!DOCTYPE html><html><svg></svg>", "web page"),
        (b"<script>alert(1)</script>", "web page"),
        (b"BMW is a make of cars, GIF89 is none.", "text"),
        ("Grüße".encode("latin-1"), "text"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        (b"\xc5\xd0\xd3\xc6" + bytes(28), "PostScript"),
        (b"8BPS\0\1" + bytes(20), "Photoshop"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "video"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\1\0\1\0\x10\x10", "icon"),
        (b"PK\x03\x04\x14\0", "ZIP"),
        (b"\x7fELF\2\1\1\0", "not a picture"),
        (b"\0" * 100, "not a picture"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_name(data, word):
    sentence = refusal(data, UnsupportedFormat)

    assert word in sentence
    assert sentence.endswith(".")


def test_an_empty_file_is_refused():
    assert refusal(b"") == "This file is empty."


@pytest.mark.parametrize("format", ["EPS", "PPM", "ICO", "PCX", "TGA", "JPEG2000"])
def test_other_formats_that_pillow_reads_are_refused(format):
    refusal(pictures.picture(format), UnsupportedFormat)


@FORMATS
def test_a_signature_with_nothing_behind_it_is_refused(format):
    sentence = refusal(pictures.scene(format)[:32])

    assert sentence == f"This {format} file is damaged or incomplete."


@FORMATS
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_picture_is_refused(format, part):
    data = pictures.scene(format)

    assert "incomplete" in refusal(data[: int(len(data) * part)])


@FORMATS
def test_wherever_a_file_is_cut_it_is_refused_or_its_picture_is_whole(format):
    data = pictures.scene(format)
    whole = decode(data).tobytes()
    accepted = [cut for cut in range(1, len(data), 11) if decoded_or_none(data[:cut])]
    accepted += [cut for cut in range(len(data) - 30, len(data)) if decoded_or_none(data[:cut])]

    assert {decode(data[:cut]).tobytes() for cut in accepted} <= {whole}
    # Only a PNG's last checksums and a GIF's end mark come behind the pixels.
    assert all(len(data) - cut <= 24 for cut in accepted)
    assert format in ("PNG", "GIF") or not accepted


def test_a_png_with_a_wrong_checksum_is_refused():
    data = pictures.png_with_wrong_checksum()

    assert decode(data)  # Which is why inspect() looks at the checksums.
    assert refusal(data) == "This PNG file is damaged or incomplete."


@pytest.mark.parametrize(
    ("data", "figures"),
    [
        (pictures.png_of_size(10_000, 7_000), ("70.0 megapixels", "64 are allowed")),
        (pictures.png_of_size(30_000, 30_000), ("240 megapixels", "64 are allowed")),
        (pictures.png_of_size(20_001, 5), ("20,001 pixels", "20,000 are allowed")),
        (pictures.jpeg_of_size(12_000, 11_000), ("132.0 megapixels", "120 are allowed")),
        (pictures.jpeg_of_size(65_000, 65_000), ("240 megapixels", "120 are allowed")),
        (pictures.webp_bomb(16_383), ("240 megapixels", "64 are allowed")),
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

    limits.check_size(image, "JPEG")
    with pytest.raises(TooLarge):
        limits.check_size(image, "PNG")


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


# Chance


def damaged(data, chance):
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        # Every second one near the start, where the header is.
        end = chance.choice((len(broken), min(len(broken), 200)))
        broken[chance.randrange(end)] = chance.randrange(256)
    return bytes(broken)


def with_right_checksums(png):
    """The same PNG as if it had been damaged on purpose."""
    fixed, at = png[:8], 8
    while 8 <= at < len(png) - 8:
        length = int.from_bytes(png[at : at + 4], "big")
        fixed += pictures.png_chunk(png[at + 4 : at + 8], png[at + 8 : at + 8 + length])
        at += 12 + length
    return fixed


@FORMATS
def test_random_damage_is_refused_or_survived(format):
    chance = random.Random(format)

    for _ in range(300):
        decoded_or_none(damaged(pictures.scene(format), chance))


def test_damage_behind_right_checksums_is_refused_or_survived():
    chance = random.Random(0)

    for _ in range(300):
        decoded_or_none(with_right_checksums(damaged(pictures.scene("PNG"), chance)))


@FORMATS
def test_random_damage_never_escapes_from_inspect(format):
    chance = random.Random(format)

    for _ in range(4):
        try:
            assert inspect(damaged(pictures.scene(format), chance)).width
        except UndecodableImage as refused:
            assert str(refused).endswith(".")


# When it was taken


def taken(**times):
    return inspect(pictures.jpeg(exif=pictures.dated(**times))).taken


def test_the_date_taken_is_the_one_of_the_original():
    assert taken(original="2019:05:06 07:08:09", digitized="2020:01:02 03:04:05") == datetime(
        2019, 5, 6, 7, 8, 9, tzinfo=UTC
    )


def test_without_one_it_is_the_date_of_digitizing():
    found = taken(original="0000:00:00 00:00:00", digitized="2020:01:02 03:04:05\0")

    assert found == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "    :  :     :  :  ",
        "0000:00:00 00:00:00",
        "1970:01:01 00:00:00",
        "2019:02:30 10:00:00",
        "2019:05:06 25:00:00",
        "1066:10:14 09:00:00",
        "9999:12:31 23:59:59",
        "last summer",
        "٢٠١٩:٠٥:٠٦ ٠٧:٠٨:٠٩",
        "2019:05:06 07:08:09+99:99",
        7,
    ],
)
def test_a_date_that_is_none_is_ignored(said):
    assert taken(original=said) is None


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP", "AVIF"])
def test_every_format_that_carries_exif_tells_its_date(format):
    exif = pictures.dated(original="2019:05:06 07:08:09").tobytes()
    data = pictures.saved(pictures.corners(), format, exif=exif)

    assert inspect(data).taken == datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_the_hash_and_layout_are_of_the_upright_picture():
    drawn = drawing()
    turned = pictures.saved(pictures.turned(drawn, 6), "PNG", exif=pictures.orientation(6))

    seen = inspect(turned)

    assert seen.phash == perceptual_hash(decoding.fit(drawn, facts.COLOUR_SIDE))
    assert same_layout(seen.layout, layout_of(drawn))
