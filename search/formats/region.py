"""A part of a picture."""

import math
from dataclasses import dataclass
from typing import Self

from search.refusals import Refusal

# Minimum width and height, as a fraction of the picture's.
LEAST_SIDE = 0.02
DECIMALS = 4
# Fields that are rounded to a tenth of a percent each may come to this much more than the whole.
ROUNDING = 0.001


class NoRegion(Refusal):
    """These numbers are no region of a picture."""


@dataclass(frozen=True, slots=True)
class Region:
    """A box in the upright picture, each number a fraction, 0 to 1, of its width or height."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def of(cls, left: float, top: float, width: float, height: float) -> Self:
        """The region of these fractions. Raises NoRegion where they leave the picture."""
        sides = (left, top, width, height)
        if not all(math.isfinite(side) for side in sides):
            raise NoRegion("region_is_no_four_numbers")
        # No minus before a zero: the same region is always written the same.
        left, top, width, height = (round(side, DECIMALS) + 0.0 for side in sides)
        if min(width, height) < LEAST_SIDE:
            raise NoRegion("region_too_small")
        if min(left, top) < 0 or max(left + width, top + height) > 1 + ROUNDING:
            raise NoRegion("region_outside")
        width, height = min(width, 1 - left), min(height, 1 - top)
        return cls(left, top, round(width, DECIMALS), round(height, DECIMALS))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The region that `str()` wrote. Raises NoRegion."""
        try:
            left, top, width, height = (float(side) for side in text.split(","))
        except ValueError:
            raise NoRegion("region_is_no_four_numbers") from None
        return cls.of(left, top, width, height)

    def __str__(self) -> str:
        return ",".join(f"{side:g}" for side in (self.left, self.top, self.width, self.height))

    @property
    def percent(self) -> tuple[float, ...]:
        """Left, top, width and height as people write them: 0 to 100."""
        sides = (self.left, self.top, self.width, self.height)
        return tuple(round(100 * side, DECIMALS - 2) for side in sides)

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in a picture of so many pixels; never empty."""
        left, top = math.floor(self.left * width), math.floor(self.top * height)
        right = min(width, max(left + 1, math.ceil((self.left + self.width) * width)))
        bottom = min(height, max(top + 1, math.ceil((self.top + self.height) * height)))
        return min(left, width - 1), min(top, height - 1), right, bottom
