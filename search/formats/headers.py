"""The markers, chunks and blocks of a file, gone through without decoding anything.

Some files are small and take long: each of 2,000 empty scans of a JPEG is a pass over the whole
picture (40 kB: 10 to 20 s), and Pillow joins pieces of metadata one by one (6 MB of pieces of 100
bytes: 5 s). They are refused by what their headers say.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

from search.formats.limits import (
    MEGAPIXELS,
    METADATA_BYTES,
    PIECES,
    RUN_BYTES,
    SCANNED_PIXELS,
    SCANS,
    TooLarge,
)

# A kind, "scan", "metadata" or "data", and its size: of a scan the picture's pixels, else bytes.
Part = tuple[str, int]

# Codes of the refusals for too many parts of each kind.
CODES = {
    "scan": "too_many_scans",
    "metadata": "too_many_pieces_of_metadata",
    "data": "too_many_pieces",
}
# A JPEG's marker: neither a byte of its data that is 255, nor a place to restart.
MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])", re.DOTALL)
START, END, SCAN, COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
LARGEST = MEGAPIXELS["JPEG"] * 1_000_000
# Markers of a JPEG's frame by the processes that can be decoded at a smaller size.
SHRINKABLE = {0xC0, 0xC1, 0xC2}
# Chunks of a PNG that are no metadata, and the first bytes of a GIF's blocks.
PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"}
GIF_PICTURE, GIF_EXTENSION, GIF_CONTROL = 0x2C, 0x21, 0xF9
# Compressions of a BMP in runs, of 8 and of 4 bits.
BMP_RUNS = {1, 2}


def check_work(data: bytes, name: str) -> None:
    """Raises TooLarge where a file of this format asks for more work than any needs."""
    if name == "BMP":
        check_runs(data)
    with suppress(IndexError):  # It is cut: the decoder will say so.
        _check_parts(PARTS[name](data) if name in PARTS else iter(()), len(data))


def _check_parts(parts: Iterator[Part], size: int) -> None:
    # Encoders fill what they write: chunks of 8 kB, blocks of 255 bytes.
    allowed = {"scan": SCANS, "metadata": PIECES, "data": 10_000 + size // 100}
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for kind, length in parts:
        counts[kind] += 1
        sizes[kind] += length
        if counts[kind] > allowed[kind] or sizes["scan"] > SCANNED_PIXELS:
            raise TooLarge(CODES[kind], allowed=counts[kind] - 1)
    if sizes["metadata"] > METADATA_BYTES:
        megabytes = sizes["metadata"] / 1_000_000
        raise TooLarge("too_much_metadata", megabytes=megabytes, allowed=METADATA_BYTES / 1_000_000)


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment of a JPEG, up to its end mark."""
    at = 2
    while match := MARKER.search(data, at):
        marker, at = match[1][0], match.end()
        if marker == END:
            return
        if marker > START or marker < 0xD0 and marker != 1:
            length = int.from_bytes(data[at : at + 2])
            yield marker, data[at + 2 : at + length]
            at += length


def jpeg_parts(data: bytes) -> Iterator[Part]:
    pixels = 0
    for marker, body in jpeg_segments(data):
        if is_frame(marker):
            pixels = int.from_bytes(body[1:3]) * int.from_bytes(body[3:5])
        elif marker == SCAN:
            yield "scan", min(pixels, LARGEST)  # One that is larger yet has another sentence.
        elif 0xE0 <= marker <= 0xEF or marker == COMMENT:
            yield "metadata", len(body)


def is_frame(marker: int) -> bool:
    # Not the tables of codes and of arithmetic coding, and an extension, which lie among them.
    return 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)


def is_shrinkable(data: bytes) -> bool:
    """Whether a JPEG can be decoded at a smaller size; a lossless one would fail."""
    frames = (marker for marker, _ in jpeg_segments(data) if is_frame(marker))
    return next(frames, None) in SHRINKABLE


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Kind, body and checksum of each chunk; the last one is shorter where the file is cut."""
    at = 8
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : end], data[end : end + 4]
        at = end + 4


def png_parts(data: bytes) -> Iterator[Part]:
    for kind, body, _ in png_chunks(data):
        yield ("data" if kind in PIXELS else "metadata"), len(body)


def gif_parts(data: bytes) -> Iterator[Part]:
    at = 13 + _table_bytes(data[10])
    while data[at] in (GIF_PICTURE, GIF_EXTENSION):
        is_picture = data[at] == GIF_PICTURE
        is_metadata = not is_picture and data[at + 1] != GIF_CONTROL
        at += 11 + _table_bytes(data[at + 9]) if is_picture else 2
        start = at
        while data[at]:
            yield "data", data[at]
            at += data[at] + 1
        if is_metadata:
            yield "metadata", at - start
        at += 1


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def check_runs(data: bytes) -> None:
    """Raises TooLarge for a BMP of too many runs, each of which may lie beyond its row."""
    if int.from_bytes(data[30:34], "little") in BMP_RUNS and len(data) > RUN_BYTES:
        raise TooLarge("too_many_pieces", allowed=RUN_BYTES // 2)


PARTS: dict[str, Callable[[bytes], Iterator[Part]]] = {
    "JPEG": jpeg_parts,
    "PNG": png_parts,
    "GIF": gif_parts,
}
