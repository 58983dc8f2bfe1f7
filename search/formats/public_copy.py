"""A copy of an original for those who neither own nor look after it.

It has the same pixels, since nothing is encoded anew: what lies around them is taken out (position,
serial numbers, maker's notes, thumbnails, comments, whatever follows the picture), but for colour
profile, orientation, credit and rights.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from mmap import ACCESS_READ, mmap
from typing import IO

from search.formats import credit
from search.formats.sniff import UndecodableImage

# A part of a copy: bytes of its own, or a range of the original.
Part = bytes | range
# Bytes of an original that are read at a time.
PIECE = 1 << 18

EXIF, XMP, PHOTOSHOP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\0"
# Markers of a JPEG: start and end, start of a scan, first application's, application's that tells
# the colours, comment; the next one after coded pixels, in which FF is followed by 0.
SOI, EOI, SOS, APP0, APP1, APP2, APP13, APP14, APP15, COM = (
    0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF, 0xFE,
)  # fmt: skip
MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
# Chunks of a PNG that its pixels and colours need.
PNG_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs hIST sPLT cICP mDCV cLLI"
    b" acTL fcTL fdAT".split()
)
PNG_CREDIT = {b"Author", b"Copyright", b"License"}
WEBP_CHUNKS = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
# Blocks of a GIF, and the applications that say how often it plays and in which colours.
IMAGE, EXTENSION, CONTROL = 0x2C, 0x21, 0xF9
GIF_APPLICATIONS = {b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"}
# Flags of an extended WebP that say it holds EXIF and XMP.
HAS_EXIF, HAS_XMP = 0x08, 0x04


def has_public_copy(name: str) -> bool:
    """Whether there is one of a file of this format."""
    return name in READERS


def public_parts(file: IO[bytes], name: str) -> list[Part]:
    """What a public copy of a file of this format consists of.

    Raises UndecodableImage for a format of which there is none, and for a damaged file.
    """
    if not has_public_copy(name):
        raise UndecodableImage("no_public_copy", format=name)
    try:
        # Closed with the last match in it, not before: an exception still holds some.
        return list(READERS[name](mmap(file.fileno(), 0, access=ACCESS_READ)))
    except (struct.error, ValueError, IndexError):
        raise UndecodableImage("file_is_damaged", format=name) from None


def size_of(parts: list[Part]) -> int:
    return sum(map(len, parts))


def copy(file: IO[bytes], parts: list[Part]) -> Iterator[bytes]:
    """The bytes of a public copy, piece by piece."""
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        file.seek(part.start)
        for at in range(part.start, part.stop, PIECE):
            yield file.read(min(PIECE, part.stop - at))


# JPEG --------------------------------------------------------------------------------------------


def _jpeg(data: mmap) -> Iterator[Part]:
    yield bytes([0xFF, SOI])
    at = 2
    while marker := MARKER.search(data, at):
        code, at = marker[1][0], marker.end()
        if code == EOI:
            break  # What follows, such as a second picture or a film, is left out.
        (length,) = struct.unpack_from(">H", data, at)
        body, at = range(at + 2, at + length), at + length
        yield from _segment(code, data, body)
        if code == SOS:
            following = MARKER.search(data, at)
            end = following.start() if following else len(data)
            yield range(at, end)
            at = end
    yield bytes([0xFF, EOI])


def _segment(code: int, data: mmap, body: range) -> Iterator[Part]:
    """What becomes of one segment: it stays, says but the credit, or goes."""
    content = _public_segment(code, data[body.start : body.stop])
    if content:
        yield struct.pack(">BBH", 0xFF, code, len(content) + 2) + content


def _public_segment(code: int, body: bytes) -> bytes:
    if code == APP1 and body.startswith(EXIF):
        return _prefixed(EXIF, credit.exif(body[len(EXIF) :]))
    if code == APP1 and body.startswith(XMP):
        return _prefixed(XMP, credit.xmp(body[len(XMP) :]))
    if code == APP13 and body.startswith(PHOTOSHOP):
        return _prefixed(PHOTOSHOP, credit.iptc(body[len(PHOTOSHOP) :]))
    if code == APP0:
        # Without the thumbnail that may follow.
        return body[:12] + b"\0\0" if body.startswith(b"JFIF\0") else b""
    if code == APP2:
        return body if body.startswith(b"ICC_PROFILE\0") else b""
    if code == APP14:
        return body[:12] if body.startswith(b"Adobe") else b""
    return b"" if APP0 <= code <= APP15 or code == COM else body


def _prefixed(prefix: bytes, content: bytes) -> bytes:
    return prefix + content if content and len(content) < 65_000 else b""


# PNG ---------------------------------------------------------------------------------------------


def _png(data: mmap) -> Iterator[Part]:
    yield data[:8]
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        start, at = at, at + 12 + length
        if kind in PNG_CHUNKS:
            yield range(start, min(at, len(data)))
        elif content := _public_chunk(kind, data[start + 8 : start + 8 + length]):
            checksum = zlib.crc32(kind + content)
            yield struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
        if kind == b"IEND":
            return


def _public_chunk(kind: bytes, body: bytes) -> bytes:
    if kind == b"eXIf":
        return credit.exif(body)
    keyword = body.partition(b"\0")[0]
    if keyword == b"XML:com.adobe.xmp" and kind == b"iTXt":
        head, packet = body[:22], body[22:]
        # Only as it is written: neither packed nor in a language.
        return _prefixed(head, credit.xmp(packet)) if head[17:] == bytes(5) else b""
    is_text = kind in (b"tEXt", b"zTXt", b"iTXt")
    return body if is_text and keyword in PNG_CREDIT else b""


# WebP --------------------------------------------------------------------------------------------


def _webp(data: mmap) -> Iterator[Part]:
    chunks = list(_webp_chunks(data))
    kinds = {part[:4] for part in chunks if isinstance(part, bytes)}
    flags = HAS_EXIF * (b"EXIF" in kinds) | HAS_XMP * (b"XMP " in kinds)
    if chunks and isinstance(chunks[0], range) and data[12:16] == b"VP8X":
        was = data[chunks[0].start + 8]
        head = bytearray(data[chunks[0].start : chunks[0].stop])
        head[8] = was & ~(HAS_EXIF | HAS_XMP) | flags
        chunks[0] = bytes(head)
    yield b"RIFF" + struct.pack("<I", 4 + size_of(chunks)) + b"WEBP"
    yield from chunks


def _webp_chunks(data: mmap) -> Iterator[Part]:
    at = 12
    (end,) = struct.unpack_from("<I", data, 4)
    while at < min(end + 8, len(data)):
        kind, length = struct.unpack_from("<4sI", data, at)
        start, at = at, at + 8 + length + length % 2
        body = data[start + 8 : start + 8 + length] if kind in WEBP_CREDIT else b""
        if kind in WEBP_CHUNKS:
            yield range(start, min(at, len(data)))
        elif body and (content := WEBP_CREDIT[kind](body.removeprefix(EXIF))):
            yield kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


WEBP_CREDIT: dict[bytes, Callable[[bytes], bytes]] = {b"EXIF": credit.exif, b"XMP ": credit.xmp}


# GIF and BMP -------------------------------------------------------------------------------------


def _gif(data: mmap) -> Iterator[Part]:
    at = 13 + _palette(data[10])
    yield range(0, min(at, len(data)))
    while at < len(data) and data[at] in (IMAGE, EXTENSION):
        start = at
        if data[at] == IMAGE:
            at += 10 + _palette(data[at + 9]) + 1
            stays = True
        else:
            stays = data[at + 1] == CONTROL or data[at + 3 : at + 14] in GIF_APPLICATIONS
            at += 2
        while length := data[at]:
            at += 1 + length
        at += 1
        if stays:
            yield range(start, at)
    yield b"\x3b"


def _palette(flags: int) -> int:
    """Bytes of the palette that these flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _bmp(data: mmap) -> Iterator[Part]:
    (length,) = struct.unpack_from("<I", data, 2)
    yield range(0, min(length, len(data)) or len(data))


READERS: dict[str, Callable[[mmap], Iterator[Part]]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WebP": _webp,
    "GIF": _gif,
    "BMP": _bmp,
}
