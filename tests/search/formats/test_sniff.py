"""What a file is by its first bytes, and what is refused by its name."""

import pytest

from search.formats.sniff import UnsupportedFormat, download_name
from tests.support import pictures
from tests.support.formats import inspect, refusal


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
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "camera raw"),
        (b"FUJIFILMCCD-RAW 0201", "camera raw"),
        (b"IIU\0\x18\0\0\0", "camera raw"),
        (b"IIRO\x08\0\0\0", "camera raw"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81", "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "video"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "video"),
        (b"\0\0\x10\0moov\0\0\0\x6cmvhd", "video"),
        (b"ID3\3\0\0\0\0\0\0", "sound"),
        (b"Rar!\x1a\7\0", "archive"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "macOS"),
        (b"MM\0+\0\x08\0\0" + bytes(8), "BigTIFF"),
        (b"gimp xcf v011", "GIMP"),
        (b"v/1\1\2\0\0\0", "OpenEXR"),
        (b"P6\n1 1\n255\n\xff\0\0", "Netpbm"),
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


# Of a TIFF, by its tags


def tiff(**tags):
    return pictures.saved(
        pictures.corners(), "TIFF", tiffinfo={TAGS[k]: v for k, v in tags.items()}
    )


TAGS = {"subfile_type": 254, "photometric": 262, "make": 271, "dng_version": 50706}


@pytest.mark.parametrize(
    "data",
    [
        tiff(subfile_type=1, make="NIKON CORPORATION"),
        tiff(dng_version=b"\1\4\0\0"),
        pictures.with_tiff_tag(tiff(), TAGS["photometric"], 32_803),
        tiff().replace(b"II*\0\x08\0\0\0", b"II*\0\x10\0\0\0CR\2\0\0\0\0\0"),
    ],
    ids=["NEF", "DNG", "sensor", "CR2"],
)
def test_a_camera_raw_file_is_no_thumbnail(data):
    sentence = refusal(data, UnsupportedFormat)

    assert sentence == "This is a camera raw file; please save it as JPEG first."


@pytest.mark.parametrize("tags", [{}, {"make": "NIKON CORPORATION"}, {"subfile_type": 0}])
def test_a_tiff_of_a_camera_is_a_picture(tags):
    assert inspect(tiff(**tags)).format == "TIFF"


# Kinds of the accepted formats that are not read


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (pictures.with_tiff_tag(tiff(), TAGS["photometric"], 9), "TIFF"),
        (pictures.with_tiff_tag(tiff(), 259, 34_712), "TIFF"),
        (pictures.with_byte(pictures.picture("BMP"), 30, 4), "BMP"),
        (pictures.with_byte(pictures.picture("BMP"), 28, 2), "BMP"),
        (pictures.jpeg_of_depth(12), "JPEG"),
    ],
    ids=["colours", "compression", "BMP of JPEG", "BMP of 2 bits", "JPEG of 12 bits"],
)
def test_a_picture_of_a_rare_kind_is_not_called_damaged(data, format):
    sentence = refusal(data)

    assert sentence.startswith(f"This {format} file is of a kind that can't be read yet;")


# Names


@pytest.mark.parametrize(
    ("filename", "format", "name"),
    [
        ("x.html", "JPEG", "x.jpg"),
        ("x.JPEG", "JPEG", "x.JPEG"),
        ("x.tiff", "TIFF", "x.tiff"),
        ("x.jpg", "PNG", "x.png"),
        ("x", "WebP", "x.webp"),
        ("v1.2024", "AVIF", "v1.2024.avif"),
        ("Mr. Smith", "BMP", "Mr. Smith.bmp"),
        (".html", "GIF", ".html.gif"),
        ("x.jpg.svg", "GIF", "x.jpg.gif"),
    ],
)
def test_a_download_has_an_extension_of_its_format(filename, format, name):
    assert download_name(filename, format) == name
