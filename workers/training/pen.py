"""A pen that draws one thing in a box of 100 by 100, in its own colour and pattern."""

import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]
_Stroke = Callable[[ImageDraw.ImageDraw, Colour | int], None]

COLOURS: dict[str, Colour] = {
    "red": (208, 44, 46),
    "orange": (240, 132, 36),
    "yellow": (247, 205, 52),
    "green": (62, 150, 74),
    "blue": (44, 100, 200),
    "purple": (128, 68, 172),
    "pink": (244, 140, 180),
    "brown": (122, 78, 46),
    "black": (42, 42, 48),
    "grey": (136, 140, 146),
    "white": (244, 243, 238),
}
PATTERNS = ("plain", "striped", "dotted", "checked", "zigzag")

# Neutral paints for the parts of a thing that never take its colour.
PAINTS: dict[str, Colour] = {
    "ink": (54, 54, 62),
    "steel": (146, 152, 160),
    "silver": (206, 211, 217),
    "wood": (178, 126, 80),
    "cream": (248, 239, 220),
    "glass": (198, 224, 234),
    "leaf": (86, 154, 88),
    "gold": (216, 172, 74),
    "soil": (92, 66, 50),
    "flame": (252, 190, 70),
}
_ACCENTS: dict[str, Colour] = {"white": (128, 140, 164), "yellow": (176, 112, 18)}
_LIGHT: Colour = (252, 248, 240)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with `share` of `other` mixed into it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


class Pen:
    """Draws on a transparent square; "body" is the thing's own colour with its pattern."""

    def __init__(self, side: int, colour: str, tint: Colour, pattern: str) -> None:
        self.layer = Image.new("RGBA", (side, side))
        self._scale = side / 100
        self._draw = ImageDraw.Draw(self.layer)
        self._body = _patterned(side, tint, _ACCENTS.get(colour, _LIGHT), pattern)
        self._paints = PAINTS | {
            "dark": mixed(tint, (20, 18, 26), 0.34),
            "deep": mixed(tint, (20, 18, 26), 0.58),
            "pale": mixed(tint, (255, 255, 255), 0.55),
        }

    def box(
        self, x0: float, y0: float, x1: float, y1: float, paint: str = "body", r: float = 0
    ) -> None:
        """A rectangle with corners rounded by `r`."""
        corners, radius = self._at((x0, y0), (x1, y1)), r * self._scale
        self._paint(paint, lambda draw, fill: draw.rounded_rectangle(corners, radius, fill=fill))

    def oval(self, x0: float, y0: float, x1: float, y1: float, paint: str = "body") -> None:
        """An ellipse that fills the given box."""
        corners = self._at((x0, y0), (x1, y1))
        self._paint(paint, lambda draw, fill: draw.ellipse(corners, fill=fill))

    def disc(self, x: float, y: float, r: float, paint: str = "body") -> None:
        """A circle around (x, y)."""
        self.oval(x - r, y - r, x + r, y + r, paint)

    def poly(self, points: Points, paint: str = "body") -> None:
        """A polygon with straight sides."""
        corners = self._at(*points)
        self._paint(paint, lambda draw, fill: draw.polygon(corners, fill=fill))

    def blob(self, points: Points, paint: str = "body") -> None:
        """A smooth closed shape through the points."""
        self.poly(_smoothed(points), paint)

    def line(self, points: Points, width: float, paint: str = "ink") -> None:
        """A stroke with round ends and joints."""
        corners, stroke = self._at(*points), max(1, round(width * self._scale))
        self._paint(
            paint, lambda draw, fill: draw.line(corners, fill=fill, width=stroke, joint="curve")
        )
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, paint)

    def arc(
        self,
        corners: tuple[float, float, float, float],
        angles: tuple[float, float],
        width: float,
        paint: str = "ink",
    ) -> None:
        """Part of an ellipse's outline, clockwise from three o'clock, in degrees."""
        (x0, y0, x1, y1), (start, end) = corners, angles
        box, stroke = self._at((x0, y0), (x1, y1)), max(1, round(width * self._scale))
        self._paint(paint, lambda draw, fill: draw.arc(box, start, end, fill=fill, width=stroke))

    def ring(self, x: float, y: float, r: float, width: float, paint: str = "ink") -> None:
        """A circle's outline."""
        self.arc((x - r, y - r, x + r, y + r), (0, 360), width, paint)

    def clear(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """An elliptic hole through which the background shows."""
        self._draw.ellipse(self._at((x0, y0), (x1, y1)), fill=(0, 0, 0, 0))

    def _at(self, *points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * self._scale, y * self._scale) for x, y in points]

    def _paint(self, paint: str, stroke: _Stroke) -> None:
        if paint != "body":
            stroke(self._draw, self._paints[paint])
            return
        mask = Image.new("L", self.layer.size)
        stroke(ImageDraw.Draw(mask), 255)
        self.layer.paste(self._body, (0, 0), mask)


def _smoothed(points: Points, steps: int = 8) -> list[tuple[float, float]]:
    """A closed Catmull-Rom curve through the points."""
    count, curve = len(points), []
    for i in range(count):
        four = [points[(i + k) % count] for k in (-1, 0, 1, 2)]
        curve += [
            (_spline(t / steps, *xs), _spline(t / steps, *ys))
            for xs, ys in [tuple(zip(*four, strict=True))]
            for t in range(steps)
        ]
    return curve


def _spline(t: float, a: float, b: float, c: float, d: float) -> float:
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def _patterned(side: int, tint: Colour, accent: Colour, pattern: str) -> Image.Image:
    """A square of the pattern, lit from the left."""
    image = Image.new("RGB", (side, side), tint)
    if pattern != "plain":
        image.paste(accent, (0, 0), _pattern_mask(side, pattern))
    return ImageChops.multiply(image, _light(side))


def _light(side: int) -> Image.Image:
    falling = Image.linear_gradient("L").rotate(90).resize((side, side))
    return falling.point([255 - round(52 * i / 255) for i in range(256)]).convert("RGB")


def _pattern_mask(side: int, pattern: str) -> Image.Image:
    mask = Image.new("L", (side, side))
    _PATTERN_STROKES[pattern](ImageDraw.Draw(mask), side / 100)
    return mask


def _stripes(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for y in range(-2, 100, 14):
        draw.rectangle((0, y * unit, 100 * unit, (y + 5.5) * unit), fill=255)


def _dots(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for row, y in enumerate(range(4, 100, 11)):
        for x in range(4 + row % 2 * 7, 104, 14):
            draw.ellipse([c * unit for c in (x - 3.6, y - 3.6, x + 3.6, y + 3.6)], fill=255)


def _checks(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for row in range(10):
        for x in range(row % 2 * 10, 100, 20):
            draw.rectangle([c * unit for c in (x, row * 10, x + 10, row * 10 + 10)], fill=255)


def _zigzags(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for y in range(-6, 112, 19):
        points = [(i * 9 * unit, (y + (i % 2) * 9) * unit) for i in range(13)]
        draw.line(points, fill=255, width=math.ceil(5 * unit), joint="curve")


_PATTERN_STROKES = {
    "striped": _stripes,
    "dotted": _dots,
    "checked": _checks,
    "zigzag": _zigzags,
}
