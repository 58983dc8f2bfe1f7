"""Plots as lines, texts and marks, for one template to draw as SVG: dots, and lines over time."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from search.evaluation.chance import Estimate, text_of

# All lengths are in units of the viewBox.
WIDTH, TREND_HEIGHT = 560, 220
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 8, 28
# Mean width of a character.
CHARACTER = 7.5
# From one dot to the next below it, and above and below all dots of a row; of few rows and of many.
SPACED, DENSE, DENSE_FROM = (18, 14), (7, 8), 8
PADDING = 14
# Between the plot and its texts.
BESIDE, BELOW = 16, 8
# Steps of an axis, in percent, and the maximum number of its ticks.
STEPS = (1, 2, 5, 10, 20, 25, 50)
MOST_TICKS = 8
# Maximum number of dates below a trend.
DAYS = 5
# Number of colours in admin_evaluations.css.
COLOURS = 6
# A circle, a square, a diamond, a triangle.
SHAPES = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
    "M-4.5 -4.5h9v9h-9z",
    "M0 -6l6 6l-6 6l-6 -6z",
    "M0 -5.5l5.5 10h-11z",
)


class Named(NamedTuple):
    """An encoder in a plot: its slug, and the number by which it is marked everywhere."""

    slug: str
    number: int

    @property
    def colour(self) -> int:
        """The number of its colour in the stylesheet."""
        return self.number % COLOURS

    @property
    def shape(self) -> str:
        """Its mark as a path around the origin, for those who do not see colours."""
        return SHAPES[self.number % len(SHAPES)]


class Mark(NamedTuple):
    """A figure at (x, y), with its interval from (x1, y1) to (x2, y2)."""

    x: float
    y: float
    x1: float
    y1: float
    x2: float
    y2: float
    of: Named
    title: str


class Text(NamedTuple):
    x: float
    y: float
    text: str
    anchor: str = "middle"
    css: str = ""


@dataclass(slots=True)
class Plot:
    height: float = TREND_HEIGHT
    width: float = WIDTH
    grid: list[tuple[float, ...]] = field(default_factory=list)  # (x1, y1, x2, y2) each.
    texts: list[Text] = field(default_factory=list)
    paths: list[tuple[Named, str]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


class Axis:
    """Percent from one end of a plot to the other; it begins and ends at round numbers."""

    def __init__(self, estimates: Sequence[Estimate], start: float, end: float) -> None:
        numbers = [100 * number for estimate in estimates for number in estimate]
        lowest, highest = min(numbers), max(numbers)
        step = next(s for s in STEPS if (highest - lowest) / s <= MOST_TICKS - 2)
        low, high = math.floor(lowest / step) * step, math.ceil(highest / step) * step
        if low == high:  # One number, and a round one.
            low, high = low - step, high + step
        self.low, self.high = max(0, low), min(100, high)
        self.start, self.end = start, end
        self.ticks = range(self.low, self.high + 1, step)

    def at(self, figure: float) -> float:
        share = (100 * figure - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def dots(rows: Sequence[tuple[str, Sequence[tuple[Named, Estimate]]]]) -> Plot:
    """A row for each figure or language, with the estimates of the encoders below each other."""
    left = max(LEFT, CHARACTER * max(len(label) for label, _ in rows) + PADDING)
    axis = Axis([each for _, row in rows for _, each in row], left, WIDTH - RIGHT)
    (apart, padding), plot, top = DENSE if len(rows) >= DENSE_FROM else SPACED, Plot(), float(TOP)
    for label, row in rows:
        for place, (of, estimate) in enumerate(row):
            y, (x, low, high) = top + padding + apart * place, map(axis.at, estimate)
            title = f"{of.slug}: {label} {text_of(estimate)}"
            plot.marks.append(Mark(x, y, low, y, high, y, of, title))
        bottom = top + 2 * padding + apart * (len(row) - 1)
        plot.texts.append(Text(left - BESIDE, (top + bottom) / 2 + 4, label, "end", "name"))
        plot.grid.append((0, bottom, WIDTH, bottom))
        top = bottom
    plot.height = top + BOTTOM
    for percent in axis.ticks:
        x = axis.at(percent / 100)
        plot.grid.append((x, 0, x, top))
        plot.texts.append(Text(x, plot.height - BELOW, f"{percent}"))
    return plot


def trend(lines: Sequence[tuple[Named, Sequence[tuple[datetime, Estimate]]]]) -> Plot:
    """A line for each encoder, from the first measurement to the last."""
    axis = Axis([each for _, line in lines for _, each in line], TREND_HEIGHT - BOTTOM, TOP)
    times, plot = sorted(time for _, line in lines for time, _ in line), Plot()
    across = time_axis(times[0], times[-1])
    for percent in axis.ticks:
        y = axis.at(percent / 100)
        plot.grid.append((LEFT, y, WIDTH - RIGHT, y))
        plot.texts.append(Text(LEFT - BESIDE, y + 4, f"{percent}", "end"))
    for x, day in days(times, across):
        plot.texts.append(Text(x, plot.height - BELOW, day))
    for of, line in lines:
        marks = [mark_over_time(of, across(time), time, axis, each) for time, each in line]
        plot.paths.append((of, " ".join(f"{mark.x},{mark.y}" for mark in marks)))
        plot.marks += marks
    return plot


def mark_over_time(of: Named, x: float, time: datetime, axis: Axis, estimate: Estimate) -> Mark:
    y, low, high = map(axis.at, estimate)
    return Mark(x, y, x, low, x, high, of, f"{of.slug}, {time:%d %b %Y}: {text_of(estimate)}")


def time_axis(first: datetime, last: datetime) -> Callable[[datetime], float]:
    """The place of a time between the first and the last one; of a lone one, the middle."""
    seconds, start = (last - first).total_seconds(), LEFT + PADDING
    length = WIDTH - LEFT - RIGHT - 2 * PADDING

    def across(time: datetime) -> float:
        share = (time - first).total_seconds() / seconds if seconds else 0.5
        return round(start + share * length, 1)

    return across


def days(times: Sequence[datetime], across: Callable[[datetime], float]) -> list[tuple[float, str]]:
    """Places and dates of measurements, the last one and earlier ones, that do not touch."""
    dates: list[tuple[float, str]] = []
    for time in reversed(times):
        if not dates or dates[-1][0] - across(time) >= (WIDTH - LEFT - RIGHT) / DAYS:
            dates.append((across(time), f"{time:%d %b %Y}"))
    return dates
