"""Files that are cut or damaged: refused in a sentence, or read as they were."""

import random

import pytest

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
    # Only a PNG's last checksums and a GIF's end mark come behind the pixels.
    assert all(len(data) - cut <= 24 for cut in accepted)
    assert format in ("PNG", "GIF") or not accepted


def test_a_png_with_a_wrong_checksum_is_refused():
    data = pictures.png_with_wrong_checksum()

    assert decode(data)  # Which is why inspect() looks at the checksums.
    assert refusal(data) == "This PNG file is damaged or incomplete."


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
