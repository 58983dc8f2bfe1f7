"""Who made a picture and on which terms it may be used: what stays of its metadata for others.

Each function takes a block of metadata as it lies in a file and returns one that says this alone,
or nothing where it says nothing of it. What can't be read says nothing.
"""

import re
import struct
from collections.abc import Iterator
from xml.etree import ElementTree

# EXIF: how the picture is turned, which belongs to its pixels; the artist; the copyright.
TURNED, ARTIST, COPYRIGHT = 0x0112, 0x013B, 0x8298
SHORT, ASCII = 3, 2
# IPTC: by-line and its title, credit, source, copyright; and the character set of the record.
IPTC_RECORDS = {(2, 80), (2, 85), (2, 110), (2, 115), (2, 116), (1, 90)}
IPTC, COPYRIGHT_FLAG, COPYRIGHT_URL = 0x0404, 0x040A, 0x040B
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": RIGHTS,
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "cc": "http://creativecommons.org/ns#",
}
XMP = {
    *(f"{{{NAMESPACES['dc']}}}{name}" for name in ("creator", "rights")),
    *(f"{{{RIGHTS}}}{name}" for name in ("Marked", "Owner", "UsageTerms", "WebStatement")),
    *(f"{{{NAMESPACES['photoshop']}}}{name}" for name in ("Credit", "Source")),
    *(f"{{{NAMESPACES['cc']}}}{name}" for name in ("license", "attributionName")),
}
# Maximum bytes of a block that is read.
LONGEST = 1_000_000


def exif(tiff: bytes) -> bytes:
    """Of an EXIF block, from its byte order on."""
    try:
        fields = dict(_fields(tiff))
    except (struct.error, KeyError):
        return b""
    return _tiff(fields) if fields else b""


def iptc(resources: bytes) -> bytes:
    """Of Photoshop's resources, in which IPTC lies."""
    blocks = b""
    try:
        for number, body in _resources(resources):
            body = b"".join(_records(body)) if number == IPTC else body
            if body and number in (IPTC, COPYRIGHT_FLAG, COPYRIGHT_URL):
                padding = b"\0" * (len(body) % 2)
                blocks += b"8BIM" + struct.pack(">HHI", number, 0, len(body)) + body + padding
    except struct.error:
        return b""
    return blocks


def xmp(packet: bytes) -> bytes:
    """Of an XMP packet."""
    # No entities: nothing of what is read may grow.
    if len(packet) > LONGEST or re.search(rb"<!(?:DOCTYPE|ENTITY)", packet, re.IGNORECASE):
        return b""
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))  # noqa: S314
    except (ElementTree.ParseError, ValueError, LookupError):
        return b""
    return _packet(list(root.iter(f"{{{RDF}}}Description")))


# EXIF --------------------------------------------------------------------------------------------


def _fields(tiff: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Those of the first directory that stay, by their numbers."""
    order = {b"II": "<", b"MM": ">"}[tiff[:2]]
    (start,) = struct.unpack_from(f"{order}4xI", tiff)
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        number, kind, length, place = struct.unpack_from(f"{order}HHII", tiff, at)
        if number == TURNED and kind == SHORT:
            yield number, struct.unpack_from(f"{order}H", tiff, at + 8)[0]
        elif number in (ARTIST, COPYRIGHT) and kind == ASCII and length <= LONGEST:
            place = at + 8 if length <= 4 else place
            yield number, tiff[place : place + length]


def _tiff(fields: dict[int, bytes | int]) -> bytes:
    """A little-endian EXIF block of these fields."""
    entries, texts = b"", b""
    place = 8 + 2 + 12 * len(fields) + 4
    for number, value in sorted(fields.items()):
        if isinstance(value, int):
            entries += struct.pack("<HHIHxx", number, SHORT, 1, value)
            continue
        text = value.rstrip(b"\0") + b"\0"
        if len(text) <= 4:
            entries += struct.pack("<HHI4s", number, ASCII, len(text), text)
        else:
            entries += struct.pack("<HHII", number, ASCII, len(text), place + len(texts))
            texts += text + b"\0" * (len(text) % 2)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + entries + bytes(4) + texts


# IPTC --------------------------------------------------------------------------------------------


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while data[at : at + 4] == b"8BIM":
        number, name = struct.unpack_from(">HB", data, at + 4)
        at += 6 + (name + 2) // 2 * 2  # Its name, filled up to an even length.
        (length,) = struct.unpack_from(">I", data, at)
        yield number, data[at + 4 : at + 4 + length]
        at += 4 + length + length % 2


def _records(data: bytes) -> Iterator[bytes]:
    at = 0
    while data[at : at + 1] == b"\x1c":
        record, number, length = struct.unpack_from(">BBH", data, at + 1)
        if (record, number) in IPTC_RECORDS and length < 0x8000:
            yield data[at : at + 5 + length]
        at += 5 + length


# XMP ---------------------------------------------------------------------------------------------


def _packet(descriptions: list[ElementTree.Element]) -> bytes:
    stays = ElementTree.Element(f"{{{RDF}}}Description", {f"{{{RDF}}}about": ""})
    for description in descriptions:
        stays.attrib |= {name: text for name, text in description.attrib.items() if name in XMP}
        stays.extend(child for child in description if child.tag in XMP)
    if len(stays.attrib) == 1 and not len(stays):
        return b""
    for prefix, namespace in NAMESPACES.items():
        ElementTree.register_namespace(prefix, namespace)
    meta = ElementTree.Element(f"{{{NAMESPACES['x']}}}xmpmeta")
    ElementTree.SubElement(meta, f"{{{RDF}}}RDF").append(stays)
    return ElementTree.tostring(meta)
