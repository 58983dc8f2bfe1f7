"""Flattening: what a picture shows in 8 bits over white, shrunk band by band as it is made.

Whole, a transparent picture of 64 megapixels would stand in memory four times: 1 GB. A band at a
time it takes the decoded picture and little more.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

from PIL import Image

# Pixels of a band.
BAND_PIXELS = 1 << 20


def flatten(image: Image.Image, factor: int = 1) -> Image.Image:
    """The picture without palette, transparency or deep greys: grey, RGB or CMYK in 8 bits.

    Each side is `factor` times shorter, rounded up; each pixel is the mean of those it stands for.
    """
    flat = _flattener(image)
    if flat is None:
        return image.reduce(factor) if factor > 1 else image
    width, height = (math.ceil(side / factor) for side in image.size)
    picture = None
    for top, band in bands(image, factor):
        small = flat(band).reduce(factor) if factor > 1 else flat(band)
        picture = picture or Image.new(small.mode, (width, height))
        picture.paste(small, (0, top // factor))
    return cast(Image.Image, picture)


def bands(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """The picture in bands, each with its first row, which is a multiple of `factor`."""
    rows = factor * max(1, BAND_PIXELS // (image.width * factor))
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _flattener(image: Image.Image) -> Callable[[Image.Image], Image.Image] | None:
    """What has to be done to each band of this picture, if anything has."""
    if image.mode.startswith(("I", "F")):
        return partial(_eight_bits, levels=_levels(image))
    if image.has_transparency_data:
        return _over_white
    return None if image.mode in ("L", "RGB", "CMYK") else _rgb


def _rgb(image: Image.Image) -> Image.Image:
    return image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    # Not Image.getmodebase(): a palette's base is a palette, to which red and blue became white.
    base = "L" if image.mode in ("1", "L", "LA") else "RGB"
    picture = image.convert("RGBA")
    white = Image.new(base, image.size, "white")
    white.paste(picture.convert(base), mask=picture.getchannel("A"))
    return white


def _levels(image: Image.Image) -> tuple[float, float]:
    # Only 16 bits have an agreed white; elsewhere the brightest pixel is it.
    extrema = (0, 65_535) if image.mode.startswith("I;16") else image.getextrema()
    return cast(tuple[float, float], extrema)


def _eight_bits(image: Image.Image, levels: tuple[float, float]) -> Image.Image:
    black, white = levels
    scale = 255 / ((white - black) or 1)
    deep = image if image.mode == "F" else image.convert("I").convert("F")
    return deep.point(lambda grey: grey * scale + (0.5 - black * scale)).convert("L")
