"""Pictures and hostile files in memory, each made by one plain function."""

import io
import json
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import IO, Any

from PIL import Image, ImageCms, ImageColor, ImageDraw
from PIL.PngImagePlugin import PngInfo

from search.formats import sandbox

FORMATS = ("JPEG", "PNG", "WebP", "AVIF", "GIF", "TIFF", "BMP")
JFIF = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}  # what every JPEG says of itself
CORNERS = ("red", "lime", "blue", "yellow")  # from the top left, clockwise


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def upload(data: bytes) -> IO[bytes]:
    """These bytes as the temporary file that an upload is."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(data)
    file.seek(0)
    return file


def picture(
    format: str, size: tuple[int, int] = (64, 48), colour: Any = "red", mode: str = "RGB"
) -> bytes:
    return saved(Image.new(mode, size, colour), format)


def jpeg(
    size: tuple[int, int] = (64, 48),
    colour: Any = "red",
    *,
    exif_orientation: int | None = None,
    **options: Any,
) -> bytes:
    if exif_orientation:
        options["exif"] = orientation(exif_orientation)
    return saved(Image.new("RGB", size, colour), "JPEG", quality=95, **options)


def png(
    size: tuple[int, int] = (64, 48), colour: Any = "red", *, mode: str = "RGB", **options: Any
) -> bytes:
    return saved(Image.new(mode, size, colour), "PNG", **options)


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def dated(*, original: Any = None, digitized: Any = None) -> Image.Exif:
    """What a camera writes of when it took a picture."""
    exif = Image.Exif()
    for tag, when in ((0x9003, original), (0x9004, digitized)):
        if when is not None:
            exif.get_ifd(0x8769)[tag] = when
    return exif


def dated_png(
    *,
    changed: str = "",
    xmp: str = "",
    text: str = "",
    chunk: tuple[int, ...] = (),
    satellite: tuple[str, Any] = ("", None),
    **times: str,
) -> bytes:
    """A PNG with a date in each of these places."""
    exif, info = dated(**times), PngInfo()
    exif[0x010F] = "Maker"  # Without a tag of its own Pillow writes no EXIF at all.
    for directory, tag, value in (
        (exif, 0x0132, changed),
        (exif.get_ifd(0x8825), 29, satellite[0]),
        (exif.get_ifd(0x8825), 7, satellite[1]),
    ):
        if value:
            directory[tag] = value
    if xmp:
        info.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta><rdf:Description {xmp}/></x:xmpmeta>")
    if text:
        info.add_text("Creation Time", text)
    data = png(exif=exif, pnginfo=info)
    time = png_chunk(b"tIME", struct.pack(">HBBBBB", *chunk)) if chunk else b""
    return data[:33] + time + data[33:]


def corners(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A picture with another colour in each quarter."""
    image = Image.new("RGB", size)
    x, y = size[0] // 2, size[1] // 2
    for colour, place in zip(CORNERS, ((0, 0), (x, 0), (x, y), (0, y)), strict=True):
        image.paste(colour, (*place, place[0] + x, place[1] + y))
    return image


def turned(upright: Image.Image, value: int) -> Image.Image:
    """What a camera stores that writes EXIF orientation `value` for this upright picture."""
    way = Image.Transpose
    undo = {
        2: way.FLIP_LEFT_RIGHT,
        3: way.ROTATE_180,
        4: way.FLIP_TOP_BOTTOM,
        5: way.TRANSPOSE,
        6: way.ROTATE_90,
        7: way.TRANSVERSE,
        8: way.ROTATE_270,
    }
    return upright.transpose(undo[value]) if value in undo else upright


@cache
def scene(format: str) -> bytes:
    """A small picture with enough detail that its file has no two halves alike."""
    noise = random.Random(0).randbytes(80 * 60)
    image = Image.frombytes("L", (80, 60), noise).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.ellipse((10, 8, 60, 50), fill="orange", outline="navy", width=3)
    draw.line((0, 59, 79, 0), fill="teal", width=4)
    options = {"TIFF": {"compression": "tiff_lzw"}, "WebP": {"lossless": True}}
    return saved(image, format, **options.get(format, {}))


def animation(format: str, frames: int, size: tuple[int, int] = (16, 16)) -> bytes:
    """Frames that all differ; the first one is red."""
    first, *others = [Image.new("RGB", size, (255, n // 256, n % 256)) for n in range(frames)]
    options = {"lossless": True} if format == "WebP" else {}  # keeps frames that differ little
    return saved(first, format, save_all=True, append_images=others, duration=40, **options)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + png_chunk(b"IEND", b"")
    )


def png_row(
    kind: int, bits: int, row: bytes, width: int, *, palette: bytes = b"", transparent: bytes = b""
) -> bytes:
    """A PNG of one row in any colour type and depth, of which Pillow writes but a few."""
    header = struct.pack(">IIBBBBB", width, 1, bits, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", palette), (b"tRNS", transparent)]
    chunks += [(b"IDAT", zlib.compress(b"\0" + row))]
    written = b"".join(png_chunk(name, body) for name, body in chunks if body)
    return b"\x89PNG\r\n\x1a\n" + written + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def decompression_bomb() -> bytes:
    """A PNG of 8,000 by 9,000 black pixels: 216 MB in 230 kB.

    Put together from a thousandth of it, since to compress all of it takes more than a second.
    """
    rows = bytes(9 * (1 + 3 * 8_000))
    compress = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    part = compress.compress(rows) + compress.flush(zlib.Z_FULL_FLUSH)
    # As any zlib stream: its header, the parts, an empty last one, and the checksum of zeros.
    checksum = struct.pack(">HH", 1000 * len(rows) % 65_521, 1)
    data = b"\x78\xda" + 1000 * part + b"\x03\x00" + checksum
    header = struct.pack(">IIBBBBB", 8_000, 9_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def webp_bomb(side: int = 16_383) -> bytes:
    """A lossless WebP of a few bytes whose pixels would take up to 1 GiB."""
    size = 0x2F | (side - 1 << 8) | (side - 1 << 22)
    body = struct.pack("<Q", size)[:5] + b"\x88\x88\x08" + bytes(6)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def jpeg_of_size(width: int, height: int, **options: Any) -> bytes:
    """A JPEG of 16 by 16 pixels that says it is this large."""
    data = jpeg((16, 16), **options)
    at = data.index(b"\xff\xc2" if "progressive" in options else b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def with_byte(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


def with_tiff_tag(data: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF with another short value in this tag of its directory at byte 8."""
    (count,) = struct.unpack("<H", data[8:10])
    entries = (10 + 12 * n for n in range(count))
    at = 8 + next(at for at in entries if data[at : at + 2] == struct.pack("<H", tag))
    return data[:at] + struct.pack("<H", value) + data[at + 2 :]


def jpeg_of_depth(bits: int) -> bytes:
    """A JPEG that says its samples have so many bits."""
    data = jpeg()
    return with_byte(data, data.index(b"\xff\xc0") + 4, bits)


def png_with_damaged_pixels() -> bytes:
    """A PNG with a byte of its pixels changed, which no checksum agrees with."""
    data = bytearray(png())
    data[data.index(b"IDAT") + 20] ^= 0xFF
    return bytes(data)


def comment(text: str) -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", text)
    return info


def with_late_comment(data: bytes, length: int) -> bytes:
    """A PNG with this much text behind its pixels."""
    at = data.index(b"IEND") - 4
    return data[:at] + png_chunk(b"tEXt", b"Comment\0" + b"a" * length) + data[at:]


def jpeg_with_comments(count: int) -> bytes:
    """A JPEG with comments of 65,533 bytes."""
    data = jpeg()
    return data[:2] + (b"\xff\xfe\xff\xff" + b"a" * 65_533) * count + data[2:]


def jpeg_of_scans(count: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """A progressive JPEG whose last scan stands there again and again."""
    data = jpeg(size, progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * (count - data.count(b"\xff\xda")) + data[-2:]


def with_comments(format: str, count: int) -> bytes:
    """A picture with so many short comments, beside what else its format says of itself."""
    data = picture(format)
    comment = {
        "JPEG": b"\xff\xfe\0\4ab",
        "PNG": png_chunk(b"tEXt", b"Comment\0ab"),
        "GIF": b"\x21\xfe\2ab\0",
    }[format]
    at = {"JPEG": 2, "PNG": 33, "GIF": data.find(b"\x2c\0\0\0\0")}[format]
    return data[:at] + comment * count + data[at:]


def refused() -> list[bytes]:
    """Files that are no picture or pass a limit, each for a reason of its own."""
    return [
        b"",
        b"hello",
        scene("JPEG")[:-200],
        scene("GIF")[:1000],
        animation("GIF", 501, size=(8, 8)),
        with_late_comment(png(), 4_100_000),
        with_comments("JPEG", 2_001),
        jpeg_of_scans(101),
        png_of_size(20_001, 5),
        webp_bomb(15_000),
    ]


def described(text: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = text.decode()
    return exif


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def profile_that_swaps_red_and_blue() -> bytes:
    """sRGB with its first and third primary exchanged: what it calls red is blue."""
    swapped = srgb_profile().replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ")
    return swapped.replace(b"????", b"bXYZ")


def hang(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that never ends."""
    signal.pause()
    return b""


def spin(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that never ends and burns its processor time."""
    while True:
        pass


def crash(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that kills its process, as a decoder's bug would."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return b""


def stumble(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that has a bug."""
    raise RuntimeError("a bug")


def environment(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that answers with what it could steal."""
    return repr(dict(os.environ)).encode()


def faults(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that answers how often memory for 32 MiB was met for the first time."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    _ = b"1" * (32 << 20)
    return str(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before).encode()


def parent(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that answers with the process it was forked from."""
    return str(os.getppid()).encode()


def parent_late(file: IO[bytes], *args: int) -> bytes:
    """The same a moment later."""
    time.sleep(0.2)
    return parent(file)


def crash_late(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that kills its process a moment later."""
    time.sleep(0.1)
    return crash(file)


def run_apart(work: Callable[..., bytes]) -> bytes:
    """What this work for a sandbox answers, on an empty file."""
    with upload(b"") as file:
        return sandbox.run(work, file)


def leave_a_mark(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that answers whether it finds what it leaves behind."""
    mark = getattr(sys, "mark", b"unmarked")
    sys.mark = b"marked"  # type: ignore[attr-defined]
    return mark


def descriptors(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that answers with the descriptors that are open."""
    return json.dumps([number for number in range(256) if is_open(number)]).encode()


def is_open(descriptor: int) -> bool:
    with suppress(OSError):
        os.fstat(descriptor)
        return True
    return False


def content(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that answers with the file."""
    return file.read()


def modules(file: IO[bytes], *args: int) -> bytes:
    """Work for a sandbox that inspects a picture and answers with what that imported."""
    from search.formats.facts import examine

    examine(file)
    return json.dumps(list(sys.modules)).encode()


def peak_of_decoding(file: IO[bytes], at_least: int) -> bytes:
    """Work for a sandbox that decodes a picture and answers with the memory that took."""
    from search.formats.decode import decode_here

    before = peak()
    decode_here(file, at_least)
    return str(peak() - before).encode()


def peak() -> int:
    """The most bytes of memory that this process has had."""
    # Not getrusage(): that remembers what the process was before it became another program.
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def close(pixel: Sequence[int], colour: Sequence[int], tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, colour, strict=True))


def centre(image: Image.Image) -> Any:
    return image.getpixel((image.width // 2, image.height // 2))


def is_upright(image: Image.Image) -> bool:
    """Whether this is `corners()` again, about."""
    x, y = image.width // 4, image.height // 4
    places = ((x, y), (3 * x, y), (3 * x, 3 * y), (x, 3 * y))
    pixels = [image.getpixel(place) for place in places]
    return all(map(partial(close, tolerance=40), pixels, map(ImageColor.getrgb, CORNERS)))
