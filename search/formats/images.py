"""Pictures as bytes and as pixels: what is accepted, and the upright sRGB picture in it."""

import io
import json
import logging
import math
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, cast

from PIL import (
    AvifImagePlugin,
    ExifTags,
    Image,
    ImageCms,
    ImageFile,
    PngImagePlugin,
    TiffImagePlugin,  # noqa: F401  (without these two, Pillow imports all of its
    WebPImagePlugin,  # noqa: F401   forty plugins to find them: 16 ms)
)

from search.formats import sandbox
from search.formats.likeness import layout_of, perceptual_hash

logger = logging.getLogger(__name__)

MEGAPIXELS = {"JPEG": 120}  # More than others: a JPEG can be decoded at an eighth of its size.
MEGAPIXELS_OF_OTHERS = 64
SIDE = 20_000
FRAMES = 500
METADATA_BYTES = 4_000_000
COLOUR_SIDE = 64

# Pillow warns above this and refuses twice as much, by its own count; ours is _check_size.
# It still has to be set: a WebP gets memory for its canvas before we can look at its size.
Image.MAX_IMAGE_PIXELS = MEGAPIXELS["JPEG"] * 1_000_000

# A smaller one, as by default, would call a large colour profile damage.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY

# Each further thread of its decoder would reserve address space, which is limited.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

SIGNATURES = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "WebP": rb"RIFF....WEBP",
    "AVIF": rb"....ftyp(?:....){0,32}?avi[fs]",
    "GIF": rb"GIF8[79]a",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "BMP": rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
}
STRANGERS = {
    rb"%PDF-": "This is a PDF, not a picture.",
    rb"%!PS|\xc5\xd0\xd3\xc6": "This is a PostScript drawing; please save it as PNG first.",
    rb"8BPS": "This is a Photoshop document; please save it as PNG or JPEG first.",
    rb"....ftyp(?:hei|hev|mif1|msf1)": "This is a HEIC picture; please save it as JPEG first.",
    rb"....ftyp": "This is a video, not a picture.",
    rb"\xff\x0a|\0\0\0\x0cJXL ": "This is a JPEG XL picture; please save it as JPEG first.",
    rb"\0\0\0\x0cjP  |\xff\x4f": "This is a JPEG 2000 picture; please save it as JPEG first.",
    rb"\0\0\x01\0": "This is an icon; please save it as PNG first.",
    rb"PK\x03\x04": "This is a ZIP archive, not a picture.",
    rb"(?i)\W*<(?:!doctype html|html|head|body|script)": "This is a web page, not a picture.",
    rb"(?i)\W*<(?:.*<)?svg\b": "This is an SVG drawing; please save it as PNG first.",
    rb"[^\x00-\x08\x0e-\x1f\x7f]*\Z": "This is text, not a picture.",
}
STRANGER = "This is not a picture that can be read: JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP."
HEAD_BYTES = 1024

# What Pillow raises for bytes that it can't make a picture of.
BAD_BYTES = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    RuntimeError,  # of the AVIF decoder
    struct.error,
    zlib.error,
)

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
EXIF_TIME = r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)[\0 ]*"
FIRST_PHOTOGRAPH = datetime(1826, 1, 1, tzinfo=UTC)
# Where the clocks of Macs, of Unix and of DOS begin.
UNSET_CLOCKS = [datetime(year, 1, 1, tzinfo=UTC) for year in (1904, 1970, 1980)]
SRGB = ImageCms.createProfile("sRGB")


class UndecodableImage(Exception):
    """This file is no picture that we can read; the text is one sentence for its owner."""


class UnsupportedFormat(UndecodableImage):
    """This file is something else than a picture, or a picture of a format not accepted."""


class TooLarge(UndecodableImage):
    """This picture passes a limit."""


REFUSALS = {kind.__name__: kind for kind in (UndecodableImage, UnsupportedFormat, TooLarge)}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture is: its format, upright size and main colour ("#rrggbb").

    Also its perceptual hash and layout (search.formats.likeness), and when it was taken, by the
    camera's clock as if that were UTC; None where the file does not say so, or nothing credible.
    """

    format: str
    width: int
    height: int
    colour: str
    phash: str
    layout: bytes
    taken: datetime | None


def inspect(file: IO[bytes]) -> Facts:
    """The facts of an upload, which is decoded in full in a process that can be thrown away."""
    facts = json.loads(_elsewhere(_examined, file))
    facts["layout"] = bytes.fromhex(facts["layout"])
    facts["taken"] = facts["taken"] and datetime.fromisoformat(facts["taken"])
    return Facts(**facts)


def shrunk(file: IO[bytes], side: int) -> bytes:
    """A JPEG of the upright picture, its longer side at most `side`, made in such a process too."""
    return _elsewhere(_shrunk, file, side)


def decode(file: IO[bytes], *, at_least: int | None = None) -> Image.Image:
    """The upright picture as RGB in sRGB, over white where it is transparent.

    Where `at_least` is given, a JPEG may come smaller, but with no shorter side below it.
    """
    file.seek(0)
    # All of it first: past this line an OSError is about the bytes, not about the storage.
    data = io.BytesIO(file.read())
    file.seek(0)
    name = _sniffed(data)
    with _damage_refused(name):
        image = _opened(data, name)
        if at_least:
            image.draft(image.mode, (at_least, at_least))
        return _picture(image)


def fit(image: Image.Image, side: int) -> Image.Image:
    """The picture with its longer side at most `side`; never enlarged."""
    scale = side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(length * scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)


def jpeg(image: Image.Image, *, quality: int = 85) -> bytes:
    """The picture as a JPEG file that carries nothing but pixels."""
    bare = image.copy()
    bare.info.clear()  # Pillow would write the original's comment, script included.
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _elsewhere(work: Callable[..., bytes], file: IO[bytes], *args: int) -> bytes:
    _sniffed(file)  # Most of what is no picture needs no process to be refused.
    try:
        return sandbox.run(work, file, *args)
    except sandbox.Failed as failed:
        raise _refusal(failed) from None
    except sandbox.OutOfTime:
        raise UndecodableImage("This picture takes too long to decode.") from None
    except sandbox.Lost as lost:
        logger.warning("A picture's process died: %s", lost)
        raise UndecodableImage("This picture can't be decoded.") from None
    finally:
        file.seek(0)


def _refusal(failed: sandbox.Failed) -> UndecodableImage:
    if kind := REFUSALS.get(failed.name):
        return kind(str(failed))
    logger.error("A picture met a bug:\n%s", failed.traceback)
    return UndecodableImage("This picture can't be decoded.")


def _examined(file: IO[bytes]) -> bytes:
    name = _sniffed(file)
    with _damage_refused(name):
        _opened(file, name).verify()  # The only one to look at a PNG's checksums.
        image = _opened(file, name)
        _check_frames(image)
        facts = _facts(image, name)
        _check_metadata(image)  # Again: a PNG may hold some behind its pixels.
    return json.dumps(asdict(facts) | {"layout": facts.layout.hex()}, default=str).encode()


def _facts(image: ImageFile.ImageFile, name: str) -> Facts:
    width, height = image.size
    image.draft(image.mode, (COLOUR_SIDE, COLOUR_SIDE))
    picture = _picture(image, side=COLOUR_SIDE)
    if _orientation(image) in (5, 6, 7, 8):
        width, height = height, width
    red, green, blue = picture.resize((1, 1), Image.Resampling.BOX).tobytes()
    colour = f"#{red:02x}{green:02x}{blue:02x}"
    hashed, layout = perceptual_hash(picture), layout_of(picture)
    return Facts(name, width, height, colour, hashed, layout, _taken(image))


def _shrunk(file: IO[bytes], side: int) -> bytes:
    name = _sniffed(file)
    with _damage_refused(name):
        image = _opened(file, name)
        shorter = math.ceil(2 * side * min(image.size) / max(image.size))
        image.draft(image.mode, (shorter, shorter))
        return jpeg(_picture(image, side=side))


def _sniffed(file: IO[bytes]) -> str:
    """The format that the first bytes name."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    for name, pattern in SIGNATURES.items():
        if re.match(pattern, head, re.DOTALL):
            return name
    if not head:
        raise UndecodableImage("This file is empty.")
    for pattern, sentence in STRANGERS.items():
        if re.match(pattern, head, re.DOTALL):
            raise UnsupportedFormat(sentence)
    raise UnsupportedFormat(STRANGER)


@contextmanager
def _damage_refused(name: str) -> Iterator[None]:
    try:
        yield
    except Image.DecompressionBombError:
        raise TooLarge(
            f"This picture has more than {2 * MEGAPIXELS['JPEG']} megapixels; "
            f"{MEGAPIXELS.get(name, MEGAPIXELS_OF_OTHERS)} are allowed in a file of type {name}."
        ) from None
    except MemoryError:
        raise TooLarge("This picture takes too much memory to decode.") from None
    except BAD_BYTES as error:
        raise UndecodableImage(f"This {name} file is damaged or incomplete.") from error


def _opened(file: IO[bytes], name: str) -> ImageFile.ImageFile:
    """The picture with its header read and checked, and nothing decoded."""
    file.seek(0)
    image = Image.open(file, formats=[name])
    _check_size(image, name)
    _check_metadata(image)
    return image


def _check_size(image: ImageFile.ImageFile, name: str) -> None:
    megapixels = image.width * image.height / 1_000_000
    allowed = MEGAPIXELS.get(name, MEGAPIXELS_OF_OTHERS)
    if megapixels > allowed:
        raise TooLarge(
            f"This picture has {megapixels:,.1f} megapixels; "
            f"{allowed} are allowed in a file of type {name}."
        )
    if max(image.size) > SIDE:
        raise TooLarge(
            f"This picture is {max(image.size):,} pixels long on one side; {SIDE:,} are allowed."
        )


def _check_metadata(image: ImageFile.ImageFile) -> None:
    segments = [body for _, body in getattr(image, "applist", [])] or image.info.values()
    size = sum(len(value) for value in segments if isinstance(value, bytes | str))
    if size > METADATA_BYTES:
        raise TooLarge(
            f"This picture carries {size / 1_000_000:,.1f} MB of metadata; "
            f"{METADATA_BYTES / 1_000_000:g} MB are allowed."
        )


def _check_frames(image: ImageFile.ImageFile) -> None:
    frames = getattr(image, "n_frames", 1)
    if frames > FRAMES:
        raise TooLarge(f"This animation has {frames:,} frames; {FRAMES} are allowed.")


def _picture(image: ImageFile.ImageFile, *, side: int | None = None) -> Image.Image:
    """The opened picture, upright, in sRGB and over white; shrunk to `side` on the way."""
    image.load()  # Before its orientation is asked: a TIFF turns itself, a PNG may say it last.
    profile = image.info.get("icc_profile")
    turn = UPRIGHT.get(_orientation(image))
    flat = _flattened(image)
    picture = _in_srgb(fit(flat, side) if side else flat, profile)
    picture = picture if turn is None else picture.transpose(turn)
    picture.info.clear()
    return picture


def _orientation(image: ImageFile.ImageFile) -> int:
    with suppress(*BAD_BYTES):  # A picture with broken EXIF is still a picture.
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    return 1


def _taken(image: ImageFile.ImageFile) -> datetime | None:
    """When the picture was taken, or else digitized."""
    with suppress(*BAD_BYTES):
        said = image.getexif().get_ifd(ExifTags.IFD.Exif)
        for tag in (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized):
            if taken := _credible(said.get(tag)):
                return taken
    return None


def _credible(said: object) -> datetime | None:
    """The time that an EXIF field says, unless it is none, unset or nonsense."""
    found = re.fullmatch(EXIF_TIME, said) if isinstance(said, str) else None
    with suppress(ValueError):
        time = datetime.fromisoformat("{}-{}-{} {}Z".format(*found.groups())) if found else None
        # A day ahead of now it may be: the zone of its clock is unknown.
        if time and FIRST_PHOTOGRAPH <= time <= datetime.now(UTC) + timedelta(days=1):
            return None if time in UNSET_CLOCKS else time
    return None


def _flattened(image: Image.Image) -> Image.Image:
    """The picture without palette, transparency or deep greys: grey, RGB or CMYK in 8 bits."""
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image)
    if image.has_transparency_data:
        return _over_white(image)
    return image if image.mode in ("L", "CMYK") else image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    deep = image if image.mode == "F" else image.convert("I")
    # Only 16 bits have an agreed white; elsewhere the brightest pixel is it.
    extrema = (0, 65_535) if image.mode.startswith("I;16") else deep.getextrema()
    black, white = cast(tuple[float, float], extrema)
    scale = 255 / ((white - black) or 1)
    return deep.convert("F").point(lambda grey: grey * scale + (0.5 - black * scale)).convert("L")


def _over_white(image: Image.Image) -> Image.Image:
    base = Image.getmodebase(image.mode)
    picture = image.convert("RGBA")
    white = Image.new(base, image.size, "white")
    white.paste(picture.convert(base), mask=picture.getchannel("A"))
    return white


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    # A broken profile, or one for another kind of picture, says nothing.
    with suppress(ImageCms.PyCMSError, OSError):
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(picture, source, SRGB, outputMode="RGB") or picture
    return picture.convert("RGB")
