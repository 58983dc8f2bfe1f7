"""A pen that draws one thing in a box of 100 by 100, in its own colour and pattern."""

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]
_Motif = Callable[[ImageDraw.ImageDraw, float], None]

COLOURS: dict[str, Colour] = {
    "red": (206, 34, 42),
    "orange": (244, 124, 28),
    "yellow": (252, 214, 46),
    "green": (48, 146, 62),
    "turquoise": (38, 190, 188),
    "blue": (38, 88, 204),
    "purple": (122, 58, 172),
    "pink": (248, 138, 184),
    "brown": (112, 68, 38),
    "beige": (222, 196, 158),
    "gold": (204, 150, 34),
    "black": (38, 38, 44),
    "grey": (134, 138, 144),
    "white": (246, 246, 244),
}
PATTERNS = ("plain", "striped", "dotted", "checked", "zigzag", "flowery", "wooden", "metallic")

# Neutral paints for the parts of a thing that never take its colour.
PAINTS: dict[str, Colour] = {
    "ink": (52, 52, 60),
    "steel": (146, 152, 160),
    "silver": (208, 213, 219),
    "wood": (178, 126, 80),
    "cream": (250, 244, 230),
    "glass": (196, 226, 238),
    "leaf": (86, 154, 88),
    "gold": (216, 172, 74),
    "soil": (88, 62, 48),
    "flame": (254, 192, 70),
}
_OWN = ("body", "dark", "deep", "pale")  # The thing's own colour, and tones of it.
_IDS = {paint: i for i, paint in enumerate((*_OWN, *PAINTS), start=1)}
_IS_BODY = [255 * (i == _IDS["body"]) for i in range(256)]
_IS_ANY = [255 * (i > 0) for i in range(256)]
_INWARD = [round(i * 0.11) for i in range(256)]

# What a pattern is printed in, where a light print would not show.
_PRINTS: dict[str, Colour] = {
    "white": (110, 122, 152),
    "yellow": (178, 108, 16),
    "beige": (142, 92, 60),
}
_LIGHT_PRINT: Colour = (254, 250, 242)
_BLACK: Colour = (14, 12, 22)
_WHITE: Colour = (255, 255, 255)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with `share` of `other` mixed into it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def graded(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    """A picture that goes from one colour at its top to another at its bottom."""
    width, height = size
    rows = np.linspace(top, bottom, height).round().astype(np.uint8)
    return Image.fromarray(np.repeat(rows[:, None], width, axis=1))


class Pen:
    """Draws on a square that shows nothing yet; "body" is the thing's own colour and pattern."""

    def __init__(self, side: int) -> None:
        self._ids = Image.new("L", (side, side))  # Of each pixel's paint; 0 is none.
        self._scale = side / 100
        self._draw = ImageDraw.Draw(self._ids)

    # Strokes -------------------------------------------------------------------------------------

    def box(
        self, x0: float, y0: float, x1: float, y1: float, paint: str = "body", r: float = 0
    ) -> None:
        """A rectangle with corners rounded by `r`."""
        corners = self._at((x0, y0), (x1, y1))
        self._draw.rounded_rectangle(corners, r * self._scale, fill=_IDS[paint])

    def oval(self, x0: float, y0: float, x1: float, y1: float, paint: str = "body") -> None:
        """An ellipse that fills the given box."""
        self._draw.ellipse(self._at((x0, y0), (x1, y1)), fill=_IDS[paint])

    def disc(self, x: float, y: float, r: float, paint: str = "body") -> None:
        """A circle around (x, y)."""
        self.oval(x - r, y - r, x + r, y + r, paint)

    def poly(self, points: Points, paint: str = "body") -> None:
        """A polygon with straight sides."""
        self._draw.polygon(self._at(*points), fill=_IDS[paint])

    def blob(self, points: Points, paint: str = "body") -> None:
        """A smooth closed shape through the points."""
        self.poly(_smooth(tuple(points)), paint)

    def line(self, points: Points, width: float, paint: str = "ink") -> None:
        """A stroke with round ends and joints."""
        stroke = max(1, round(width * self._scale))
        self._draw.line(self._at(*points), fill=_IDS[paint], width=stroke, joint="curve")
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
        (x0, y0, x1, y1), stroke = corners, max(1, round(width * self._scale))
        self._draw.arc(self._at((x0, y0), (x1, y1)), *angles, fill=_IDS[paint], width=stroke)

    def ring(self, x: float, y: float, r: float, width: float, paint: str = "ink") -> None:
        """A circle's outline."""
        self.arc((x - r, y - r, x + r, y + r), (0, 360), width, paint)

    def _at(self, *points: tuple[float, float]) -> list[tuple[float, float]]:
        scale = self._scale
        return [(x * scale, y * scale) for x, y in points]

    # What they come to ---------------------------------------------------------------------------

    def shape(self) -> Image.Image:
        """In grey where the strokes are: 255, elsewhere 0."""
        return self._ids.point(_IS_ANY)

    def painted(self, colour: str, tint: Colour, pattern: str) -> Image.Image:
        """The thing in RGBA: its body in `tint`, a shade of `colour`, and lit from the left."""
        own = (tint, *(mixed(tint, *tone) for tone in ((_BLACK, 0.32), (_BLACK, 0.56))))
        tones = ((0, 0, 0), *own, mixed(tint, _WHITE, 0.55), *PAINTS.values())
        layer = self._ids.copy()
        layer.putpalette([part for tone in tones for part in tone])
        layer = layer.convert("RGB")
        body = _body(self._ids.width, colour, tint, pattern)
        layer.paste(body, (0, 0), self._ids.point(_IS_BODY))
        shape = self.shape()
        layer = ImageChops.hard_light(layer, _relief(shape))
        layer.putalpha(shape)
        return layer


@cache
def _smooth(points: tuple[tuple[float, float], ...]) -> Points:
    """A closed Catmull-Rom curve through the points."""
    count, steps = len(points), 8
    curve = []
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


def _relief(shape: Image.Image) -> Image.Image:
    """Light on what faces up and left, shade on what turns away and along edges; else mid-grey."""
    small = shape.resize((40, 40), Image.Resampling.BOX)
    soft = small.filter(ImageFilter.BoxBlur(4))
    right, left = (ImageChops.offset(soft, by, by) for by in (-3, 3))
    turned = ImageChops.subtract(right, left, 3.6, 130)
    light = ImageChops.add(turned, soft.point(_INWARD), 1, -_INWARD[255])
    return Image.merge("RGB", [light.resize(shape.size, Image.Resampling.BILINEAR)] * 3)


# Patterns ----------------------------------------------------------------------------------------


def _body(side: int, colour: str, tint: Colour, pattern: str) -> Image.Image:
    """A square of the pattern."""
    if pattern == "metallic":
        return _metal(side, tint)
    image = graded((side, side), *_ends(colour, tint))
    if pattern == "wooden":
        _print(image, _planks, mixed(tint, _BLACK, 0.14))
        grain = mixed(tint, _WHITE, 0.3) if colour == "black" else mixed(tint, _BLACK, 0.46)
        _print(image, _grain, grain)
    elif pattern != "plain":
        _print(image, _MOTIFS[pattern], _PRINTS.get(colour, _LIGHT_PRINT))
    if pattern == "flowery":
        _print(image, _flower_hearts, PAINTS["flame"])
    return image


def _ends(colour: str, tint: Colour) -> tuple[Colour, Colour]:
    """The body's colour at its top and its bottom; gold shines without being metallic."""
    if colour == "gold":
        return mixed(tint, (255, 226, 110), 0.75), mixed(tint, (128, 76, 0), 0.45)
    return mixed(tint, _WHITE, 0.06), mixed(tint, _BLACK, 0.08)


def _print(image: Image.Image, motif: _Motif, colour: Colour) -> None:
    mask = Image.new("1", image.size)
    motif(ImageDraw.Draw(mask), image.width / 100)
    image.paste(colour, (0, 0), mask)


def _stripes(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for y in range(-5, 100, 20):
        draw.rectangle((0, y * unit, 100 * unit, (y + 9) * unit), fill=255)


def _dots(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for row, y in enumerate(range(3, 104, 17)):
        for x in range(2 + row % 2 * 11, 106, 22):
            draw.ellipse([c * unit for c in (x - 5.6, y - 5.6, x + 5.6, y + 5.6)], fill=255)


def _checks(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for row in range(7):
        for x in range(row % 2 * 15, 100, 30):
            draw.rectangle([c * unit for c in (x, row * 15, x + 15, row * 15 + 15)], fill=255)


def _zigzags(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for y in range(-8, 118, 25):
        points = [(i * 12.5 * unit, (y + i % 2 * 13) * unit) for i in range(9)]
        draw.line(points, fill=255, width=math.ceil(7 * unit), joint="curve")


_FLOWERS = [
    (x + 18 * (row % 2), y) for row, y in enumerate(range(8, 110, 30)) for x in range(6, 110, 36)
]
_PETALS = [
    (9.5 * math.cos(turn), 9.5 * math.sin(turn))
    for turn in (math.tau * (i + 0.25) / 5 for i in range(5))
]


def _flowers(draw: ImageDraw.ImageDraw, unit: float) -> None:
    r = 6.4 * unit
    for x, y in [((fx + px) * unit, (fy + py) * unit) for fx, fy in _FLOWERS for px, py in _PETALS]:
        draw.ellipse((x - r, y - r, x + r, y + r), fill=255)


def _flower_hearts(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for x, y in _FLOWERS:
        draw.ellipse([c * unit for c in (x - 5, y - 5, x + 5, y + 5)], fill=255)


def _planks(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for x in (0, 56):
        draw.rectangle((x * unit, 0, (x + 28) * unit, 100 * unit), fill=255)


def _grain(draw: ImageDraw.ImageDraw, unit: float) -> None:
    """Veins that run down the planks, pushed aside by a knot."""
    for x in range(4, 100, 8):
        veins = []
        for y in range(-4, 108, 8):
            near = math.exp(-(((x - 42) / 16) ** 2) - ((y - 46) / 15) ** 2)
            away = 7 if x > 42 else -7
            veins.append(((x + away * near + 1.5 * math.sin(y / 14 + x)) * unit, y * unit))
        draw.line(veins, fill=255, width=math.ceil(2.2 * unit))
    draw.ellipse([c * unit for c in (38, 39, 46, 53)], fill=255)


_MOTIFS: dict[str, _Motif] = {
    "striped": _stripes,
    "dotted": _dots,
    "checked": _checks,
    "zigzag": _zigzags,
    "flowery": _flowers,
}
# Where along the diagonal a metal thing shines (above 0) and mirrors the dark (below).
_SHINE = (
    (0, 10, 20, 26, 40, 48, 58, 72, 78, 84, 92, 100),
    (0.0, -0.42, -0.1, 0.85, 0.7, -0.15, -0.5, -0.1, 0.8, 0.65, -0.2, -0.0),
)


def _metal(side: int, tint: Colour) -> Image.Image:
    """Broad slanting bands of shine and shade."""
    shine = np.interp(np.linspace(0, 200, 2 * side) % 100, *_SHINE)[:, None]
    bright, dark = np.maximum(shine, 0), np.maximum(-shine, 0)
    strip = np.array(tint) * (1 - bright - dark) + 255 * bright + 16 * dark
    row = Image.fromarray(strip.round().astype(np.uint8)[None])
    return row.transform((side, side), Image.Transform.AFFINE, (1, 0.8, 0, 0, 0, 0))
