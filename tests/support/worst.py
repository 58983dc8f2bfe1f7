"""Files that take much memory or time to read for what they are, drawn on demand.

All of them are of allowed sizes, or nearly: what is refused by its header alone costs nothing.
"""

import json
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, NamedTuple

from PIL import Image

from search.formats import sandbox
from search.formats.decode import shrink_here
from search.formats.facts import examine_and_derive
from search.formats.sniff import UndecodableImage
from tests.support.drawn import drawing
from tests.support.pictures import jpeg_of_scans, peak, png_chunk, saved, upload

# Sides of squares of 119.9 and of 63.9 million pixels, which are allowed of a JPEG and of others.
JPEG_SIDE, SIDE = 10_950, 7_996


def worst() -> dict[str, Callable[[], bytes]]:
    """The files, by names that say what is much about them."""
    return dict([*jpegs(), *webps(), *avifs(), *pngs(), *tiffs(), *others()])


def large(mode: str = "RGB", side: int = SIDE) -> Image.Image:
    """A drawing of so many pixels, a small one again and again."""
    tile = drawing(1, size=(500, 500)).convert(mode)
    if "A" in mode:
        tile.putalpha(Image.linear_gradient("L").resize(tile.size))
    image = Image.new(mode, (side, side))
    image.paste(tile)
    at = 500
    while at < side:  # Twice as wide each time, then twice as high.
        image.paste(image.crop((0, 0, at, 500)), (at, 0))
        at *= 2
    at = 500
    while at < side:
        image.paste(image.crop((0, 0, side, at)), (0, at))
        at *= 2
    return image


Cases = Iterator[tuple[str, Callable[[], bytes]]]


def _of(format: str, mode: str = "RGB", side: int = SIDE, **options) -> Callable[[], bytes]:
    return lambda: saved(large(mode, side), format, **options)


def jpegs() -> Cases:
    of = partial(_of, "JPEG", side=JPEG_SIDE)
    yield "baseline.jpg", of(subsampling=0)
    yield "progressive.jpg", of(progressive=True)
    yield "progressive_full_colours.jpg", of(progressive=True, subsampling=0)
    yield "progressive_cmyk.jpg", of("CMYK", progressive=True)
    yield "progressive_cut.jpg", lambda: of(progressive=True)()[:-2000]
    yield "baseline_cut.jpg", lambda: of()()[:-2000]
    yield "100_scans.jpg", lambda: jpeg_of_scans(100, size=(4899, 4898))


def webps() -> Cases:
    yield "lossy.webp", _of("WebP", method=0)
    yield "lossless.webp", _of("WebP", method=0, lossless=True, quality=0)
    yield "lossless_with_alpha.webp", _of("WebP", "RGBA", method=0, lossless=True, quality=0)
    yield "lossy_with_alpha.webp", _of("WebP", "RGBA", method=0)


def avifs() -> Cases:
    of = partial(_of, "AVIF", speed=10, quality=30)
    yield "plain.avif", of()
    yield "full_colours.avif", of(subsampling="4:4:4")
    yield "full_colours_with_alpha.avif", of("RGBA", subsampling="4:4:4")


def pngs() -> Cases:
    yield "rgba_of_16_bits.png", partial(png, 6, 16)
    yield "rgba_interlaced.png", partial(png, 6, 8, interlaced=True)
    yield "rgba.png", partial(png, 6, 8)
    yield "grey_of_16_bits.png", partial(png, 0, 16)
    yield "without_its_last_rows.png", partial(png, 6, 16, missing=3)
    yield "wrong_checksum.png", lambda: png(6, 16)[:-20] + b"XXXX" + png(6, 16)[-16:]


def png(kind: int, bits: int, *, interlaced: bool = False, missing: int = 0) -> bytes:
    """A black PNG of this kind and depth, maybe without its last rows; its pixels in one chunk."""
    samples = {0: 1, 2: 3, 4: 2, 6: 4}[kind]
    # Of an interlaced one the rows of all passes together, whose filters are 0 as well.
    length = (1 + SIDE * bits // 8 * samples) * SIDE + interlaced * 2 * SIDE
    packer = zlib.compressobj(1)
    rows = bytes(SIDE * bits // 8 * samples)
    stream, left = [], length - missing * len(rows)
    while left > 0:
        stream.append(packer.compress(rows[:left]))
        left -= len(rows)
    head = struct.pack(">IIBBBBB", SIDE, SIDE, bits, kind, 0, 0, interlaced)
    pixels = b"".join(stream) + packer.flush()
    chunks = ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


DEFLATE, LZMA, LZW, ZSTD = 8, 34_925, 5, 50_000


def tiffs() -> Cases:
    yield "rgba_of_16_bits_in_one_strip.tif", partial(tiff, 16, 4)
    yield "rgba_of_16_bits.tif", partial(tiff, 16, 4, rows=64)
    yield "rgb_in_one_strip.tif", partial(tiff, 8, 3)
    yield "floats.tif", partial(tiff, 32, 1, rows=64, floats=True)
    yield "lzma.tif", _of("TIFF", compression="lzma")
    yield "lzw.tif", _of("TIFF", "RGBA", compression="tiff_lzw")
    yield "jpeg.tif", _of("TIFF", compression="jpeg")


def tiff(bits: int, samples: int, *, rows: int = SIDE, floats: bool = False) -> bytes:
    """A black TIFF in deflated strips of so many rows."""
    strip = _deflated(bytes(SIDE * bits // 8 * samples), rows)
    last = _deflated(bytes(SIDE * bits // 8 * samples), SIDE % rows or rows)
    count = -(-SIDE // rows)
    tags = {
        256: (4, [SIDE]),
        257: (4, [SIDE]),
        258: (3, [bits] * samples),
        259: (3, [DEFLATE]),
        262: (3, [1 if samples == 1 else 2]),
        273: (4, [0] * count),
        277: (3, [samples]),
        278: (4, [rows]),
        279: (4, [len(strip)] * (count - 1) + [len(last)]),
        284: (3, [1]),
    }
    if samples == 4:
        tags[338] = (3, [2])
    if floats:
        tags[339] = (3, [3])
    values = 8 + 2 + 12 * len(tags) + 4
    start = values + sum(_size(*tag) for tag in tags.values())
    tags[273] = (4, [start + n * len(strip) for n in range(count)])
    return _directory(tags, values) + strip * (count - 1) + last


def _deflated(row: bytes, rows: int) -> bytes:
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()


def _size(kind: int, numbers: list[int]) -> int:
    length = {3: 2, 4: 4}[kind] * len(numbers)
    return length + length % 2 if length > 4 else 0


def _directory(tags: dict[int, tuple[int, list[int]]], place: int) -> bytes:
    """The head of a TIFF with these tags; what does not fit into an entry lies behind them."""
    entries, values = b"", b""
    for tag, (kind, numbers) in sorted(tags.items()):
        packed = struct.pack(f"<{len(numbers)}{'H' if kind == 3 else 'I'}", *numbers)
        if len(packed) <= 4:
            entries += struct.pack("<HHI4s", tag, kind, len(numbers), packed)
        else:
            entries += struct.pack("<HHII", tag, kind, len(numbers), place + len(values))
            values += packed + bytes(len(packed) % 2)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + values


def others() -> Cases:
    yield "palette_with_transparency.gif", _of("GIF", "P", transparency=0)
    yield "runs_of_one_pixel.bmp", partial(bmp_of_runs, 49_000_000)


def bmp_of_runs(length: int) -> bytes:
    """A BMP of so many bytes, each two of which are a run that lies beyond the row."""
    head = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, 1, 0, 0, 0, 256, 0)
    start = 14 + len(head) + 1024
    file = struct.pack("<2sIII", b"BM", start + length, 0, start)
    return file + head + bytes(1024) + b"\x01\x05" * (length // 2)


# What reading takes ------------------------------------------------------------------------------


# What is made of an upload that is decoded in full: for an encoder of 224 pixels, and renditions.
DERIVED = (448, 1600, 640)


class Cost(NamedTuple):
    """Peak memory of the sandbox and growth of the process that asks, in MiB.

    Seconds are the sandbox's on a processor, which others on the machine do not lengthen by
    waiting. `sentence` is the refusal, empty for a picture that is accepted.
    """

    sentence: str
    sandbox: float
    seconds: float
    worker: float


def cost(data: bytes, side: int = 0) -> Cost:
    """What a file costs as an upload, or to search by where `side` is that of query pictures."""
    with upload(data) as file:
        before = _resident()
        answer = json.loads(sandbox.run(judge, file, side))
        growth = _resident() - before
    return Cost(answer["sentence"], answer["mib"], answer["seconds"], growth)


def judge(file: IO[bytes], side: int) -> bytes:
    """Work for a sandbox that accepts or refuses a picture, and answers with what that took."""
    sentence = ""
    try:
        shrink_here(file, side) if side else examine_and_derive(file, *DERIVED)
    except UndecodableImage as refusal:
        sentence = str(refusal)
    answer = {"sentence": sentence, "mib": peak() / MIB, "seconds": time.process_time()}
    return json.dumps(answer).encode()


def _resident() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB


MIB = 1 << 20
