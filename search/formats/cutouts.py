"""Whether a picture was cut out of another one, and resized and recompressed since.

Its greys are moved over those of the other in many sizes (normalised cross-correlation, by way of
Fourier transforms: J. P. Lewis, "Fast Normalized Cross-Correlation", 1995). Where they fit best,
hash and colours must be those of near-duplicates (search.formats.likeness).
"""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from PIL.Image import Image, Resampling

from search.formats.likeness import PLAIN, layout_of, perceptual_hash, same_layout

# Longer side, in pixels, of the pictures that are moved over each other.
SIDE = 96
# Minimum of a part's longer side there: less than a quarter of a picture shows too little of it.
LEAST_SIDE = 22
# Minimum of a part's shorter side there.
LEAST_SHORTER_SIDE = 8
# How much larger each size of a part is than the one before.
STEP = 1.06
# Minimum of the correlation where a part fits best.
CORRELATION = 0.85
# Minimum of it, and maximum of the 64 bits of the hashes that differ, once size and place are right
# to a part of a pixel: of 105 parts 0.961 and 6 but for one; 1,050 pictures that a part was not cut
# out of had 8 bits and more, or other colours, but for one with the same wall.
CLOSELY, BITS = 0.9, 7
# Minimum of the deviation of greys, of 255: what is plain fits everywhere.
DEVIATION = 3
# Minimum deviation of greys, of 255, from a slope: skies look all the same.
DETAIL = 6
# Size, in pixels, in which the place is looked at; how much larger and how many pixels of SIDE to
# the side it may be than where a part fits best.
VIEW = (32, 32)
LARGER, ASIDE = 0.03, 0.5
# Of these the shares that are tried, one after the other: bricks need the second.
STEPS = (1, 0.5)

Greys = Any  # An array of float32, (rows, columns).
Change = tuple[float, float, float]  # How many times as large, and pixels to the right and down.
Box = tuple[float, float, float, float]  # Left, top, right and bottom, of 1.


class Cutout(NamedTuple):
    """A picture that may have been cut out of others, in all sizes in which it is looked for."""

    phash: str
    layout: bytes
    greys: Greys  # In the size of a view, as a vector of length 1.
    detail: float  # Deviation of its greys from a slope.
    sizes: list[tuple[int, int]]
    deviations: list[float]  # The length of each template.
    spectra: Any  # Of the templates, conjugate: (sizes, SIDE, SIDE // 2 + 1).

    @classmethod
    def of(cls, picture: Image) -> "Cutout":
        sizes = _sizes(picture.size)
        templates = [_greys(picture, size) for size in sizes]
        templates = [template - template.mean() for template in templates]
        padded = np.array([_padded(template) for template in templates])
        return cls(
            perceptual_hash(picture),
            layout_of(picture),
            _unit(_greys(picture, VIEW)).ravel(),
            _detail(picture),
            sizes,
            [float(np.linalg.norm(template)) for template in templates],
            np.conj(np.fft.rfft2(padded)) if sizes else None,
        )

    def is_from(self, whole: Image) -> bool:
        """Whether it was cut out of this picture; a small rendition of it is enough."""
        if not self.sizes or self.phash == PLAIN or self.detail < DETAIL:
            return False
        correlation, box = self._best_place(whole)
        return correlation >= CORRELATION and self._looks_like(self._best_view(whole, box))

    def _correlation(self, view: Image) -> float:
        return float(_unit(_greys(view, VIEW)).ravel() @ self.greys)

    def _best_place(self, whole: Image) -> tuple[float, Box]:
        """The highest correlation, and where in the picture it is."""
        width, height = _fitted(whole.size, SIDE)
        greys = _padded(_greys(whole, (width, height)))
        products = np.fft.irfft2(self.spectra * np.fft.rfft2(greys), s=(SIDE, SIDE))
        sums, squares = _integral(greys), _integral(greys**2)
        best: tuple[float, Box] = (0, (0, 0, 1, 1))
        for size, length, fit in zip(self.sizes, self.deviations, products, strict=True):
            across, down = width - size[0] + 1, height - size[1] + 1
            if across < 1 or down < 1:
                continue
            scores = fit[:down, :across] / _lengths(sums, squares, size, (across, down))
            top, left = divmod(int(scores.argmax()), across)
            score = float(scores[top, left]) / max(length, 1e-6)
            if score > best[0]:
                right, bottom = left + size[0], top + size[1]
                best = score, (left / width, top / height, right / width, bottom / height)
        return best

    def _best_view(self, whole: Image, box: Box) -> Image:
        """What is there, a little larger or smaller and to the side: as fits best."""
        best: Change = (1, 0, 0)
        views: dict[Change, Image] = {}
        for step in STEPS:
            views = {change: _view(whole, box, *change) for change in _changes(best, step)}
            best = max(views, key=lambda change: self._correlation(views[change]))
        return views[best]

    def _looks_like(self, place: Image) -> bool:
        if self._correlation(place) < CLOSELY:
            return False
        bits = sum(a != b for a, b in zip(self.phash, perceptual_hash(place), strict=True))
        return bits <= BITS and same_layout(self.layout, layout_of(place))


def _changes(best: Change, step: float) -> Iterator[Change]:
    """The sizes and shifts around one, this share of a step away."""
    size, across, down = best
    for larger, right, lower in product((0, -1, 1), repeat=3):
        sizes = size * (1 + larger * step * LARGER)
        yield sizes, across + right * step * ASIDE, down + lower * step * ASIDE


def _view(whole: Image, box: Box, size: float, across: float, down: float) -> Image:
    """What is within the box, so many times as large and shifted by so many pixels."""
    left, top, right, bottom = box
    middle, width = (left + right) / 2 + across / SIDE, (right - left) * size / 2
    centre, height = (top + bottom) / 2 + down / SIDE, (bottom - top) * size / 2
    left, right = (min(max(side, 0), 1) * whole.width for side in (middle - width, middle + width))
    top, bottom = (
        min(max(side, 0), 1) * whole.height for side in (centre - height, centre + height)
    )
    return whole.resize(VIEW, Resampling.BILINEAR, box=(left, top, right, bottom))


def _unit(greys: Greys) -> Greys:
    """Greys without their mean, of length 1."""
    lean = greys - greys.mean()
    return lean / max(float(np.linalg.norm(lean)), 1e-6)


def _detail(picture: Image) -> float:
    """How much of the greys is left once the nearest plane is taken away."""
    greys = _greys(picture, (SIDE, SIDE)).ravel()
    rows, columns = np.indices((SIDE, SIDE)).reshape(2, -1)
    plane = np.stack([rows, columns, np.ones_like(rows)], axis=1)
    slope, *_ = np.linalg.lstsq(plane, greys, rcond=None)
    return float(np.std(greys - plane @ slope))


def _sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """The sizes in which a part is looked for, each once."""
    steps = int(np.log(SIDE / LEAST_SIDE) / np.log(STEP))
    sides = [*(LEAST_SIDE * STEP**step for step in range(steps + 1)), SIDE]
    sizes = dict.fromkeys(_fitted(size, side) for side in sides)
    return [size for size in sizes if min(size) >= LEAST_SHORTER_SIDE]


def _fitted(size: tuple[int, int], side: float) -> tuple[int, int]:
    width, height = (round(pixels * side / max(size)) for pixels in size)
    return max(width, 1), max(height, 1)


def _greys(picture: Image, size: tuple[int, int]) -> Greys:
    return np.asarray(picture.convert("L").resize(size, Resampling.BOX), np.float32)


def _padded(greys: Greys) -> Greys:
    rows, columns = greys.shape
    return np.pad(greys, ((0, SIDE - rows), (0, SIDE - columns)))


def _integral(greys: Greys) -> Any:
    """The sums of all above and left of each corner: (rows + 1, columns + 1)."""
    return np.pad(greys.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))


def _lengths(sums: Any, squares: Any, size: tuple[int, int], places: tuple[int, int]) -> Any:
    """The length of the greys, without their mean, at each place; endless where they are plain."""
    (width, height), (across, down), pixels = size, places, size[0] * size[1]

    def within(integral: Any) -> Any:
        lower, upper = integral[height : height + down], integral[:down]
        right, left = slice(width, width + across), slice(across)
        return lower[:, right] - lower[:, left] - upper[:, right] + upper[:, left]

    variances = within(squares) - within(sums) ** 2 / pixels
    return np.where(variances < pixels * DEVIATION**2, np.inf, np.sqrt(np.maximum(variances, 0)))
