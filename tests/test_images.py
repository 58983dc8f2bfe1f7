import io
import json
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from search import images, sandbox
from tests import pictures

FORMATS = pytest.mark.parametrize("format", pictures.FORMATS)
ORIENTATIONS = pytest.mark.parametrize("orientation", range(1, 9))

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def upload(data):
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(data)
    file.seek(0)
    return file


def inspect(data):
    with upload(data) as file:
        return images.inspect(file)


def decode(data, **options):
    return images.decode(io.BytesIO(data), **options)


def refusal(data, kind=images.UndecodableImage):
    with pytest.raises(images.UndecodableImage) as caught:
        inspect(data)
    assert caught.type is kind
    return str(caught.value)


def close(pixel, colour, tolerance=12):
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, colour, strict=True))


def centre(image):
    return image.getpixel((image.width // 2, image.height // 2))


def corner_colours(image):
    x, y = image.width // 4, image.height // 4
    places = ((x, y), (3 * x, y), (3 * x, 3 * y), (x, 3 * y))
    return [image.getpixel(place) for place in places]


def is_upright(image):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    return all(map(lambda pixel, colour: close(pixel, colour, 40), corner_colours(image), colours))


# What is accepted


@FORMATS
def test_each_format_is_accepted_with_its_facts(format):
    facts = inspect(pictures.picture(format, (64, 48), "#204060"))

    assert (facts.format, facts.width, facts.height) == (format, 64, 48)
    assert close(bytes.fromhex(facts.colour[1:]), (0x20, 0x40, 0x60))


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
    assert close(centre(decode(data)), (255, 0, 0))


def test_a_camera_file_of_two_pictures_is_a_jpeg():
    other = Image.new("RGB", (96, 64), "black")
    data = pictures.saved(pictures.corners(), "MPO", save_all=True, append_images=[other])

    assert inspect(data).format == "JPEG"
    assert is_upright(decode(data))


def test_the_main_colour_is_seen_over_white():
    assert inspect(pictures.png(colour=(0, 0, 0, 0), mode="RGBA")).colour == "#ffffff"


def test_a_file_is_rewound_before_and_after():
    with upload(pictures.jpeg()) as file:
        file.seek(7)
        images.inspect(file)
        after_inspect = file.tell()
        file.seek(7)
        images.shrunk(file, 8)

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
    sentence = refusal(data, images.UnsupportedFormat)

    assert word in sentence
    assert sentence.endswith(".")


def test_an_empty_file_is_refused():
    assert refusal(b"") == "This file is empty."


@pytest.mark.parametrize("format", ["EPS", "PPM", "ICO", "PCX", "TGA", "JPEG2000"])
def test_other_formats_that_pillow_reads_are_refused(format):
    refusal(pictures.picture(format), images.UnsupportedFormat)


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


def decoded_or_none(data):
    try:
        return decode(data)
    except images.UndecodableImage:
        return None


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
    sentence = refusal(data, images.TooLarge)

    assert all(figure in sentence for figure in figures)
    with pytest.raises(images.TooLarge):
        decode(data)


def test_a_jpeg_may_have_more_pixels_than_others():
    image = Image.open(io.BytesIO(pictures.jpeg_of_size(11_000, 10_000)))

    images._check_size(image, "JPEG")
    with pytest.raises(images.TooLarge):
        images._check_size(image, "PNG")


@pytest.mark.parametrize("format", ["GIF", "PNG", "WebP", "TIFF"])
def test_an_animation_of_too_many_frames_is_refused(format):
    sentence = refusal(pictures.animation(format, 501, size=(8, 8)), images.TooLarge)

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
    assert refusal(data, images.TooLarge).endswith("MB of metadata; 4 MB are allowed.")


def test_a_picture_with_3_megabytes_of_colour_profile_is_accepted():
    assert inspect(pictures.png(icc_profile=bytes(3_000_000))).format == "PNG"


# Upright


@ORIENTATIONS
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP", "AVIF", "TIFF"])
def test_exif_orientation_is_undone(format, orientation):
    stored = pictures.turned(pictures.corners(), orientation)
    data = pictures.saved(stored, format, exif=pictures.orientation(orientation))

    picture = decode(data)

    assert picture.size == (96, 64)
    assert is_upright(picture)


@ORIENTATIONS
def test_facts_and_small_pictures_are_upright(orientation):
    data = pictures.jpeg((300, 200), exif_orientation=orientation)
    upright = (200, 300) if orientation >= 5 else (300, 200)

    facts = inspect(data)
    with upload(data) as file:
        small = Image.open(io.BytesIO(images.shrunk(file, 30)))

    assert (facts.width, facts.height) == upright
    assert small.size == ((20, 30) if orientation >= 5 else (30, 20))


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"]
)
def test_broken_exif_turns_nothing(exif):
    assert is_upright(decode(pictures.saved(pictures.corners(), "JPEG", exif=exif)))


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_unknown_orientation_turns_nothing(value):
    data = pictures.saved(pictures.corners(), "JPEG", exif=pictures.orientation(value))

    assert is_upright(decode(data))


# Right colours


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
@pytest.mark.parametrize(("deep", "grey"), [(0, 0), (300, 1), (32_768, 128), (65_535, 255)])
def test_16_bit_greys_are_scaled(format, mode, deep, grey):
    if (format, mode) == ("PNG", "I;16B"):
        mode = "I;16"  # a PNG has one byte order only
    data = pictures.saved(Image.new(mode, (8, 8), deep), format)

    assert centre(decode(data)) == (grey,) * 3


@pytest.mark.parametrize("mode", ["I", "F"])
def test_deeper_greys_reach_from_black_to_white(mode):
    image = Image.new(mode, (30, 10), 1_000_000)
    image.paste(-1_000_000, (0, 0, 10, 10))
    image.paste(0, (10, 0, 20, 10))

    picture = decode(pictures.saved(image, "TIFF"))

    assert [picture.getpixel((x, 5))[0] for x in (5, 15, 25)] == [0, 128, 255]


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

    assert close(centre(decode(data)), colour)


def test_a_palette_has_its_colours():
    data = pictures.saved(pictures.corners().quantize(4), "PNG")

    assert is_upright(decode(data))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGBA", "P", "PA"])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_white_stays_white_in_every_mode(mode, format):
    if (mode, format) == ("PA", "PNG"):
        mode = "P"  # a PNG has no such mode
    data = pictures.saved(Image.new("RGB", (8, 8), "white").convert(mode), format)

    assert centre(decode(data)) == (255, 255, 255)


@pytest.mark.parametrize("format", ["PNG", "WebP", "AVIF", "TIFF"])
def test_transparency_is_laid_over_white(format):
    data = pictures.picture(format, colour=(255, 0, 0, 128), mode="RGBA")

    assert close(centre(decode(data)), (255, 127, 127))


def test_transparent_grey_is_laid_over_white():
    assert close(centre(decode(pictures.png(colour=(0, 51), mode="LA"))), (204, 204, 204), 1)


@pytest.mark.parametrize(("mode", "colour"), [("L", 0), ("RGB", (0, 0, 0))])
def test_a_transparent_colour_of_a_png_is_white(mode, colour):
    data = pictures.png(colour=colour, mode=mode, transparency=colour)

    assert centre(decode(data)) == (255, 255, 255)


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_a_transparent_palette_entry_is_white(format):
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])

    assert centre(decode(pictures.saved(image, format, transparency=0))) == (255, 255, 255)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP", "AVIF", "TIFF"])
def test_a_colour_profile_is_obeyed(format):
    profile = pictures.profile_that_swaps_red_and_blue()
    data = pictures.saved(Image.new("RGB", (32, 32), (200, 30, 30)), format, icc_profile=profile)

    assert close(centre(decode(data)), (30, 30, 200))


def test_a_colour_profile_is_obeyed_in_facts_and_small_pictures():
    data = pictures.png(icc_profile=pictures.profile_that_swaps_red_and_blue())

    with upload(data) as file:
        small = Image.open(io.BytesIO(images.shrunk(file, 8)))

    assert close(bytes.fromhex(inspect(data).colour[1:]), (0, 0, 255))
    assert close(small.getpixel((4, 3)), (0, 0, 255))


@pytest.mark.parametrize("profile", [b"broken", bytes(200), pictures.srgb_profile()[:300]])
def test_a_broken_colour_profile_is_ignored(profile):
    assert centre(decode(pictures.png(icc_profile=profile))) == (255, 0, 0)


@pytest.mark.parametrize(("mode", "colour"), [("L", 0), ("CMYK", (0, 0, 0, 255))])
def test_a_profile_for_another_kind_of_picture_is_ignored(mode, colour):
    black = Image.new(mode, (8, 8), colour)
    data = pictures.saved(black, "TIFF", icc_profile=pictures.srgb_profile())

    assert centre(decode(data)) == (0, 0, 0)


# Small pictures


@pytest.mark.parametrize(
    ("at_least", "shorter"), [(None, 1600), (1600, 1600), (801, 1600), (800, 800), (200, 200)]
)
def test_a_jpeg_is_decoded_no_smaller_than_asked(at_least, shorter):
    assert min(decode(pictures.jpeg((2400, 1600)), at_least=at_least).size) == shorter


def test_the_shorter_side_counts_upright_or_not():
    data = pictures.jpeg((4000, 500), exif_orientation=6)

    assert decode(data, at_least=250).size == (250, 2000)


def test_other_formats_are_decoded_in_full():
    assert decode(pictures.png((400, 300)), at_least=20).size == (400, 300)


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
    assert images.fit(Image.new("RGB", size), 100).size == fitted


@pytest.mark.parametrize("size", [(2400, 1600), (3000, 100), (90, 70)])
def test_shrunk_gives_a_jpeg_that_fits(size):
    with upload(pictures.jpeg(size)) as file:
        small = Image.open(io.BytesIO(images.shrunk(file, 200)))

    assert small.format == "JPEG"
    assert max(small.size) == min(200, max(size))


def test_shrunk_refuses_what_inspect_refuses():
    with upload(pictures.decompression_bomb()) as file, pytest.raises(images.TooLarge):
        images.shrunk(file, 200)


@pytest.mark.parametrize("format", ["JPEG", "GIF", "WebP", "PNG"])
def test_a_jpeg_carries_no_metadata_over(format):
    secret = b"<script>secret</script>"
    image = pictures.corners()
    options = {"comment": secret, "xmp": secret, "exif": pictures.described(secret)}
    data = pictures.saved(image, format, icc_profile=pictures.srgb_profile(), **options)
    assert b"secret" in data

    with upload(data) as file:
        copies = [images.jpeg(decode(data)), images.jpeg(Image.open(file).convert("RGB"))]
        copies.append(images.shrunk(file, 50))

    for copy in copies:
        assert b"secret" not in copy
        assert set(Image.open(io.BytesIO(copy)).info) <= pictures.JFIF


# A process that can be thrown away


def test_a_decoder_that_hangs_is_stopped(monkeypatch):
    monkeypatch.setattr(images, "_examined", pictures.hang)
    monkeypatch.setattr(sandbox, "SECONDS", 0.5)

    assert refusal(pictures.jpeg()) == "This picture takes too long to decode."


def test_a_decoder_that_burns_the_processor_is_stopped(monkeypatch):
    monkeypatch.setattr(images, "_examined", pictures.spin)
    monkeypatch.setitem(sandbox.LIMITS, "CPU", 1)

    assert refusal(pictures.jpeg()) == "This picture takes too long to decode."


def test_a_decoder_that_crashes_harms_nobody(monkeypatch):
    monkeypatch.setattr(images, "_examined", pictures.crash)

    assert refusal(pictures.jpeg()) == "This picture can't be decoded."


def test_a_decoder_with_a_bug_is_loud_in_the_log_only(monkeypatch, caplog):
    monkeypatch.setattr(images, "_examined", pictures.stumble)

    assert refusal(pictures.jpeg()) == "This picture can't be decoded."
    assert "RuntimeError: a bug" in caplog.text


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS limits no address space")
def test_a_picture_that_takes_too_much_memory_is_refused(monkeypatch):
    monkeypatch.setitem(sandbox.LIMITS, "AS", 200_000_000)

    sentence = refusal(pictures.png((8_000, 7_000)), images.TooLarge)

    assert sentence == "This picture takes too much memory to decode."


def test_a_decoder_sees_no_secrets(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "do not tell")

    with upload(b"") as file:
        assert b"do not tell" not in sandbox.run(pictures.environment, file)


def test_the_process_imports_neither_django_nor_numpy():
    with upload(pictures.jpeg()) as file:
        modules = json.loads(sandbox.run(pictures.modules, file))

    assert {"django", "numpy", "torch", "celery"}.isdisjoint(modules)


def test_pictures_are_inspected_in_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert inspect(pictures.jpeg()).format == "JPEG"


def test_pictures_are_inspected_from_many_threads_at_once():
    with ThreadPoolExecutor(4) as pool:
        colours = pool.map(inspect, map(pictures.png, [(8, 8)] * 8, ["#ff0000", "#0000ff"] * 4))

    assert [facts.colour for facts in colours] == ["#ff0000", "#0000ff"] * 4


def test_importing_the_module_brings_no_django():
    root = Path(__file__).parents[1]
    code = "import sys, search.images; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


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
        except images.UndecodableImage as refused:
            assert str(refused).endswith(".")
