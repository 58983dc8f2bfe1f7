"""Files that are cut or damaged: refused in a sentence, or read as they were."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from search.formats import decode as decoding
from search.formats.sniff import UndecodableImage
from tests.support import pictures
from tests.support.formats import decode, decoded_or_none, inspect, refusal

FORMATS = pytest.mark.parametrize("format", pictures.FORMATS)

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]


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
    # Only a PNG's last checksums and the end mark of a JPEG or GIF come behind the pixels.
    assert all(len(data) - cut <= 24 for cut in accepted)
    assert format in ("JPEG", "PNG", "GIF") or not accepted


# Only the end or a checksum is wrong


def png_with(pixels, *, right=True):
    """`scene()` as a PNG with this done to its compressed pixels, and a right checksum or not."""
    data = pictures.scene("PNG")
    at = data.index(b"IDAT")
    length = int.from_bytes(data[at - 4 : at])
    chunk = pictures.png_chunk(b"IDAT", pixels(data[at + 4 : at + 4 + length]))
    chunk = chunk if right else chunk[:-1] + bytes([chunk[-1] ^ 1])
    return data[: at - 4] + chunk + pictures.png_chunk(b"IEND", b"")


def with_wrong_end(pixels):
    return pixels[:-1] + bytes([pixels[-1] ^ 1])


def with_wrong_middle(pixels):
    return pixels[:2000] + bytes([pixels[2000] ^ 1]) + pixels[2001:]


PROGRESSIVE = pictures.saved(
    Image.open(io.BytesIO(pictures.scene("BMP"))), "JPEG", progressive=True
)
MENDED = {
    "JPEG without its end mark": (pictures.scene("JPEG")[:-2], pictures.scene("JPEG")),
    "JPEG with half an end mark": (pictures.scene("JPEG")[:-1], pictures.scene("JPEG")),
    "progressive JPEG without its end mark": (PROGRESSIVE[:-2], PROGRESSIVE),
    "PNG without its end": (pictures.scene("PNG")[:-12], pictures.scene("PNG")),
    "PNG without its last checksums": (pictures.scene("PNG")[:-20], pictures.scene("PNG")),
    "PNG with a wrong checksum of a chunk": (
        png_with(bytes, right=False),
        pictures.scene("PNG"),
    ),
    "PNG with a wrong checksum of its pixels": (png_with(with_wrong_end), pictures.scene("PNG")),
    "PNG with a wrong checksum of a comment": (
        pictures.scene("PNG")[:33] + b"\0\0\0\3tEXta\0bnope" + pictures.scene("PNG")[33:],
        pictures.scene("PNG"),
    ),
}


@pytest.mark.parametrize(("data", "whole"), MENDED.values(), ids=MENDED)
def test_a_file_with_all_its_pixels_is_accepted(data, whole):
    assert inspect(data).width == 80
    assert decode(data).tobytes() == decode(whole).tobytes()


@pytest.mark.parametrize(
    "data", [png_with(with_wrong_middle, right=False), png_with(with_wrong_end, right=False)]
)
def test_a_png_for_whose_pixels_no_checksum_speaks_is_refused(data):
    assert refusal(data) == "This PNG file is damaged or incomplete."


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        (pictures.scene("JPEG")[:-200], 13),
        (png_with(lambda pixels: zlib.compress(zlib.decompress(pixels)[: 40 * 241])), 20),
    ],
)
def test_missing_rows_are_counted(data, missing):
    sentence = refusal(data)

    assert sentence.endswith(f"is incomplete: the last {missing} of its 60 rows are missing.")


def test_an_interlaced_png_without_its_end_is_accepted():
    # One row of three pixels: the first pixel, then the third, then the second.
    pixels = zlib.compress(b"\0\1\0\3\0\2")
    header = struct.pack(">IIBBBBB", 3, 1, 8, 0, 0, 0, 1)
    start = b"\x89PNG\r\n\x1a\n" + pictures.png_chunk(b"IHDR", header)

    picture = decode(start + pictures.png_chunk(b"IDAT", pixels[:-1] + b"\0"))

    assert [picture.getpixel((x, 0))[0] for x in range(3)] == [1, 2, 3]


# Each entry


@pytest.mark.parametrize("data", [*(data for data, _ in MENDED.values()), *pictures.refused()])
def test_a_picture_to_search_by_gets_the_verdict_of_an_upload(data):
    verdicts = []
    for entry in (inspect, shrunk):
        try:
            entry(data)
            verdicts.append("accepted")
        except UndecodableImage as error:
            verdicts.append((type(error), str(error)))

    assert verdicts[0] == verdicts[1]


def shrunk(data):
    with pictures.upload(data) as file:
        return decoding.shrink(file, 64)


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
