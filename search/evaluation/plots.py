"""Plots as plain geometry, for a template to draw as SVG: dots with intervals, lines over time."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH = 560
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 8, 28
CHARACTER = 7.5  # The width of one, on an average.
ROW, PADDING = 18, 14  # From one dot to the next below it; above and below all dots of a band.
DENSE_ROW, DENSE_PADDING = 7, 8  # Where there are many bands.
DENSE_FROM = 8
TREND_HEIGHT = 220
STEPS = (1, 2, 5, 10, 20, 25, 50)
MOST_TICKS = 8
DAYS = 5  # A date below a trend takes this part of its width.
COLOURS = 6  # In admin_evaluations.css.
# A circle, a square, a diamond, a triangle.
SHAPES = (
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
    "M-4.5 -4.5h9v9h-9z",
    "M0 -6l6 6l-6 6l-6 -6z",
    "M0 -5.5l5.5 10h-11z",
)

Estimate = Sequence[float]


@dataclass(frozen=True, slots=True)
class Named:
    """An encoder in a plot: its slug, and the number by which it is marked everywhere."""

    slug: str
    number: int

    @property
    def colour(self) -> int:
        """The number of its colour in the stylesheet."""
        return self.number % COLOURS

    @property
    def shape(self) -> str:
        """Its mark as a path around the origin: whoever does not see colours sees this."""
        return SHAPES[self.number % len(SHAPES)]


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure at (x, y) and its interval from `low` to `high`, along the axis of the figure."""

    x: float
    y: float
    low: float
    high: float
    of: Named
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Band:
    """A figure or a language: its dots, one below the other."""

    label: str
    middle: float
    bottom: float
    dots: list[Dot]


@dataclass(frozen=True, slots=True)
class Dots:
    height: float
    ticks: list[Tick]
    bands: list[Band]
    left: float = LEFT
    width: float = WIDTH

    @property
    def bottom(self) -> float:
        return self.height - BOTTOM


@dataclass(frozen=True, slots=True)
class Series:
    of: Named
    path: str
    dots: list[Dot]


@dataclass(frozen=True, slots=True)
class Trend:
    ticks: list[Tick]
    days: list[Tick]
    series: list[Series]
    left: float = LEFT
    right: float = WIDTH - RIGHT
    width: float = WIDTH
    height: float = TREND_HEIGHT


class Axis:
    """Percent from one end of a plot to the other; it begins and ends at round numbers."""

    def __init__(self, estimates: Iterable[Estimate], start: float, end: float) -> None:
        numbers = [100 * number for estimate in estimates for number in estimate]
        lowest, highest = min(numbers), max(numbers)
        self.step = next(s for s in STEPS if (highest - lowest) / s <= MOST_TICKS - 2)
        self.low = math.floor(lowest / self.step) * self.step
        self.high = math.ceil(highest / self.step) * self.step
        if self.low == self.high:  # One number, and a round one.
            self.low, self.high = (self.low - self.step, self.high + self.step)
        self.low, self.high = max(0, self.low), min(100, self.high)
        self.start, self.end = start, end

    def at(self, figure: float) -> float:
        share = (100 * figure - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[Tick]:
        percents = range(self.low, self.high + 1, self.step)
        return [Tick(self.at(percent / 100), f"{percent}") for percent in percents]


def dots(bands: Sequence[tuple[str, Sequence[tuple[Named, Estimate]]]]) -> Dots:
    """A band for each figure or language, with the estimate of each encoder."""
    left = max(LEFT, CHARACTER * max(len(label) for label, _ in bands) + PADDING)
    axis = Axis((e for _, found in bands for _, e in found), left, WIDTH - RIGHT)
    dense = len(bands) >= DENSE_FROM
    row, padding = (DENSE_ROW, DENSE_PADDING) if dense else (ROW, PADDING)
    made, top = [], float(TOP)
    for label, found in bands:
        bottom = top + 2 * padding + row * (len(found) - 1)
        rows = [
            Dot(
                axis.at(estimate[0]),
                top + padding + row * place,
                axis.at(estimate[1]),
                axis.at(estimate[2]),
                of,
                f"{of.slug}: {label} {in_words(estimate)}",
            )
            for place, (of, estimate) in enumerate(found)
        ]
        made.append(Band(label, (top + bottom) / 2, bottom, rows))
        top = bottom
    return Dots(top + BOTTOM, axis.ticks, made, left)


def trend(lines: Sequence[tuple[Named, Sequence[tuple[datetime, Estimate]]]]) -> Trend:
    """A line for each encoder, from the first measurement to the last."""
    axis = Axis((e for _, line in lines for _, e in line), TREND_HEIGHT - BOTTOM, TOP)
    times = sorted(time for _, line in lines for time, _ in line)
    first, seconds = times[0], (times[-1] - times[0]).total_seconds()

    def across(time: datetime) -> float:
        share = (time - first).total_seconds() / seconds if seconds else 0.5
        return round(LEFT + PADDING + share * (WIDTH - LEFT - RIGHT - 2 * PADDING), 1)

    series = []
    for of, line in lines:
        made = [
            Dot(
                across(time),
                axis.at(estimate[0]),
                axis.at(estimate[1]),
                axis.at(estimate[2]),
                of,
                f"{of.slug}, {time:%d %b %Y}: {in_words(estimate)}",
            )
            for time, estimate in line
        ]
        series.append(Series(of, " ".join(f"{dot.x},{dot.y}" for dot in made), made))
    return Trend(axis.ticks, days(times, across), series)


def days(times: Sequence[datetime], across: Callable[[datetime], float]) -> list[Tick]:
    """Some dates of measurements, the last one and earlier ones, that do not touch."""
    shown: list[Tick] = []
    apart = (WIDTH - LEFT - RIGHT) / DAYS
    for time in reversed(times):
        at = across(time)
        if not shown or shown[-1].at - at >= apart:
            shown.append(Tick(at, f"{time:%d %b %Y}"))
    return shown


def in_words(estimate: Estimate) -> str:
    value, low, high = (f"{100 * number:.1f}" for number in estimate)
    return value if low == high else f"{value} ({low} to {high})"
