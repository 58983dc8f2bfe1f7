"""The hash and layout of a picture, which tell whether another one is its near-duplicate.

Thresholds were chosen on the sample catalogue: see bench/duplicates.py.
"""

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from math import cos, log, pi
from operator import mul

from PIL.Image import Image, Resampling

SIDE, WAVES_EACH_WAY = 32, 8
WAVES = [
    [cos(pi * k * (2 * x + 1) / (2 * SIDE)) for x in range(SIDE)]
    for k in range(1, WAVES_EACH_WAY + 1)
]
# Minimum amplitude of the strongest wave; below it there is only noise of the decoder.
FAINT = 8.0
# Hash of a plain picture, which resembles no other.
PLAIN = "0" * WAVES_EACH_WAY**2
# Number of cells of a layout across and down.
CELLS = 8

# Maximum number of the 64 bits in which near-duplicates differ.
BITS = 12
# Number of parts of a hash that an index finds it by, and of the bits of each.
BANDS, BAND_BITS = 4, 16
# Maximum difference of the natural logarithms of width to height.
PROPORTIONS = 0.04
# Maximum differences, of 255, in the cell that differs most. Not the hash but these tell a red mug
# from a blue one.
BRIGHTNESS, COLOUR = 40, 16
# Maximum difference, of 255, of plain pictures in any cell; a JPEG of one differs by 2.
PLAINNESS = 4


def perceptual_hash(picture: Image) -> str:
    """64 characters "0" and "1" that change little when a picture is resized, recompressed or lit.

    The DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions"
    (2010), section 3.2: of 32 x 32 greys the 8 x 8 lowest frequencies but the constant ones, each 1
    where it is above their median. In plain Python: importing scipy would take longer.
    """
    grey = picture.convert("L").resize((SIDE, SIDE), Resampling.LANCZOS).tobytes()
    rows = [grey[start : start + SIDE] for start in range(0, SIDE * SIDE, SIDE)]
    across = [[_dot(wave, row) for row in rows] for wave in WAVES]
    waves = [_dot(wave, column) for wave in WAVES for column in across]
    if max(map(abs, waves)) < FAINT:
        return PLAIN
    middle = sum(sorted(waves)[31:33]) / 2
    return "".join("01"[wave > middle] for wave in waves)


def bands_near(phash: str) -> list[list[int]]:
    """For each band of a hash some values; whichever hash differs in at most BITS has one of them.

    Of 12 bits that differ, at most 3 lie in the first band or at most 2 in one of the others: were
    it more in each, it would be 4 + 3 + 3 + 3. So 1,108 of the 4 x 65,536 values are enough. M.
    Norouzi, A. Punjani and D. Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing",
    2014.
    """
    bands = (int(phash[BAND_BITS * band :][:BAND_BITS], 2) for band in range(BANDS))
    return [
        [value ^ flips for flips in _flips((BITS - band) // BANDS)]
        for band, value in enumerate(bands)
    ]


@cache
def _flips(most: int) -> list[int]:
    """The numbers of BAND_BITS bits of which at most so many are set."""
    bits = [1 << bit for bit in range(BAND_BITS)]
    return [sum(some) for count in range(most + 1) for some in combinations(bits, count)]


def layout_of(picture: Image) -> bytes:
    """The mean colours of 8 x 8 cells of a picture: three bytes for each, row by row."""
    return picture.convert("RGB").resize((CELLS, CELLS), Resampling.BOX).tobytes()


def same_proportions(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two widths and heights differ by no more than a slight crop."""
    return abs(log(one[0] * other[1] / one[1] / other[0])) <= PROPORTIONS


def same_layout(one: bytes, other: bytes) -> bool:
    """Whether two layouts have the same colours in the same places, be one brighter or not."""
    mine, theirs = _cells(one), _cells(other)
    gain = sum(y for y, _, _ in mine) / (sum(y for y, _, _ in theirs) or 1)
    return all(
        abs(y - gain * y2) <= BRIGHTNESS
        and abs(cb - gain * cb2) <= COLOUR
        and abs(cr - gain * cr2) <= COLOUR
        for (y, cb, cr), (y2, cb2, cr2) in zip(mine, theirs, strict=True)
    )


def same_plain(one: bytes, other: bytes) -> bool:
    """Whether two layouts of plain pictures have the same colour."""
    return all(abs(a - b) <= PLAINNESS for a, b in zip(one, other, strict=True))


def _cells(layout: bytes) -> list[tuple[float, float, float]]:
    """Brightness, blue and red of each cell, as in ITU-R BT.601."""
    reds, greens, blues = layout[::3], layout[1::3], layout[2::3]
    light = [0.299 * r + 0.587 * g + 0.114 * b for r, g, b in zip(reds, greens, blues, strict=True)]
    return [
        (y, 0.564 * (b - y), 0.713 * (r - y)) for y, r, b in zip(light, reds, blues, strict=True)
    ]


def _dot(wave: Sequence[float], values: Sequence[float]) -> float:
    return sum(map(mul, wave, values))
