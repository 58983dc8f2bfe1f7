"""Flattening: what a picture shows in 8 bits over white, shrunk band by band as it is made.

Whole, a transparent picture of 64 megapixels would stand in memory four times: 1 GB. A band at a
time it takes the decoded picture and little more.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, cast

from PIL import Image, ImageCms, ImageMath

# Pixels of a band.
BAND_PIXELS = 1 << 20
# Largest number that a deep grey is taken for: what programs write for "no data" is larger.
MOST = 1e30
# Tag in which GDAL names the value that stands for no data.
NO_DATA = 42113
SRGB, LAB = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")


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
        return _deep(image)
    if image.mode == "LAB":
        return _lab
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


def _deep(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    apart = _value_apart(image)
    if image.mode.startswith("I;16"):  # Only 16 bits have an agreed white;
        return partial(_eight_bits, black=0, white=65_535, apart=apart)
    # elsewhere the brightest pixel is it.
    extrema = [_extrema(_deep_greys(band), apart) for _, band in bands(image)]
    black, white = min(low for low, _ in extrema), max(high for _, high in extrema)
    return partial(_eight_bits, black=black, white=white, apart=apart)


def _value_apart(image: Image.Image) -> float:
    """The value that stands for no pixel, be it transparent or unknown; NaN where there is none."""
    value: Any = image.info.get("transparency")
    if value is None:
        value = getattr(image, "tag_v2", {}).get(NO_DATA)
    with suppress(TypeError, ValueError):
        return float(value)
    return math.nan


def _deep_greys(image: Image.Image) -> Image.Image:
    return image if image.mode == "F" else image.convert("I").convert("F")


def _mask(greys: Image.Image, apart: float) -> Image.Image:
    """1 for each pixel that is a number and not the one apart, 0 for the others."""
    return ImageMath.lambda_eval(
        # Nothing equals NaN, itself included.
        lambda a: (a["g"] == a["g"]) * (abs(a["g"]) <= MOST) * (a["g"] != apart),
        g=greys,
    )


def _extrema(greys: Image.Image, apart: float) -> tuple[float, float]:
    mask = _mask(greys, apart)
    low, high = (_with_others(greys, mask, limit).getextrema() for limit in (MOST, -MOST))
    return cast(float, low[0]), cast(float, high[1])


def _with_others(greys: Image.Image, mask: Image.Image, limit: float) -> Image.Image:
    """The pixels of the mask, and this limit in place of the others."""
    return ImageMath.lambda_eval(
        lambda a: a["min"](a["max"](a["g"], -MOST), MOST) * a["s"] + limit * (1 - a["s"]),
        g=greys,
        s=mask,
    )


def _eight_bits(image: Image.Image, black: float, white: float, apart: float) -> Image.Image:
    greys = _deep_greys(image)
    scale = 255 / ((white - black) or 1)
    picture = greys.point(lambda grey: grey * scale + (0.5 - black * scale)).convert("L")
    flat = Image.new("L", image.size, "white")
    flat.paste(picture, mask=_mask(greys, apart).point(lambda one: one * 255).convert("L"))
    return flat


def _lab(image: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(image, LAB, SRGB, outputMode="RGB")
    return cast(Image.Image, converted)
