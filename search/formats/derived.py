"""What workers make of an original, all of it from one decoding in the sandbox."""

import io
import math
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple, Self

from PIL import Image, ImageFile

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
# decode shrunk by Lanczos' filter alone, SSIM and PSNR of noisy photographs of 12 megapixels are
# 0.980 and 44 dB, of thumbnails 0.992 and 46, before JPEG takes them to 0.96; 24 ms where a bicubic
# filter takes 40 (0.986) and Lanczos' 52.
PREVIEW = Shrinking(Image.Resampling.HAMMING, 1)
SMALLER = Shrinking(Image.Resampling.BICUBIC, 1)
# Bytes of a number in what is packed.
NUMBER = 4


class Derived(NamedTuple):
    """Renditions, JPEG files, by their longer side at most, and an encoder's input as its pixels.

    The input is empty where none was asked for.
    """

    renditions: dict[int, bytes]
    input: bytes

    def pack(self) -> bytes:
        """All of it, each part behind its length and its side, which is 0 for the input."""
        parts = [*self.renditions.items(), (0, self.input)]
        return b"".join(_number(len(part)) + _number(side) + part for side, part in parts)

    @classmethod
    def unpack(cls, data: bytes | memoryview) -> Self:
        renditions = dict(_parts(data))
        return cls(renditions, renditions.pop(0))


def derive(file: IO[bytes], sides: Sequence[int], at_least: int) -> Derived:
    """A rendition for each of these longer sides, the longest first, and an encoder's input that is
    no smaller than `decode(at_least=)` says. Raises `UndecodableImage`.
    """
    return Derived.unpack(in_sandbox(derive_here, file, at_least, *sides))


def derive_here(file: IO[bytes], at_least: int, *sides: int) -> bytes:
    """The same as one piece, made in this process."""

    def work(data: io.BytesIO, name: str) -> Derived:
        image = open_checked(data, name)
        draft(image, side=side_for(image.size, sides[0], at_least))
        return derive_from(image, name, at_least, *sides)

    return read(file, work).pack()


def derive_from(image: ImageFile.ImageFile, name: str, at_least: int, *sides: int) -> Derived:
    """The same of an opened picture of this format."""
    side = side_for(image.size, sides[0], at_least)
    picture = upright_srgb(image, side=side, how=PREVIEW)
    return Derived(
        dict(zip(sides, map(jpeg, _shrunk(picture, sides)), strict=True)),
        _input(picture, name, at_least),
    )


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


def _parts(data: bytes | memoryview) -> Iterator[tuple[int, bytes]]:
    end = 0
    while end < len(data):
        start = end + 2 * NUMBER
        length, side = (int.from_bytes(data[at : at + NUMBER]) for at in (end, end + NUMBER))
        end = start + length
        yield side, bytes(data[start:end])


def _number(value: int) -> bytes:
    return value.to_bytes(NUMBER)
