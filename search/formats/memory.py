"""What decoding a picture takes of memory, by what its header says, before anything is decoded.

Measured by bench/worst_files.py, and so for each format as Pillow's decoders do it: the largest
that are allowed take up to 700 MiB with the interpreter and the file.
"""

from collections.abc import Callable
from math import prod
from typing import Any

from search.formats.headers import SCAN, is_frame, jpeg_segments
from search.formats.limits import TooLarge
from search.formats.webp import is_decoded_once

# Maximum bytes of pixels and what decoding needs beside them.
ALLOWED = 650_000_000
# Markers of a JPEG's frame whose pixels come in several scans, more exact in each.
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
# Bytes of a pixel in memory by Pillow's modes; 4 of all others.
PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2}


def check_memory(image: Any, data: bytes, name: str) -> None:
    """Raises TooLarge for a picture of this format whose decoding would take too much."""
    size = BYTES[name](image, data) if name in BYTES else 0
    if size > ALLOWED:
        raise TooLarge(
            "decoding_takes_megabytes", megabytes=size / 1_000_000, allowed=ALLOWED / 1_000_000
        )


def of_jpeg(image: Any, data: bytes) -> float:
    """The coefficients of all pixels, which are held where they come in several scans: the first
    one of a progressive picture, or one that has not all of its components, is not the last.

    Else it is decoded row by row, at a fraction of its size.
    """
    kind, frame, scan = _head(data)
    if kind not in PROGRESSIVE and scan[:1] >= frame[5:6]:  # The numbers of components.
        return 0
    # Of each component, how often it is there across and down in what one sample of another covers.
    factors = [(each >> 4) * (each & 15) for each in frame[7::3]]
    return 2 * image.width * image.height * sum(factors) / max(1, *factors)


def _head(data: bytes) -> tuple[int, bytes, bytes]:
    """Marker and body of a JPEG's frame, and the body of its first scan."""
    kind, frame = 0, b""
    for marker, body in jpeg_segments(data):
        if marker == SCAN:
            return kind, frame, body
        if is_frame(marker) and not frame:
            kind, frame = marker, body
    return 0, b"", b""


def of_webp(image: Any, data: bytes) -> float:
    """The picture and, of a lossless one, its pixels; or both canvases, the frame and the picture
    as Pillow decodes it.
    """
    pixels = image.width * image.height
    return pixels * (8 if 16 * pixels > ALLOWED and is_decoded_once(image) else 16)


def of_avif(image: Any, data: bytes) -> float:
    """The planes as they are coded, and the pixels made of them with the copy that Pillow makes."""
    at = data.find(b"av1C") + 4
    flags = data[at + 2] if at >= 4 and at + 2 < len(data) else 0
    is_grey, is_halved = flags & 0x10, (flags >> 2 & 1) + (flags >> 3 & 1)
    colours = 0 if is_grey else 2 / (1, 2, 4)[is_halved]
    has_alpha = image.mode == "RGBA"
    planes = (1 + colours + has_alpha) * (2 if flags & 0x40 else 1)
    return image.width * image.height * (planes + (8 if has_alpha else 7))


def of_tiff(image: Any, data: bytes) -> float:
    """The picture and one of the strips or tiles that it is unpacked from."""
    tags = image.tag_v2
    bits = sum(tags.get(258, (1,))) if tags.get(284, 1) == 1 else max(tags.get(258, (1,)))
    if 322 in tags and 323 in tags:
        piece = tags[322] * tags[323]
    else:
        piece = image.width * min(tags.get(278, image.height), image.height)
    return prod(image.size) * PIXEL.get(image.mode, 4) + piece * bits / 8


BYTES: dict[str, Callable[[Any, bytes], float]] = {
    "JPEG": of_jpeg,
    "WebP": of_webp,
    "AVIF": of_avif,
    "TIFF": of_tiff,
}
