"""The stored evaluations of a dataset as tables, with encoders side by side, and their plots."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, groupby

from django.db.models import Max

from search.evaluation.dataset import (
    COST,
    INDEX,
    PICTURES_TO_PICTURES,
    PICTURES_TO_WORDS,
    WORDS_TO_PICTURES,
    ZERO_SHOT,
)
from search.evaluation.index import KINDS, RECALL, SHARES, Searches
from search.evaluation.plots import Dots, Named, Trend, dots, trend
from search.evaluation.published import published
from search.models import Encoder, Evaluation

# Most telling first; what is not named comes last.
ORDER = [WORDS_TO_PICTURES, PICTURES_TO_WORDS, PICTURES_TO_PICTURES, ZERO_SHOT, INDEX, RECALL]
# The database keeps the names of figures in an order of its own.
NAMES = ["R@1", "R@5", "R@10", "mAP", "MRR", "nDCG@10", "top-1", "top-5"]
NAMES += ["recall@10 of words", "recall@10 of pictures"]
NAMES += [name for kind in KINDS for share in SHARES for name in Searches(kind, share).names]
NAMES += ["text ms, median", "text ms, p95", "picture ms, median", "picture ms, p95"]
UNSURE = 0.05  # From this p-value on, a difference may well be chance.


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure as a person reads it; of a pair of encoders, a p-value."""

    text: str
    interval: str = ""
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What one encoder did."""

    of: Named
    cells: list[Cell]
    queries: str
    created: datetime
    published: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Whether two encoders that were measured together differ, by figure."""

    one: Named
    two: Named
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    task: str
    language: str
    names: list[str]
    lines: list[Line]
    pairs: list[Pair]


@dataclass(frozen=True, slots=True)
class Section:
    """A task: its table, its plots, and the same for each language."""

    table: Table
    dots: Dots | None
    main: str  # The figure of the trend and of the languages.
    trend: Trend | None
    by_language: Dots | None
    languages: list[Table]


def datasets() -> list[str]:
    """The datasets there are, the one measured last first."""
    last = Evaluation.objects.order_by().values("dataset").annotate(last=Max("created"))
    return list(last.order_by("-last", "dataset").values_list("dataset", flat=True))


def sections(dataset: str) -> list[Section]:
    """The tasks of a dataset, as they were measured last of each encoder."""
    named = marks()
    measured = Evaluation.objects.filter(dataset=dataset).select_related("encoder")
    by_task: dict[str, dict[str, list[Evaluation]]] = defaultdict(lambda: defaultdict(list))
    for row in measured.latest_of_each():
        by_task[row.task][row.language].append(row)
    tasks = in_order(by_task, ORDER)
    history = measured.filter(language="").order_by("created")
    return [
        section(by_task[task], [row for row in history if row.task == task], named)
        for task in tasks
    ]


def in_order(names: Iterable[str], known: list[str]) -> list[str]:
    return sorted(names, key=lambda name: ([*known, name].index(name), name))


def names_of(row: Evaluation) -> list[str]:
    return in_order(row.figures, NAMES)


def marks() -> dict[int, Named]:
    """By the id of each measured encoder, how it is shown everywhere."""
    rows = Encoder.objects.filter(evaluations__isnull=False).distinct().order_by("pk")
    return {row.pk: Named(row.slug, number) for number, row in enumerate(rows)}


def section(
    by_language: dict[str, list[Evaluation]], history: Sequence[Evaluation], named: dict[int, Named]
) -> Section:
    rows = by_language[""]
    languages = sorted(language for language in by_language if language)
    names = names_of(rows[0])
    plotted = rows[0].task != COST
    return Section(
        table(rows, named),
        dots([(name, estimates(rows, name, named)) for name in names]) if plotted else None,
        names[0],
        over_time(history, names[0], named) if plotted else None,
        dots([(one, estimates(by_language[one], names[0], named)) for one in languages])
        if languages
        else None,
        [table(by_language[language], named) for language in languages],
    )


def estimates(
    rows: Sequence[Evaluation], name: str, named: dict[int, Named]
) -> list[tuple[Named, list[float]]]:
    return [(named[row.encoder_id], row.figures[name]) for row in rows if name in row.figures]


def over_time(history: Sequence[Evaluation], name: str, named: dict[int, Named]) -> Trend | None:
    """The figure's way from run to run, where an encoder was measured more than once."""
    by_encoder = sorted(history, key=lambda row: row.encoder_id)
    lines = [
        (named[pk], [(row.created, row.figures[name]) for row in rows if name in row.figures])
        for pk, rows in groupby(by_encoder, key=lambda row: row.encoder_id)
    ]
    return trend(lines) if any(len(line) > 1 for _, line in lines) else None


def table(rows: Sequence[Evaluation], named: dict[int, Named]) -> Table:
    first = rows[0]
    names = names_of(first)
    return Table(
        first.task,
        first.language,
        names,
        [line(row, names, named) for row in rows],
        [
            pair(one, two, names, named)
            for one, two in combinations(rows, 2)
            if one.run == two.run and two.encoder.slug in one.differences
        ],
    )


def line(row: Evaluation, names: Sequence[str], named: dict[int, Named]) -> Line:
    return Line(
        named[row.encoder_id],
        [figure(row, name) for name in names],
        f"{row.queries:,}",
        row.created,
        None if row.language else published(row.encoder.checkpoint, row.dataset, row.task),
    )


def figure(row: Evaluation, name: str) -> Cell:
    if name not in row.figures:
        return Cell("")
    scale, digits = (1, 0 if "bytes" in name else 1) if row.task == COST else (100, 1)
    value, low, high = (f"{scale * number:,.{digits}f}" for number in row.figures[name])
    return Cell(value, "" if low == high else f"{low} to {high}")


def pair(one: Evaluation, two: Evaluation, names: Sequence[str], named: dict[int, Named]) -> Pair:
    p_values = one.differences[two.encoder.slug]
    return Pair(
        named[one.encoder_id],
        named[two.encoder_id],
        [p_value(p_values.get(name)) for name in names],
    )


def p_value(found: float | None) -> Cell:
    if found is None:
        return Cell("")
    return Cell("< 0.001" if found < 0.001 else f"{found:.3f}", unsure=found >= UNSURE)
