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
    read,
    upright_srgb,
)

# JPEG quality of an encoder's input, which has its colours at full resolution.
INPUT_QUALITY = 95
# How the preview is made of what is decoded, and what is smaller yet of the preview. Against a full
# decode shrunk by Lanczos' filter alone, SSIM and PSNR of three noisy photographs of 8 to 24
# megapixels are 0.989 to 0.997 and 42 to 47 dB, before JPEG takes them to 0.969 to 0.972; 40 ms
# where Lanczos takes 53 (142 of all pixels), thumbnails 10 where they took 24.
PREVIEW = Shrinking(Image.Resampling.BICUBIC, 1)
SMALLER = Shrinking(Image.Resampling.LANCZOS, 1)
# Bytes that say how long each file of an answer is.
LENGTH = 4


class Derived(NamedTuple):
    """JPEG files: renditions by their longer side at most, and an encoder's input.

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
    """The same files, one after another, each behind its length; made in this process."""

    def work(data: io.BytesIO, name: str) -> Image.Image:
        image = open_checked(data, name)
        side = side_for(image.size, max(sides), at_least)
        draft(image, side=side)
        return upright_srgb(image, side=side, how=PREVIEW)

    picture = read(file, work)
    files = [*map(jpeg, _shrunk(picture, sides)), _input(picture, at_least) if at_least else b""]
    return b"".join(len(file).to_bytes(LENGTH) + file for file in files)


def _shrunk(picture: Image.Image, sides: Sequence[int]) -> Iterator[Image.Image]:
    """The picture at each longer side, which come in falling order: each from the one before."""
    for side in sides:
        picture = fit(picture, side, SMALLER)
        yield picture


def _input(picture: Image.Image, at_least: int) -> bytes:
    factor = factor_for(picture.size, at_least)
    return jpeg(picture.reduce(factor), quality=INPUT_QUALITY, subsampling=0)


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
