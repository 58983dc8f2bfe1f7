"""Decoding: the upright sRGB picture in a file's bytes, and smaller ones made of it."""

import io
import logging
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, NamedTuple, TypeVar

from PIL import (
    ExifTags,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    TiffImagePlugin,  # noqa: F401  (without these two, Pillow imports all of its
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401   forty plugins to find them: 16 ms)
)

from search.formats import limits, sandbox, webp
from search.formats.flatten import SRGB, flatten
from search.formats.headers import check_work, is_shrinkable
from search.formats.limits import TooLarge
from search.formats.memory import check_memory
from search.formats.mend import mended
from search.formats.raw import is_camera_raw
from search.formats.sniff import BAD_BYTES, UndecodableImage, UnsupportedFormat, sniff

logger = logging.getLogger(__name__)

Made = TypeVar("Made")


class Shrinking(NamedTuple):
    """How a picture is made smaller: by plain means to a size so many times its result's at least,
    then resampled by a filter.
    """

    filter: Image.Resampling
    gap: int


FINE = Shrinking(Image.Resampling.LANCZOS, 3)

# What Pillow says of pictures that are whole, and of a kind that it does not know.
NOT_READ = re.compile(
    r"unknown pixel mode|[uU]nsupported|not supported|cannot handle"
    r"|[nN]ot implemented|decoder .* not available|No codec available|^\d+$"
)
# How a picture of each EXIF orientation is turned upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Of 255, what one level of a PNG's grey is in 2 and in 4 bits, by Pillow's names for these.
GREY_STEPS = {"L;2": 85, "L;4": 17}
# Times that the longer side may be of what the shorter one has to be: a batch of panoramas would
# fill a gigabyte.
LONGEST = 16
# Kinds of refusal that come over from the sandbox, by their name there.
REFUSALS = {kind.__name__: kind for kind in (UndecodableImage, UnsupportedFormat, TooLarge)}


def decode(file: IO[bytes], *, at_least: int = 0) -> Image.Image:
    """The upright picture as RGB in sRGB, over white where it is transparent.

    Coarsely shrunk, with no shorter side below `at_least` unless the longer one is sixteen times as
    long, and then decoded in the sandbox; otherwise whole, in this process. Raises
    `UndecodableImage`.
    """
    if not at_least:
        return decode_here(file)
    return picture_of(in_sandbox(pixels, file, at_least))


def decode_here(file: IO[bytes], at_least: int = 0) -> Image.Image:
    """The same picture, decoded in this process."""

    def work(data: io.BytesIO, name: str) -> Image.Image:
        image = open_checked(data, name)
        draft(image, at_least=at_least)
        return upright_srgb(image, at_least=at_least)

    return read(file, work)


def pixels(file: IO[bytes], at_least: int) -> bytes:
    """The pixels of the same picture, decoded in this process."""
    return pixels_of(decode_here(file, at_least))


def pixels_of(picture: Image.Image) -> bytes:
    """An RGB picture as its width and height, of four bytes each, and three for each pixel."""
    return b"".join(length.to_bytes(4) for length in picture.size) + picture.tobytes()


def picture_of(pixels: bytes | memoryview) -> Image.Image:
    """The picture that these are the pixels of. Raises ValueError."""
    size = int.from_bytes(pixels[:4]), int.from_bytes(pixels[4:8])
    return Image.frombytes("RGB", size, memoryview(pixels)[8:])


def shrink(file: IO[bytes], side: int) -> bytes:
    """A JPEG of the upright picture, its longer side at most `side` pixels, made in the sandbox.

    Raises `UndecodableImage`.
    """
    return in_sandbox(shrink_here, file, side)


def fit(image: Image.Image, side: int, how: Shrinking = FINE) -> Image.Image:
    """The picture with its longer side at most `side`; never enlarged."""
    return _resized(image, fitted(image.size, side), image.size, how)


def fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Width and height of a picture of this size once its longer side is at most `side`."""
    scale = min(1, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _resized(
    image: Image.Image, size: tuple[int, int], extent: Sequence[float], how: Shrinking
) -> Image.Image:
    """What lies within this extent of the picture, from the top left, at this size."""
    if image.size == size:
        return image
    box = (0, 0, extent[0], extent[1])
    return image.resize(size, how.filter, box=box, reducing_gap=how.gap)


def jpeg(image: Image.Image, *, quality: int = 85) -> bytes:
    """The picture as a JPEG file that carries nothing but pixels."""
    bare = image.copy() if image.info else image
    bare.info.clear()  # Pillow would write the original's comment, script included.
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def in_sandbox(work: Callable[..., bytes], file: IO[bytes], *args: int) -> bytes:
    """What `work(file, *args)` returns, run in the sandbox. Raises `UndecodableImage`."""
    sniff(file)  # Most of what is no picture needs no process to be refused.
    try:
        return sandbox.run(work, file, *args)
    except sandbox.Failed as failed:
        raise _refusal(failed) from None
    except sandbox.OutOfTime:
        raise UndecodableImage("decoding_takes_too_long") from None
    except sandbox.Lost as lost:
        logger.warning("A picture's process died: %s", lost)
        raise UndecodableImage("decoding_failed") from None
    finally:
        file.seek(0)


def _refusal(failed: sandbox.Failed) -> UndecodableImage:
    if kind := REFUSALS.get(failed.kind):
        return kind(failed.code, **failed.parameters)
    logger.error("A picture met a bug:\n%s", failed)
    return UndecodableImage("decoding_failed")


def shrink_here(file: IO[bytes], side: int) -> bytes:
    """The same JPEG, made in this process."""

    def work(image: ImageFile.ImageFile, name: str) -> bytes:
        draft(image, side=2 * side)
        return jpeg(upright_srgb(image, side=side))

    return admit(file, work)


def admit(file: IO[bytes], work: Callable[[ImageFile.ImageFile, str], Made]) -> Made:
    """What `work` makes of the opened picture and its format, once all of the file is examined.

    The one place where a file that somebody sends is accepted or refused, be it to be stored or to
    be searched by. Raises `UndecodableImage`.
    """

    def judge(data: io.BytesIO, name: str) -> Made:
        if name == "PNG":
            open_checked(data, name).verify()  # The only one to look at its checksums.
        image = open_checked(data, name)
        limits.check_frames(image)
        made = work(image, name)
        limits.check_metadata(image)  # Again: a PNG may hold some behind its pixels.
        if name == "PNG" and not any(image.crop((0, image.height - 1, *image.size)).tobytes()):
            mended(data.getvalue(), name)  # Pillow lets pass that rows are missing, which are zero.
        return made

    return read(file, judge)


def read(file: IO[bytes], work: Callable[[io.BytesIO, str], Made]) -> Made:
    """What `work` makes of a file's bytes and format, mended where only their end is wrong."""
    file.seek(0)
    # All of it first: past this line an OSError is about the bytes, not about the storage.
    data = io.BytesIO(file.read())
    file.seek(0)
    name = sniff(data)
    with refuse_damage(name):
        try:
            return work(data, name)
        except BAD_BYTES as error:
            return work(_mended_or(error, data.getvalue(), name), name)


def _mended_or(error: Exception, data: bytes, name: str) -> io.BytesIO:
    try:
        return mended(data, name)
    except BAD_BYTES:
        raise error from None


def draft(image: ImageFile.ImageFile, *, side: int = 0, at_least: int = 0) -> None:
    """Have a JPEG decoded at a fraction of its size at which neither side is too short."""
    shorter = math.ceil(side * min(image.size) / max(image.size)) or at_least
    is_jpeg = isinstance(image, JpegImagePlugin.JpegImageFile)
    if not shorter or not is_jpeg or not isinstance(image.fp, io.BytesIO):
        return
    if is_shrinkable(image.fp.getvalue()):
        image.draft(image.mode, (shorter, shorter))


@contextmanager
def refuse_damage(name: str) -> Iterator[None]:
    """What Pillow raises for a picture of this format becomes `TooLarge` or `UndecodableImage`."""
    try:
        yield
    except Image.DecompressionBombError:
        at_least, allowed = 2 * limits.MEGAPIXELS["JPEG"], limits.megapixels_allowed(name)
        raise TooLarge(
            "far_too_many_megapixels", at_least=at_least, allowed=allowed, format=name
        ) from None
    except MemoryError:
        raise TooLarge("decoding_takes_too_much_memory") from None
    except BAD_BYTES as error:
        code = "kind_not_read" if NOT_READ.search(str(error)) else "file_is_damaged"
        raise UndecodableImage(code, format=name) from error


def open_checked(file: io.BytesIO, name: str) -> ImageFile.ImageFile:
    """The picture with its header read and checked, and nothing decoded. Raises `TooLarge`."""
    check_work(file.getvalue(), name)
    if name == "WebP":  # It would get memory for its canvases first.
        limits.check_size(webp.size_of(file.getvalue()), name)
    image = _open(file, name)
    limits.check_size(image.size, name)
    limits.check_metadata(image)
    check_memory(image, file.getvalue(), name)
    if name == "PNG":
        _scale_transparency(image)
    return image


def _open(file: io.BytesIO, name: str) -> ImageFile.ImageFile:
    if name == "TIFF" and is_camera_raw(file):
        raise UnsupportedFormat("is_camera_raw")
    file.seek(0)
    try:
        return Image.open(file, formats=[name])
    except UnidentifiedImageError:
        file.seek(0)
        Image.OPEN[name.upper()][0](file, "")  # Raises what Image.open() does not tell.
        raise


def _scale_transparency(image: ImageFile.ImageFile) -> None:
    """Make a PNG's transparent grey or colour one of 8 bits, as its samples become.

    Pillow compares it as it is stored: of a grey of 2 bits level 1 is 85, and would stay opaque.
    """
    transparent = image.info.get("transparency")
    if transparent is None or not image.tile:
        return
    if (samples := image.tile[0].args) in GREY_STEPS:
        image.info["transparency"] = transparent * GREY_STEPS[samples]
    elif samples == "RGB;16B":
        image.info["transparency"] = tuple(sample >> 8 for sample in transparent)


def upright_srgb(
    image: ImageFile.ImageFile, *, side: int = 0, at_least: int = 0, how: Shrinking = FINE
) -> Image.Image:
    """The opened picture, upright, in sRGB and over white, shrunk on the way as `decode` says."""
    # Before its orientation is asked: a TIFF turns itself, a PNG may say it last.
    loaded = webp.load(image)
    profile = image.info.get("icc_profile")
    turn = UPRIGHT.get(_orientation(image))
    factor = _factor(image.size, side, at_least, how)
    flat = flatten(loaded, factor)
    if side:
        extent = [length / factor for length in image.size]
        flat = _resized(flat, fitted(image.size, side), extent, how)
    picture = _to_srgb(flat, profile)
    picture = picture if turn is None else picture.transpose(turn)
    if picture is loaded:
        picture = loaded.copy()  # What the file says of itself is asked for later.
    picture.info.clear()
    return picture


def _factor(size: tuple[int, int], side: int, at_least: int, how: Shrinking) -> int:
    """How many times smaller a picture may be made by plain means of its pixels."""
    if side:
        return int(max(size) / side / how.gap) or 1
    return factor_for(size, at_least) if at_least else 1


def factor_for(size: tuple[int, int], at_least: int) -> int:
    """The same where no shorter side may be below `at_least`, but for panoramas."""
    return max(1, min(size) // at_least, math.ceil(max(size) / at_least / LONGEST))


def is_on_its_side(image: Image.Image) -> bool:
    """Whether a picture's upright width is its height as stored."""
    return _orientation(image) in (5, 6, 7, 8)


def _orientation(image: Image.Image) -> int:
    with suppress(*BAD_BYTES):  # A picture with broken EXIF is still a picture.
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    return 1


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    # A broken profile, or one for another kind of picture, says nothing.
    with suppress(ImageCms.PyCMSError, OSError):
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(picture, source, SRGB, outputMode="RGB") or picture
    return picture if picture.mode == "RGB" else picture.convert("RGB")
