"""Files of which only the end or a checksum is wrong, as Pillow reads them.

Pillow refuses a JPEG without its end mark and a PNG with any wrong checksum, though every pixel is
there. Where pixels are missing, a sentence says how many rows.
"""

import io
import zlib
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image, ImageChops

from search.formats.headers import is_shrinkable, png_chunks
from search.formats.sniff import UndecodableImage

END_MARK = b"\xff\xd9"
# What a JPEG is continued by, twice: it looks different where pixels are missing.
CONTINUATIONS = bytes(64), b"\x55" * 64
# Maximum pixels of a JPEG that are compared, of a larger one at a fraction of its size.
COMPARED_PIXELS = 4_000_000

# Where each row of an interlaced PNG's seven pictures begins and how far it steps: x, y, dx, dy.
ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
)  # fmt: skip
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Maximum bytes that are inflated at once, to a thousand times as many at most.
INFLATED_AT_ONCE = 4096


class Pixels(NamedTuple):
    """How many bytes a stream inflates to, their checksum, and where in the stream they end."""

    length: int
    checksum: bytes
    end: int
    is_broken: bool


def mended(data: bytes, name: str) -> io.BytesIO:
    """The same picture in bytes that Pillow reads, where all its pixels are there.

    Raises `UndecodableImage` where rows are missing, OSError where nothing can be mended.
    """
    if name not in MENDS:
        raise OSError(f"nothing to mend in {name}")
    return io.BytesIO(MENDS[name](data))


def mended_jpeg(data: bytes) -> bytes:
    body = data.rstrip(b"\xff")
    one, other = (_compared(body + more + END_MARK) for more in CONTINUATIONS)
    if box := ImageChops.difference(one, other).getbbox():
        rows = Image.open(io.BytesIO(data), formats=["JPEG"]).height
        _refuse("JPEG", rows=rows, whole=rows * box[1] // one.height)
    return body + END_MARK


def _compared(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=["JPEG"])
    pixels = image.width * image.height
    if pixels > COMPARED_PIXELS and is_shrinkable(data):
        part = (COMPARED_PIXELS / pixels) ** 0.5
        image.draft(None, (int(image.width * part), int(image.height * part)))
    image.load()
    return image


def mended_png(data: bytes) -> bytes:
    chunks = list(png_chunks(data))
    bodies = [body for kind, body, _ in chunks if kind == b"IDAT"]
    right = [is_right(*chunk) for chunk in chunks if chunk[0] == b"IDAT"]
    if not bodies or not all(is_right(*c) for c in chunks if c[0] in (b"IHDR", b"PLTE")):
        raise OSError("nothing to go by")
    stream = b"".join(bodies)
    pixels, (rows, expected) = inflate(stream), _rows_and_bytes(chunks[0][1])
    if pixels.length < expected:
        if pixels.is_broken or not all(right[:-1]):
            raise OSError("pixels are damaged")
        _refuse("PNG", rows=rows, whole=rows * pixels.length // expected)
    trailer = stream[pixels.end : pixels.end + 4]
    # Either the checksum of the pixels speaks for them or those of their chunks, but for the last
    # one of a file that is cut there.
    if pixels.checksum != trailer and not all(right[:-1] if len(trailer) < 4 else right):
        raise OSError("pixels are damaged")
    return _written(chunks, stream[: pixels.end] + pixels.checksum)


def is_right(kind: bytes, body: bytes, checksum: bytes) -> bool:
    return zlib.crc32(kind + body).to_bytes(4) == checksum


def inflate(stream: bytes) -> Pixels:
    """What a stream inflates to, a little at a time, and where it ends."""
    inflater, count, checksum, end = zlib.decompressobj(-zlib.MAX_WBITS), 0, 1, 2
    try:
        while not inflater.eof and end < len(stream):
            piece = inflater.decompress(stream[end : end + INFLATED_AT_ONCE])
            count, checksum = count + len(piece), zlib.adler32(piece, checksum)
            end = min(end + INFLATED_AT_ONCE, len(stream)) - len(inflater.unused_data)
    except zlib.error:
        return Pixels(count, b"", end, is_broken=True)
    return Pixels(count, checksum.to_bytes(4), end, is_broken=False)


def _rows_and_bytes(header: bytes) -> tuple[int, int]:
    """The rows of a PNG, and how many bytes they take, each with one for its filter."""
    width, height = (int.from_bytes(header[at : at + 4]) for at in (0, 4))
    bits = header[8] * SAMPLES[header[9]]
    passes = ADAM7 if header[12] else ((0, 0, 1, 1),)
    sizes = [(-((x - width) // dx), -((y - height) // dy)) for x, y, dx, dy in passes]
    return height, sum((1 + (w * bits + 7) // 8) * h for w, h in sizes if w > 0)


def _written(chunks: list[tuple[bytes, bytes, bytes]], stream: bytes) -> bytes:
    """A PNG of these chunks and pixels; metadata with a wrong checksum is left out."""
    first = next(place for place, chunk in enumerate(chunks) if chunk[0] == b"IDAT")
    before, after = (
        [(c[0], c[1]) for c in some if c[0] not in (b"IDAT", b"IEND") and is_right(*c)]
        for some in (chunks[:first], chunks[first:])
    )
    written = [*before, (b"IDAT", stream), *after, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
        for kind, body in written
    )


def _refuse(name: str, *, rows: int, whole: int) -> None:
    raise UndecodableImage("rows_missing", format=name, rows=rows, missing=rows - whole)


MENDS: dict[str, Callable[[bytes], bytes]] = {"JPEG": mended_jpeg, "PNG": mended_png}
