"""Files that ask for more work than any picture needs, refused by what their headers say."""

import resource

import pytest

from search.formats.headers import is_shrinkable
from search.formats.limits import TooLarge
from tests.support import pictures, worst
from tests.support.formats import decode, inspect, refusal


def refused_in_time(data):
    """The sentence, which must come within half a second of the sandbox's processor."""
    before = processor_seconds()
    sentence = refusal(data, TooLarge)
    assert processor_seconds() - before < 0.5
    return sentence


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_jpeg_of_2000_scans_is_refused_in_half_a_second():
    sentence = refused_in_time(pictures.jpeg_of_scans(2_000))

    assert sentence == "This JPEG has more than 100 scans, and would take too long to decode."
    with pytest.raises(TooLarge):
        decode(pictures.jpeg_of_scans(2_000))


def test_a_jpeg_of_100_scans_is_accepted():
    data = pictures.jpeg_of_scans(100)

    assert inspect(data).format == "JPEG"
    with pytest.raises(TooLarge):
        decode(pictures.jpeg_of_scans(101))


def test_a_large_jpeg_may_have_fewer_scans():
    data = pictures.jpeg_of_scans(21)
    at = data.index(b"\xff\xc2") + 5
    large = data[:at] + (10_000).to_bytes(2) + (12_000).to_bytes(2) + data[at + 4 :]

    assert refused_in_time(large).startswith("This JPEG has more than 20 scans")
    assert inspect(data).format == "JPEG"


def test_what_a_thumbnail_within_the_metadata_holds_is_no_scan():
    thumbnail = pictures.jpeg_of_scans(2_000)[:60_000]
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2) + thumbnail
    data = pictures.jpeg()

    assert inspect(data[:2] + segment + data[2:]).format == "JPEG"


@pytest.mark.parametrize("length", [100, 65_000])
def test_a_jpeg_with_26_megabytes_of_exif_is_refused_in_half_a_second(length):
    data = pictures.jpeg()
    segment = b"\xff\xe1" + (length + 2).to_bytes(2) + b"Exif\0\0" + bytes(length - 6)

    sentence = refused_in_time(data[:2] + segment * (26_000_000 // length) + data[2:])

    assert "metadata" in sentence


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
def test_metadata_in_too_many_pieces_is_refused(format):
    sentence = refused_in_time(pictures.with_comments(format, 2_001))

    assert sentence == "This picture carries more than 2,000 pieces of metadata."


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
def test_metadata_in_2000_pieces_is_accepted(format):
    assert inspect(pictures.with_comments(format, 1_900)).format == format


def test_a_png_in_300000_empty_chunks_is_refused():
    data = pictures.png()

    sentence = refused_in_time(data[:33] + pictures.png_chunk(b"IDAT", b"") * 300_000 + data[33:])

    assert sentence.startswith("This picture is stored in too many pieces: more than ")


@pytest.mark.parametrize(("progressive", "frame"), [(False, b"\xc0"), (True, b"\xc2")])
def test_a_jpeg_can_be_decoded_smaller_unless_it_is_lossless(progressive, frame):
    data = pictures.jpeg(progressive=progressive)

    assert is_shrinkable(data)
    assert not is_shrinkable(data.replace(b"\xff" + frame, b"\xff\xc3"))


def test_a_bmp_of_millions_of_runs_is_refused_in_half_a_second():
    assert refused_in_time(worst.bmp_of_runs(40_000_000)).endswith("more than 3,000,000.")


def test_control_a_small_one_is_read():
    assert refusal(worst.bmp_of_runs(4_000)) == "This BMP file is damaged or incomplete."
