"""The settings that the studio puts its things in."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from workers.studio.pen import Colour, graded, mixed


@dataclass(frozen=True, slots=True)
class Stage:
    """A canvas whose floor begins at `floor`, and on which things will stand at `base`.

    Both are measured like the strokes in parts of its size.
    """

    image: Image.Image
    floor: float
    base: float
    rng: Random

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        ImageDraw.Draw(self.image).rectangle(self._at((x0, y0), (x1, y1)), fill=colour)

    def poly(self, points: list[tuple[float, float]], colour: Colour) -> None:
        ImageDraw.Draw(self.image).polygon(self._at(*points), fill=colour)

    def disc(self, x: float, y: float, r: float, colour: Colour) -> None:
        """A circle whose radius is measured in parts of the shorter side."""
        radius, [(cx, cy)] = r * min(self.image.size), self._at((x, y))
        corners = (cx - radius, cy - radius, cx + radius, cy + radius)
        ImageDraw.Draw(self.image).ellipse(corners, fill=colour)

    def fade(self, y0: float, y1: float, top: Colour, bottom: Colour) -> None:
        """A band that goes from one colour to another."""
        start, end = (round(y * self.image.height) for y in (y0, y1))
        self.image.paste(graded((self.image.width, max(1, end - start)), top, bottom), (0, start))

    def across(self, length: float) -> float:
        """In parts of the width what is `length` of the shorter side."""
        return length * min(self.image.size) / self.image.width

    def down(self, length: float) -> float:
        """In parts of the height what is `length` of the shorter side."""
        return length * min(self.image.size) / self.image.height

    def columns(self, width: float) -> list[float]:
        """Where columns begin that are `width` of the shorter side wide."""
        step = self.across(width)
        return [i * step for i in range(int(1 / step) + 1)]

    def rows(self, top: float, bottom: float, height: float) -> list[float]:
        """Where rows begin that are `height` of the shorter side high."""
        step = self.down(height)
        return [top + i * step for i in range(int((bottom - top) / step) + 1)]

    def _at(self, *points: tuple[float, float]) -> list[tuple[float, float]]:
        width, height = self.image.size
        return [(x * width, y * height) for x, y in points]


def _studio(stage: Stage, wall: Colour) -> None:
    stage.fade(0, stage.floor, mixed(wall, (255, 255, 255), 0.1), wall)
    stage.fade(stage.floor, 1, mixed(wall, (60, 60, 80), 0.09), mixed(wall, (255, 255, 255), 0.2))


def white(stage: Stage) -> None:
    _studio(stage, (245, 246, 248))


def grey(stage: Stage) -> None:
    _studio(stage, (182, 186, 192))


def blue_wall(stage: Stage) -> None:
    _wall(stage, (164, 204, 236))


def pink_wall(stage: Stage) -> None:
    _wall(stage, (248, 200, 210))


def yellow_wall(stage: Stage) -> None:
    _wall(stage, (250, 230, 160))


def mint_wall(stage: Stage) -> None:
    _wall(stage, (178, 226, 200))


def _wall(stage: Stage, wall: Colour) -> None:
    stage.box(0, 0, 1, 1, wall)
    stage.fade(stage.floor, 1, mixed(wall, (90, 70, 80), 0.26), mixed(wall, (90, 70, 80), 0.14))
    _sunlit(stage, mixed(wall, (255, 255, 250), 0.34))
    stage.box(0, stage.floor - 0.03, 1, stage.floor, (252, 251, 247))
    stage.box(0, stage.floor - 0.004, 1, stage.floor + 0.004, mixed(wall, (80, 66, 76), 0.36))


def _sunlit(stage: Stage, light: Colour) -> None:
    """Where the sun falls through the four panes of a window."""
    x, y = stage.rng.uniform(-0.1, 0.6), stage.rng.uniform(0.04, 0.12)
    for column, row in ((0, 0), (1, 0), (0, 1), (1, 1)):
        left, top = 0.27 * column + 0.08 * row, 0.21 * row
        corners = ((0, 0), (0.24, 0), (0.315, 0.19), (0.075, 0.19))
        stage.poly([(x + stage.across(left + dx), y + top + dy) for dx, dy in corners], light)


def wooden_table(stage: Stage) -> None:
    stage.fade(0, stage.floor, (238, 228, 212), (226, 212, 192))
    stage.box(0, stage.floor, 1, 1, (188, 134, 84))
    for row in stage.rows(stage.floor, 1, 0.1):
        stage.box(0, row, 1, row + 0.006, (150, 102, 60))
        x = stage.rng.random()
        stage.box(x, row, x + 0.005, row + stage.down(0.1), (150, 102, 60))


def meadow(stage: Stage) -> None:
    stage.fade(0, stage.floor, (130, 190, 240), (214, 236, 250))
    for x in (0.15, 0.7):
        _cloud(stage, x + stage.rng.uniform(-0.1, 0.1), stage.rng.uniform(0.08, 0.25))
    stage.disc(stage.rng.uniform(0.1, 0.9), stage.floor + 0.5, 0.62, (150, 200, 110))
    stage.fade(stage.floor, 1, (130, 190, 90), (96, 164, 72))
    for _ in range(24):
        x, y = stage.rng.random(), stage.rng.uniform(stage.floor + 0.03, 1)
        tip = x + stage.across(0.011), y - stage.down(0.035)
        stage.poly([(x, y), (x + stage.across(0.016), y), tip], (78, 142, 62))


def _cloud(stage: Stage, x: float, y: float) -> None:
    for dx, dy, r in ((0, 0, 0.05), (0.07, -0.02, 0.07), (0.15, 0, 0.05)):
        stage.disc(x + stage.across(dx), y + stage.down(dy), r, (255, 255, 255))


def beach(stage: Stage) -> None:
    stage.fade(0, stage.floor - 0.16, (140, 204, 244), (222, 242, 250))
    stage.disc(stage.rng.uniform(0.1, 0.9), 0.14, 0.07, (255, 226, 120))
    stage.fade(stage.floor - 0.16, stage.floor, (40, 140, 190), (90, 196, 210))
    for _ in range(7):
        x, y = stage.rng.random(), stage.floor - stage.rng.uniform(0.03, 0.14)
        stage.box(x, y, x + stage.across(0.1), y + 0.006, (190, 232, 236))
    stage.fade(stage.floor, 1, (244, 222, 170), (230, 200, 142))
    points = [(i / 24, stage.floor + 0.012 + 0.01 * math.sin(i * 1.3)) for i in range(25)]
    stage.poly([(0, stage.floor - 0.015), *points, (1, stage.floor - 0.015)], (250, 252, 250))
    for _ in range(16):
        stage.disc(
            stage.rng.random(), stage.rng.uniform(stage.floor + 0.06, 1), 0.006, (214, 182, 126)
        )


def snow(stage: Stage) -> None:
    stage.fade(0, stage.floor, (176, 200, 222), (224, 234, 244))
    for _ in range(5):
        _pine(stage, stage.rng.random(), stage.floor + 0.02, stage.rng.uniform(0.2, 0.36))
    stage.fade(stage.floor, 1, (236, 243, 250), (252, 253, 255))
    for _ in range(40):
        stage.disc(stage.rng.random(), stage.rng.random() * stage.floor, 0.008, (255, 255, 255))


def _pine(stage: Stage, x: float, base: float, height: float) -> None:
    for part in (0, 0.3, 0.6):
        half, bottom = stage.across(0.13) * (1.2 - part), base - height * part
        points = [(x - half, bottom), (x + half, bottom), (x, bottom - height * 0.5)]
        stage.poly(points, (84, 128, 116))


def night(stage: Stage) -> None:
    stage.fade(0, stage.floor, (16, 22, 60), (50, 56, 112))
    for _ in range(36):
        stage.disc(stage.rng.random(), stage.rng.random() * stage.floor, 0.006, (250, 246, 214))
    stage.disc(stage.rng.uniform(0.1, 0.9), stage.rng.uniform(0.1, 0.2), 0.075, (250, 244, 208))
    stage.fade(stage.floor, 1, (40, 58, 74), (28, 40, 56))


def brick_wall(stage: Stage) -> None:
    stage.box(0, 0, 1, 1, (216, 190, 172))
    for i, row in enumerate(stage.rows(0, stage.floor, 0.075)):
        step = stage.across(0.16)
        for x in stage.columns(0.16):
            left = x - step / 2 * (i % 2)
            tone = mixed((186, 96, 72), (150, 70, 58), stage.rng.random())
            top, bottom = row + stage.down(0.007), row + stage.down(0.075)
            stage.box(left + stage.across(0.008), top, left + step, bottom, tone)
    stage.fade(stage.floor, 1, (150, 146, 142), (172, 168, 164))


def kitchen(stage: Stage) -> None:
    stage.box(0, 0, 1, 1, (206, 222, 222))
    for row in stage.rows(0, stage.floor, 0.13):
        for x in stage.columns(0.13):
            right, bottom = x + stage.across(0.12), row + stage.down(0.12)
            stage.box(x, row, right, bottom, (240, 247, 246))
    stage.fade(stage.floor, 1, (96, 104, 112), (122, 130, 138))
    stage.box(0, stage.floor, 1, stage.floor + 0.02, (72, 80, 88))


def city(stage: Stage) -> None:
    stage.fade(0, stage.floor, (176, 206, 232), (236, 232, 222))
    for x in stage.columns(0.2):
        top = stage.floor - stage.rng.uniform(0.18, 0.5)
        tone = mixed((118, 130, 150), (160, 150, 158), stage.rng.random())
        width = stage.across(0.19)
        stage.box(x, top, x + width, stage.floor, tone)
        for row in stage.rows(top + 0.03, stage.floor - 0.06, 0.075):
            for part in (0.15, 0.6):
                left = x + width * part
                stage.box(left, row, left + width * 0.25, row + 0.035, (250, 236, 178))
    stage.fade(stage.floor, 1, (104, 106, 114), (130, 132, 138))
    stage.box(0, stage.floor, 1, stage.floor + 0.03, (192, 190, 186))


def mountains(stage: Stage) -> None:
    stage.fade(0, stage.floor, (150, 196, 236), (230, 240, 246))
    for x, height in ((0.1, 0.42), (0.48, 0.54), (0.88, 0.38)):
        _mountain(stage, x + stage.rng.uniform(-0.08, 0.08), height)
    stage.fade(stage.floor, 1, (146, 162, 120), (120, 138, 96))


def _mountain(stage: Stage, x: float, height: float) -> None:
    top, half = stage.floor - height, height * 0.75
    stage.poly([(x - half, stage.floor), (x + half, stage.floor), (x, top)], (112, 124, 150))
    snow_line = top + height * 0.3
    cap = [
        (x - half * 0.3, snow_line),
        (x, snow_line - 0.03),
        (x + half * 0.3, snow_line),
        (x, top),
    ]
    stage.poly(cap, (248, 250, 252))


def sunset(stage: Stage) -> None:
    stage.fade(0, stage.floor, (120, 70, 140), (252, 170, 96))
    stage.disc(stage.rng.uniform(0.15, 0.85), stage.floor, 0.17, (255, 224, 130))
    stage.fade(stage.floor, 1, (122, 66, 86), (84, 48, 74))
    for row in stage.rows(stage.floor + 0.02, 1, 0.075):
        x, half = stage.rng.random(), stage.rng.uniform(0.08, 0.2)
        stage.box(x - half, row, x + half, row + 0.009, (206, 116, 98))


def desert(stage: Stage) -> None:
    stage.fade(0, stage.floor, (250, 214, 160), (252, 236, 206))
    for x in (0.08, 0.9):
        _cactus(stage, x + stage.rng.uniform(-0.05, 0.05))
    dune = stage.rng.uniform(0.2, 0.8)
    slope = [(0, stage.floor), (dune, stage.floor - 0.09), (1, stage.floor)]
    stage.poly(slope, (236, 178, 116))
    stage.poly(
        [(dune, stage.floor - 0.09), (1, stage.floor), (dune - 0.1, stage.floor)], (222, 160, 98)
    )
    stage.fade(stage.floor, 1, (226, 162, 100), (206, 138, 78))


def _cactus(stage: Stage, x: float) -> None:
    green, thick = (98, 150, 96), stage.across(0.02)
    for dx, top, bottom in ((0, 0.32, 0), (-0.07, 0.22, 0.12), (0.07, 0.26, 0.12)):
        middle = x + stage.across(dx)
        ends = stage.floor - stage.down(top), stage.floor - stage.down(bottom)
        stage.box(middle - thick, ends[0], middle + thick, ends[1], green)
    arms, elbow = stage.across(0.07), stage.floor - stage.down(0.15)
    stage.box(x - arms, elbow, x + arms, elbow + stage.down(0.035), green)


def shelf(stage: Stage) -> None:
    """One board of a bookcase, the next above it."""
    stage.fade(0, 1, (226, 206, 176), (240, 224, 198))
    for x in stage.columns(0.22)[1:]:
        stage.box(x, 0, x + 0.004, 1, (206, 182, 148))
    front, edge = stage.base + 0.03, stage.base + 0.075
    stage.fade(0.03, 0.12, (168, 146, 116), (226, 206, 176))
    stage.fade(stage.base - 0.06, front, (170, 120, 74), (206, 156, 104))
    stage.box(0, front, 1, edge, (160, 110, 66))
    stage.fade(edge, 1, (150, 128, 100), (206, 186, 156))
    stage.box(0, 0, 1, 0.04, (160, 110, 66))
    for x in (0.0, 1 - 0.022):
        stage.box(x, 0, x + 0.022, 1, (184, 134, 86))


def sky(stage: Stage) -> None:
    """High up, on a sea of clouds."""
    stage.fade(0, 1, (58, 136, 226), (176, 216, 248))
    stage.disc(stage.rng.uniform(0.08, 0.92), 0.13, 0.08, (255, 240, 170))
    for y in (0.16, 0.32, 0.46):
        _cloud(stage, stage.rng.uniform(0, 0.9), y)
    for row, white in ((0.06, 226), (0.16, 240), (0.27, 255)):
        for x in stage.columns(0.15):
            y = stage.floor + row + stage.rng.uniform(-0.02, 0.02)
            stage.disc(x + stage.rng.uniform(0, 0.06), y + 0.08, 0.13, (white - 8, white - 2, 255))
        stage.box(0, min(1, stage.floor + row + 0.1), 1, 1, (white - 8, white - 2, 255))


# Settings by the English words of a caption.
BACKDROPS: dict[str, Callable[[Stage], None]] = {
    "on a white background": white,
    "on a grey background": grey,
    "against a pale blue wall": blue_wall,
    "against a pale pink wall": pink_wall,
    "against a pale yellow wall": yellow_wall,
    "against a mint wall": mint_wall,
    "on a wooden table": wooden_table,
    "on a meadow": meadow,
    "on a beach": beach,
    "in the snow": snow,
    "at night": night,
    "by a brick wall": brick_wall,
    "in a kitchen": kitchen,
    "in a city street": city,
    "in the mountains": mountains,
    "at sunset": sunset,
    "in the desert": desert,
    "on a shelf": shelf,
    "in the sky": sky,
}
