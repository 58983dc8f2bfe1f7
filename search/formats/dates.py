"""When a picture was taken, out of the places where software writes that, the best one first."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from PIL import ExifTags, Image

from search.formats import exif
from search.formats.headers import png_chunks

TAKEN, DIGITIZED = ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized
FIRST_PHOTOGRAPH = datetime(1826, 1, 1, tzinfo=UTC)
# Where the clocks of Macs, of Unix and of DOS begin.
UNSET_CLOCKS = [datetime(year, 1, 1, tzinfo=UTC) for year in (1904, 1970, 1980)]

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# A date, maybe with a time, as EXIF and XMP prescribe it and as software writes it: with dashes or
# slashes, a T, blanks in place of noughts, without seconds, with fractions, noon or a zone.
MOMENT = re.compile(
    r"""[\s\0]* (\d{4}) [:/.-]\s? (\d\d?) [:/.-]\s? (\d\d?)
    (?: [T\s]\s* (\d\d?) :\s? (\d\d?) (?: :\s? (\d\d?) (?: [.,]\d+ )? )? \s* ([ap]m)?
    \s* (?: Z | [+-](?:0\d|1[0-4]):?[0-5]\d )? )? [\s\0]*""",
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
# As the PNG specification recommends it: "Sat, 2 Jan 2010 03:04:05 +0000".
RFC_822 = re.compile(rf"(?:\w+, )?(\d\d?) ({'|'.join(MONTHS)})\w* (\d{{4}}) (.+)", re.ASCII)
# Properties of XMP, the best first, as an attribute or an element: no parser of XML is asked.
XMP = [
    re.compile(rb"\b%s\s*(?:=\s*[\"']|>)\s*([^\"'<]{4,40})" % name)
    for name in (b"exif:DateTimeOriginal", b"photoshop:DateCreated", b"xmp:CreateDate")
]


# Who says when a picture was taken: its camera or, weaker, something else in the file.
CAMERA, FILE = "camera", "file"


def time_taken(image: Image.Image, png: bytes = b"") -> tuple[datetime | None, str]:
    """When the picture was taken, by the camera's clock as if that were UTC, and who says so.

    None and nothing if no one does. `png` are the bytes of a PNG, which may name its time in a
    chunk that Pillow passes over.
    """
    tags, gps = exif.tags(image)
    of_camera = (tags.get(tag) for tag in (TAKEN, DIGITIZED))
    for source, texts in ((CAMERA, of_camera), (FILE, _weaker(image, png, tags, gps))):
        if time := next(filter(None, map(credible_time, texts)), None):
            return time, source
    return None, ""


def _weaker(image: Image.Image, png: bytes, tags: exif.Tags, gps: exif.Tags) -> Iterator[object]:
    """When it was changed, and what XMP, a PNG and a satellite say, in this order."""
    yield tags.get(ExifTags.Base.DateTime)
    yield from _of_xmp(image.info.get("xmp"))
    yield _rewritten(image.info.get("Creation Time"))
    yield from (_of_chunk(body) for kind, body, _ in png_chunks(png) if kind == b"tIME")
    yield _of_satellite(gps)


def _of_xmp(xmp: object) -> Iterator[str]:
    data = xmp if isinstance(xmp, bytes) else str(xmp or "").encode(errors="replace")
    yield from (match[1].decode(errors="replace") for p in XMP if (match := p.search(data)))


def _rewritten(text: object) -> str:
    """A PNG's text with its day, month and year in the order of the others."""
    value = str(text or "")[:64]
    match = RFC_822.fullmatch(value)
    if not match:
        return value
    day, month, year, time = match.groups()
    return f"{year}-{MONTHS.index(month) + 1}-{day} {time}"


def _of_chunk(body: bytes) -> str:
    month, day, hour, minute, second = (*body[2:7], *bytes(5))[:5]
    return f"{int.from_bytes(body[:2]):04}-{month}-{day} {hour}:{minute}:{second}"


def _of_satellite(gps: exif.Tags) -> str | None:
    date = gps.get(ExifTags.GPS.GPSDateStamp)
    with suppress(LookupError, TypeError, ArithmeticError, ValueError):
        hour, minute, second = map(int, gps[ExifTags.GPS.GPSTimeStamp])
        return f"{date} {hour}:{minute}:{second}"
    return date


def credible_time(value: object) -> datetime | None:
    """The moment in a text, unless it is none, unset or nonsense."""
    match = MOMENT.fullmatch(value) if isinstance(value, str) else None
    with suppress(ValueError, OverflowError):
        time = _moment(match) if match else None
        # A day ahead of now it may be: the zone of its clock is unknown.
        if time and FIRST_PHOTOGRAPH <= time <= datetime.now(UTC) + timedelta(days=1):
            return None if time in UNSET_CLOCKS else time
    return None


def _moment(match: re.Match[str]) -> datetime:
    """A day alone is its beginning; hour 24 and second 60 are the beginning of what follows."""
    *numbers, noon = match.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    if noon:
        hour = hour % 12 + (12 if noon.lower() == "pm" else 0)
    if hour > 24 or minute > 59 or second > 60:
        raise ValueError("no time of a day")
    since = timedelta(hours=hour, minutes=minute, seconds=second)
    return datetime(year, month, day, tzinfo=UTC) + since
