"""What a file is by its first bytes, and what is refused by its name."""

import pytest

from search.formats.sniff import UnsupportedFormat
from tests.support import pictures
from tests.support.formats import refusal


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
