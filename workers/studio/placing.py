"""Where the things of a scene stand in its picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from workers.studio.pen import Pen
from workers.studio.scenes import ALONE, BEHIND, LEFT, Group, Scene, Thing
from workers.studio.things import KINDS, SUPPORTS

_GAP = 0.14  # Between things of one group, in parts of their width.


@dataclass(frozen=True, slots=True)
class Spot:
    """One thing's place: the middle of its foot and the side of the pen's box, in pixels."""

    group: int
    thing: Thing
    x: float
    base: float
    side: float

    @property
    def width(self) -> float:
        """How wide the thing itself is."""
        left, _, right, _ = extent(self.thing.kind)
        return self.side * (right - left) / 100

    @property
    def height(self) -> float:
        """How high the thing itself is."""
        _, top, _, bottom = extent(self.thing.kind)
        return self.side * (bottom - top) / 100


def spots(scene: Scene, size: tuple[int, int], base: float, rng: Random) -> list[Spot]:
    """The place of each thing on a canvas of this size, those at the back first.

    What stands on the ground stands at `base` pixels from the top, or a little behind.
    """
    if scene.relation == ALONE:
        return _alone(scene.groups[0], size, base, rng)
    if scene.relation == LEFT:
        return _left(scene.groups, size, base, rng)
    if scene.relation == BEHIND:
        return _behind(scene.groups, size, base, rng)
    return _on(scene.groups, size, base, rng)


def _alone(group: Group, size: tuple[int, int], base: float, rng: Random) -> list[Spot]:
    width = size[0] * (rng.uniform(0.66, 0.88) if group.count == 1 else rng.uniform(0.82, 0.94))
    row = _row(0, group, (0, width), base, base * rng.uniform(0.74, 0.93))
    left, right = row[0].x - row[0].width / 2, row[-1].x + row[-1].width / 2
    room = size[0] * 0.96 - (right - left)
    return _move(row, size[0] * 0.02 + room * rng.uniform(0.15, 0.85) - left)


def _left(groups: Sequence[Group], size: tuple[int, int], base: float, rng: Random) -> list[Spot]:
    first, second = groups
    width, gap = size[0], size[0] * 0.04
    middle = width * (first.count + 0.4) / (first.count + second.count + 0.8)
    spans = ((width * 0.03, middle - gap), (middle + gap, width * 0.97))
    return [
        spot
        for i, (group, span) in enumerate(zip(groups, spans, strict=True))
        for spot in _row(i, group, span, base, base * rng.uniform(0.76, 0.92))
    ]


def _on(groups: Sequence[Group], size: tuple[int, int], base: float, rng: Random) -> list[Spot]:
    """The second group on the ground and the first, as large as it allows, on top of it."""
    room = base * rng.uniform(0.88, 0.95)
    under = groups[1].thing.kind
    _, top, _, bottom = extent(under)
    surface = SUPPORTS.get(under, top + 3)
    share = (bottom - surface) / (bottom - top)  # Of its height, below where the first stands.
    width = size[0] * rng.uniform(0.7, 0.88)
    height = room * min(0.8, rng.uniform(0.5, 0.58) / share)
    below = _row(1, groups[1], (0, width), base, height)
    below = _move(below, (size[0] - width) * rng.uniform(0.3, 0.7))
    carrier = below[len(below) // 2]
    stand = base - carrier.side * (bottom - surface) / 100
    reach = max(_reach(under, surface) * carrier.side * 0.84, carrier.width * 0.55)
    span = (carrier.x - reach / 2, carrier.x + reach / 2)
    # No higher than what carries it, or than that is wide: a mug hides no sofa.
    height = min(room - (base - stand), max(carrier.height, carrier.width * 0.62))
    return [*below, *_row(0, groups[0], span, stand, height)]


def _behind(groups: Sequence[Group], size: tuple[int, int], base: float, rng: Random) -> list[Spot]:
    """The first further back and beside the second, as far as enough of it can be seen."""
    span, side = (0, size[0] * 0.72), rng.choice((-1, 1))
    back = base - size[1] * rng.uniform(0.05, 0.08)
    first = _row(0, groups[0], span, back, back * rng.uniform(0.8, 0.92))
    height = max(first[0].height * 0.66, base * 0.4)
    second = _row(1, groups[1], (0, size[0] * 0.56), base, height)
    most = rng.uniform(0.2, 0.34)
    apart = (first[0].width + second[0].width) / 2
    for share in np.arange(0.2, 1.0, 0.06):
        moved = _move(second, first[0].x + side * float(share) * apart - second[0].x)
        if _hidden(first, moved) <= most:
            break
    return _fit([*first, *moved], size[0], rng)


def _row(
    number: int, group: Group, span: tuple[float, float], base: float, height: float
) -> list[Spot]:
    """A group's things side by side in the middle of the span, as large as there is room for."""
    left, top, right, bottom = extent(group.thing.kind)
    widths = (right - left) / 100 * (group.count + _GAP * (group.count - 1))
    side = min((span[1] - span[0]) / widths, height * 100 / (bottom - top))
    step, middle = side * (right - left) / 100 * (1 + _GAP), sum(span) / 2
    return [
        Spot(number, group.thing, middle + (i - (group.count - 1) / 2) * step, base, side)
        for i in range(group.count)
    ]


def _move(row: Sequence[Spot], by: float) -> list[Spot]:
    return [replace(spot, x=spot.x + by) for spot in row]


def _fit(row: Sequence[Spot], width: float, rng: Random) -> list[Spot]:
    """All of it between the sides of the picture, smaller where it must be."""
    left = min(spot.x - spot.width / 2 for spot in row)
    right = max(spot.x + spot.width / 2 for spot in row)
    scale = min(1.0, width * 0.95 / (right - left))
    start = (width - (right - left) * scale) * rng.uniform(0.3, 0.7)
    return [replace(s, x=start + (s.x - left) * scale, side=s.side * scale) for s in row]


# What the pen's boxes hold -----------------------------------------------------------------------


@cache
def _shape(kind: str) -> NDArray[np.bool_]:
    """Where the thing is in its box of 100 by 100."""
    pen = Pen(100)
    KINDS[kind](pen)
    return np.asarray(pen.shape()) > 0


@cache
def extent(kind: str) -> tuple[int, int, int, int]:
    """The left, top, right and bottom of the thing in the pen's box of 100 by 100."""
    rows, columns = (np.flatnonzero(_shape(kind).any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _reach(kind: str, height: float) -> float:
    """How wide the thing is just below this height, in parts of its box."""
    columns = np.flatnonzero(_shape(kind)[min(99, round(height) + 3)])
    return float(np.ptp(columns)) / 100 if len(columns) else 0.0


def _hidden(back: Sequence[Spot], front: Sequence[Spot]) -> float:
    """How much of the things at the back those in front cover."""
    x, y = np.concatenate([_covered(spot) for spot in back]).T
    hidden = np.zeros(len(x), bool)
    for spot in front:
        left, _, right, bottom = extent(spot.thing.kind)
        column = ((x - spot.x) * 100 / spot.side + (left + right) / 2).astype(int)
        row = ((y - spot.base) * 100 / spot.side + bottom).astype(int)
        inside = (column >= 0) & (column < 100) & (row >= 0) & (row < 100)
        hidden[inside] |= _shape(spot.thing.kind)[row[inside], column[inside]]
    return float(hidden.mean())


def _covered(spot: Spot) -> NDArray[np.float64]:
    """Points all over the thing, in pixels."""
    left, _, right, bottom = extent(spot.thing.kind)
    rows, columns = np.nonzero(_shape(spot.thing.kind)[::4, ::4])
    x = spot.x + (columns * 4 - (left + right) / 2) * spot.side / 100
    return np.stack([x, spot.base + (rows * 4 - bottom) * spot.side / 100], axis=1)
