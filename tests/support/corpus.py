"""Odd, damaged and hostile files of our own drawing, the same each time: a name, and what draws it.

Small files that are drawn within milliseconds; those that take much time or memory to read, and to
draw, are in tests/support/worst.py.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from PIL import Image

from tests.support import pictures
from tests.support.drawn import drawing
from tests.support.pictures import png_chunk, saved

Draw = Callable[[], bytes]
Cases = Iterator[tuple[str, Draw]]

# How the files of each format end.
ENDINGS = {
    "JPEG": "jpg",
    "PNG": "png",
    "WebP": "webp",
    "AVIF": "avif",
    "GIF": "gif",
    "TIFF": "tif",
    "BMP": "bmp",
}
SIZE = (72, 50)


def corpus() -> dict[str, Draw]:
    """All small files, by names that say what is odd about them."""
    cases = [*whole(), *tiffs(), *pngs(), *damaged(), *liars(), *bombs(), *strangers(), *names()]
    drawn = dict(cases)
    assert len(drawn) == len(cases), "two cases of one name"
    return drawn


def representatives(count: int) -> dict[str, Draw]:
    """So many of them, of every kind."""
    cases = list(corpus().items())
    return dict(cases[n * len(cases) // count] for n in range(count))


def image(number: int, mode: str = "RGB") -> Image.Image:
    """A drawing that no other number has, so that no two files are the same asset."""
    picture = drawing(number, size=SIZE).convert(mode)
    if "A" in mode:
        picture.putalpha(Image.linear_gradient("L").resize(SIZE))
    return picture


# Pictures that are whole --------------------------------------------------------------------------

MODES = {
    "JPEG": ("L", "RGB", "CMYK", "1"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "WebP": ("RGB", "RGBA", "L"),
    "AVIF": ("RGB", "RGBA", "L"),
    "GIF": ("1", "L", "P", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
}
OPTIONS = {
    "JPEG": {
        "progressive": {"progressive": True},
        "full_colours": {"subsampling": 0},
        "coarse": {"quality": 1},
        "restarts": {"restart_marker_blocks": 1},
        "turned": {"exif": pictures.orientation(6)},
        "turned_nowhere": {"exif": pictures.orientation(77)},
        "broken_profile": {"icc_profile": b"junk" * 40},
        "other_profile": {"icc_profile": pictures.profile_that_swaps_red_and_blue()},
        "broken_exif": {"exif": b"Exif\0\0II*\0\xff\xff\xff\xff"},
    },
    "PNG": {
        "transparent": {"transparency": (255, 0, 0)},
        "described": {"pnginfo": pictures.comment("a")},
    },
    "WebP": {"lossless": {"lossless": True}, "coarse": {"quality": 0}},
    "AVIF": {"full_colours": {"subsampling": "4:4:4"}, "turned": {"exif": pictures.orientation(8)}},
    "GIF": {"interlaced": {"interlace": 1}, "transparent": {"transparency": 0}},
}
ANIMATED = ("PNG", "WebP", "AVIF", "GIF", "TIFF")


def whole() -> Cases:
    for number, format in enumerate(ENDINGS):
        ending = ENDINGS[format]
        for mode in MODES[format]:
            picture = partial(image, 10 * number, mode)
            yield f"mode_{mode.replace(';', '')}.{ending}", partial(_saved, picture, format)
        for name, options in OPTIONS.get(format, {}).items():
            picture = partial(image, 10 * number + 1)
            yield f"{name}.{ending}", partial(_saved, picture, format, **options)
        if format in ANIMATED:
            yield f"three_frames.{ending}", partial(pictures.animation, format, 3)
        for size in ((1, 1), (1, 900), (900, 1)):
            name = f"{size[0]}_by_{size[1]}.{ending}"
            yield name, partial(pictures.picture, format, size, "red")


def _saved(picture: Callable[[], Image.Image], format: str, **options) -> bytes:
    return saved(picture(), format, **options)


TIFF_COMPRESSIONS = ("packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "zstd", "lzma")


def tiffs() -> Cases:
    for number, kind in enumerate(TIFF_COMPRESSIONS, 200):
        yield f"{kind}.tif", partial(_saved, partial(image, number), "TIFF", compression=kind)
    yield "group4.tif", partial(_saved, partial(image, 210, "1"), "TIFF", compression="group4")
    yield "big.tif", partial(_saved, partial(image, 211), "TIFF", big_tiff=True)
    yield "camera_raw.tif", partial(_saved, partial(image, 212), "TIFF", tiffinfo=RAW)
    yield "no_numbers.tif", partial(_floats, float("nan"))
    yield "infinite.tif", partial(_floats, float("inf"))
    for name, tag, value in (
        ("no_samples", 277, 0),
        ("many_samples", 277, 60_000),
        ("bits_without_end", 258, 65_535),
        ("unknown_compression", 259, 4711),
        ("unknown_colours", 262, 4711),
        ("no_rows_in_a_strip", 278, 0),
    ):
        yield f"{name}.tif", partial(_with_tag, tag, value)
    yield "directory_in_a_circle.tif", _circle


RAW = {254: 1, 271: "Maker", 272: "A camera", 50_706: b"\1\1\0\0"}


def _floats(value: float) -> bytes:
    picture = image(220, "F")
    picture.putpixel((3, 3), value)
    return saved(picture, "TIFF")


def _plain_tiff() -> bytes:
    return saved(image(221), "TIFF")


def _with_tag(tag: int, value: int) -> bytes:
    return pictures.with_tiff_tag(_plain_tiff(), tag, value)


def _circle() -> bytes:
    """A directory that names itself as the next one."""
    data = _plain_tiff()
    (count,) = struct.unpack_from("<H", data, 8)
    following = 10 + 12 * count
    return data[:following] + struct.pack("<I", 8) + data[following + 4 :]


def pngs() -> Cases:
    for kind, samples in ((0, 1), (2, 3), (3, 1), (4, 2), (6, 4)):
        for bits in (1, 2, 4, 8, 16):
            row = Random(kind * 100 + bits).randbytes((9 * bits * samples + 7) // 8)
            palette = bytes(3 << bits) if kind == 3 and bits < 16 else b""
            name = f"kind_{kind}_of_{bits}_bits.png"
            yield name, partial(pictures.png_row, kind, bits, row, 9, palette=palette)
    yield "interlaced.png", _interlaced
    yield "no_pixels.png", partial(_png_without, b"IDAT")
    yield "no_end.png", partial(_png_without, b"IEND")
    yield "no_palette.png", partial(_png_without, b"PLTE", mode="P")
    yield "two_heads.png", partial(_png_with, png_chunk(b"IHDR", struct.pack(">IIB4x", 9, 9, 8)))
    yield "unknown_needed_chunk.png", partial(_png_with, png_chunk(b"ABCD", b"a"))
    yield "chunk_beyond_the_end.png", partial(_png_with, b"\x7f\xff\xff\xfftEXta")
    yield "negative_chunk.png", partial(_png_with, b"\xff\xff\xff\xfftEXta")
    yield "wrong_checksum_of_a_text.png", partial(_png_with, b"\0\0\0\1tEXtaXXXX")
    yield "damaged_pixels.png", pictures.png_with_damaged_pixels
    yield "pixels_of_zeros.png", partial(pictures.png_of_size, 40, 40)


def _interlaced() -> bytes:
    """Eight by eight greys, in the seven passes of Adam7."""
    passes = ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4))
    rows = b"".join((b"\0" + bytes(range(40, 40 + width))) * height for width, height in passes)
    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


def _png_without(kind: bytes, mode: str = "RGB") -> bytes:
    data = saved(image(230, mode), "PNG")
    at = data.index(kind) - 4
    (length,) = struct.unpack_from(">I", data, at)
    return data[:at] + data[at + 12 + length :]


def _png_with(chunk: bytes) -> bytes:
    """A PNG with this behind its header."""
    data = saved(image(231), "PNG")
    return data[:33] + chunk + data[33:]


# Files that are damaged ---------------------------------------------------------------------------


def damaged() -> Cases:
    for format, ending in ENDINGS.items():
        for share in (5, 25, 50, 90):
            yield f"cut_at_{share}_percent.{ending}", partial(_cut, format, share)
        for number in range(8):
            yield f"byte_{number}_wrong.{ending}", partial(_flipped, format, number)
        yield f"last_byte_lost.{ending}", lambda format=format: pictures.scene(format)[:-1]
        yield f"hole.{ending}", partial(_holed, format)
        yield f"twice.{ending}", lambda format=format: 2 * pictures.scene(format)
        yield f"behind_a_newline.{ending}", lambda format=format: b"\n" + pictures.scene(format)
        yield f"with_a_tail.{ending}", lambda format=format: pictures.scene(format) + b"tail" * 99
        yield f"head_alone.{ending}", lambda format=format: pictures.scene(format)[:16]
        yield f"head_and_noise.{ending}", partial(_noise, format)


def _cut(format: str, share: int) -> bytes:
    data = pictures.scene(format)
    return data[: len(data) * share // 100]


def _flipped(format: str, number: int) -> bytes:
    """A byte of the first half changed, where the headers are."""
    data, random = pictures.scene(format), Random(f"{format} {number}")
    at = random.randrange(12, min(len(data) // 2, 60 << number))
    return pictures.with_byte(data, at, data[at] ^ 1 << random.randrange(8))


def _holed(format: str) -> bytes:
    data = pictures.scene(format)
    start, end = len(data) * 2 // 5, len(data) * 3 // 5
    return data[:start] + bytes(end - start) + data[end:]


def _noise(format: str) -> bytes:
    return pictures.scene(format)[:32] + Random(format).randbytes(5000)


# Files that say what is not so --------------------------------------------------------------------


def liars() -> Cases:
    for width, height in ((0, 0), (0, 50), (20_001, 5), (8_100, 8_000), (65_535, 65_535)):
        size = f"{width}_by_{height}"
        yield f"says_{size}.png", partial(pictures.png_of_size, width, height)
        yield f"says_{size}.jpg", partial(pictures.jpeg_of_size, width, height)
        yield f"says_{size}.gif", partial(_gif_of_size, width, height)
        yield f"says_{size}.bmp", partial(_bmp_of_size, width, height)
        yield f"says_{size}.tif", partial(_tiff_of_size, width, height)
    yield "says_16383_by_16383.webp", pictures.webp_bomb
    yield "says_8000_by_8000.webp", partial(pictures.webp_bomb, 8000)
    yield "says_more_than_there_can_be.png", partial(pictures.png_of_size, 2**31 - 1, 2**31 - 1)
    yield "upside_down.bmp", partial(_bmp_of_size, 20, -20)
    yield "samples_of_12_bits.jpg", partial(pictures.jpeg_of_depth, 12)
    yield "png_called.jpg", lambda: saved(image(300), "PNG")
    yield "webp_called.png", lambda: saved(image(301), "WebP")
    yield "jpeg_called.tif", lambda: saved(image(302), "JPEG")
    yield "without_an_ending", lambda: saved(image(303), "JPEG")


def _gif_of_size(width: int, height: int) -> bytes:
    data = bytearray(pictures.scene("GIF"))
    struct.pack_into("<HH", data, 6, width, height)
    return bytes(data)


def _bmp_of_size(width: int, height: int) -> bytes:
    data = bytearray(pictures.scene("BMP"))
    struct.pack_into("<ii", data, 18, width, height)
    return bytes(data)


def _tiff_of_size(width: int, height: int) -> bytes:
    return pictures.with_tiff_tag(_with_tag(256, width), 257, height)


# Files that ask for much --------------------------------------------------------------------------


def bombs() -> Cases:
    yield "many_scans.jpg", partial(pictures.jpeg_of_scans, 101)
    yield "many_frames.gif", partial(pictures.animation, "GIF", 501, (4, 4))
    yield "many_frames.webp", partial(pictures.animation, "WebP", 501, (4, 4))
    yield "large_late_text.png", partial(_late_text, 4_100_000)
    yield "large_comments.jpg", partial(pictures.jpeg_with_comments, 70)
    for format in ("JPEG", "PNG", "GIF"):
        yield f"many_comments.{ENDINGS[format]}", partial(pictures.with_comments, format, 2_001)
    yield "inflating_text.png", partial(_packed, b"zTXt", b"Comment\0\0", 60_000_000)
    yield "inflating_profile.png", partial(_packed, b"iCCP", b"name\0\0", 60_000_000)
    yield "inflating_pixels.png", partial(_inflating_pixels, 60_000_000)
    yield "entities.jpg", lambda: saved(image(400), "JPEG", xmp=ENTITIES)
    yield "entities.webp", lambda: saved(image(401), "WebP", xmp=ENTITIES)
    yield "exif_in_a_circle.jpg", lambda: saved(image(402), "JPEG", exif=CIRCULAR)
    yield "exif_of_many_entries.jpg", lambda: saved(image(403), "JPEG", exif=CROWDED)


# A hundred million letters, were its entities replaced.
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        f'<!ENTITY {name} "{10 * f"&{inner};"}">'.encode()
        for inner, name in zip("abcdefg", "bcdefgh", strict=True)
    )
    + b"]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&h;</x:xmpmeta>"
)
# EXIF whose directory of the camera's own is the directory itself; and one of 60,000 entries.
CIRCULAR = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)
CROWDED = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 60_000) + bytes(60_000)


def _late_text(length: int) -> bytes:
    return pictures.with_late_comment(saved(image(404), "PNG"), length)


def _packed(kind: bytes, head: bytes, length: int) -> bytes:
    return _png_with(png_chunk(kind, head + zlib.compress(bytes(length), 9)))


def _inflating_pixels(length: int) -> bytes:
    """A PNG of a few pixels with as much behind them in the same stream."""
    data = pictures.png((9, 9))
    at = data.index(b"IDAT") - 4
    return data[:at] + png_chunk(b"IDAT", zlib.compress(bytes(length), 9)) + data[-12:]


# Files that are something else --------------------------------------------------------------------

HEADS = {
    "empty.jpg": b"",
    "letter.png": b"a",
    "words.jpg": "Dear reader, these are words: é.".encode(),
    "words_of_16_bits.jpg": "Dear reader".encode("utf-16"),
    "zeros.png": bytes(4000),
    "document.jpg": b"%PDF-1.7\n%%EOF",
    "page.png": b"<!doctype html><script>alert(1)</script>",
    "drawing.png": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
    "packed_drawing.png": b"\x1f\x8b\x08" + bytes(40),
    "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "photoshop.jpg": b"8BPS\0\1" + bytes(40),
    "archive.jpg": b"PK\x03\x04" + bytes(40),
    "heic.jpg": b"\0\0\0\x18ftypheic" + bytes(40),
    "heif.avif": b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic" + bytes(40),
    "film.jpg": b"\0\0\0\x14ftypqt  " + bytes(40),
    "old_film.jpg": b"\0\0\0\x08wide\0\0\0\0mdat" + bytes(40),
    "web_film.webp": b"\x1aE\xdf\xa3" + bytes(40),
    "riff_film.webp": b"RIFF\0\0\0\0AVI LIST" + bytes(40),
    "sound.jpg": b"ID3\3" + bytes(40),
    "jpeg_xl.jpg": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40),
    "jpeg_2000.jpg": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40),
    "icon.png": b"\0\0\1\0\1\0" + bytes(40),
    "netpbm.png": b"P6\n1 1\n255\n\xff\0\0",
    "exr.tif": b"v/1\x01" + bytes(40),
    "big_endian_bigtiff.tif": b"MM\0+\0\x08\0\0" + bytes(40),
    "companion.jpg": b"\0\5\x16\7" + bytes(60),
    "fuji.tif": b"FUJIFILMCCD-RAW " + bytes(40),
    "program.jpg": b"\x7fELF\2\1\1" + bytes(60),
    "script.jpg": b"#!/bin/sh\nrm -rf /\n",
    "pickle.png": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    "riff_of_nothing.webp": b"RIFF\x04\0\0\0WEBP",
    "webp_of_odd_chunk.webp": b"RIFF\x10\0\0\0WEBPABCD\xff\xff\xff\xff",
    "avif_of_nothing.avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
    "jpeg_of_marks.jpg": b"\xff\xd8" + b"\xff" * 4000,
}


def strangers() -> Cases:
    for name, data in HEADS.items():
        yield f"is_{name}", lambda data=data: data


# Names that are odd; what they name is an ordinary picture ----------------------------------------

NAMES = (
    "cafe\u0301.jpg",
    "\u202egpj.exe.jpg",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467.jpg",
    "-rf.jpg",
    "..two dots..jpg",
    "<script>alert(1)<.jpg",
    "\"onerror='x' .jpg",
    "{{ name }} %s %(x)s.jpg",
    "50% & #1; drop table.jpg",
    "x" * 200 + ".jpg",
    "é" * 100 + ".jpg",
    "CON.jpg",
    "a;b=c.jpg",
    "東京.jpg",
    "page.html.jpg",
)


def names() -> Cases:
    for number, name in enumerate(NAMES, 500):
        yield name, partial(_saved, partial(image, number), "JPEG")


def read_into(data: bytes, name: str) -> io.BytesIO:
    """A file as a person would send it."""
    file = io.BytesIO(data)
    file.name = name
    return file
