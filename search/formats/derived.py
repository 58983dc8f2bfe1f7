"""What workers make of an original, all of it from one decoding in the sandbox."""

import io
import math
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

from PIL import Image

from search.formats.decode import (
    LONGEST,
    Shrinking,
    draft,
    factor_for,
    fit,
    in_sandbox,
    jpeg,
    open_checked,
    pixels_of,
    read,
    upright_srgb,
)

# How the preview is made of what is decoded, and what is smaller yet of the preview. Against a full
# decode shrunk by Lanczos' filter alone, SSIM and PSNR of three noisy photographs of 8 to 24
# megapixels are 0.989 to 0.997 and 42 to 47 dB, before JPEG takes them to 0.969 to 0.972; 40 ms
# where Lanczos takes 53 (142 of all pixels), thumbnails 10 where they took 24.
PREVIEW = Shrinking(Image.Resampling.BICUBIC, 1)
SMALLER = Shrinking(Image.Resampling.LANCZOS, 1)
# Bytes that say how long each file of an answer is.
LENGTH = 4


class Derived(NamedTuple):
    """Renditions, JPEG files, by their longer side at most, and an encoder's input as its pixels.

    The input is empty where none was asked for.
    """

    renditions: dict[int, bytes]
    input: bytes


def derive(file: IO[bytes], sides: Sequence[int], at_least: int) -> Derived:
    """A rendition for each of these longer sides, the longest first, and an encoder's input that is
    no smaller than `decode(at_least=)` says. Raises `UndecodableImage`.
    """
    *renditions, encoder_input = _parts(in_sandbox(derive_here, file, at_least, *sides))
    return Derived(dict(zip(sides, renditions, strict=True)), encoder_input)


def derive_here(file: IO[bytes], at_least: int, *sides: int) -> bytes:
    """The same, one after another, each behind its length; made in this process."""

    def work(data: io.BytesIO, name: str) -> tuple[Image.Image, str]:
        image = open_checked(data, name)
        side = side_for(image.size, max(sides), at_least)
        draft(image, side=side)
        return upright_srgb(image, side=side, how=PREVIEW), name

    picture, name = read(file, work)
    parts = [*map(jpeg, _shrunk(picture, sides)), _input(picture, name, at_least)]
    return b"".join(len(part).to_bytes(LENGTH) + part for part in parts)


def _shrunk(picture: Image.Image, sides: Sequence[int]) -> Iterator[Image.Image]:
    """The picture at each longer side, which come in falling order: each from the one before."""
    for side in sides:
        picture = fit(picture, side, SMALLER)
        yield picture


def _input(picture: Image.Image, name: str, at_least: int) -> bytes:
    """As it would be decoded for the encoder alone: a JPEG by a power of two.

    Its pixels, not a file of them: of 276 pictures, vectors of the bundled encoder had a cosine
    below 0.9999 to those without a detour for 77 by way of JPEGs of quality 95, and for 38 of 100.
    """
    if not at_least:
        return b""
    factor = factor_for(picture.size, at_least)
    return pixels_of(picture.reduce(1 << factor.bit_length() - 1 if name == "JPEG" else factor))


def side_for(size: tuple[int, int], side: int, at_least: int) -> int:
    """The longer side of a picture from which renditions and an encoder's input can be made."""
    shorter, longer = sorted(size)
    return max(side, min(math.ceil(at_least * longer / shorter), LONGEST * at_least))


def _parts(answer: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(answer):
        start = at + LENGTH
        at = start + int.from_bytes(answer[at:start])
        yield answer[start:at]
