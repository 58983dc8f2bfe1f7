"""The stored evaluations of a dataset as tables, with encoders side by side, and their plots."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import combinations, groupby
from typing import NamedTuple

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
from search.evaluation.plots import Named, Plot, dots, trend
from search.evaluation.published import published
from search.models import Encoder, Evaluation

# Tasks in their order on the page; others come last.
TASKS = [WORDS_TO_PICTURES, PICTURES_TO_WORDS, PICTURES_TO_PICTURES, ZERO_SHOT, INDEX, RECALL]
# Figures in their order in a table; the database stores them in an order of its own.
FIGURES = ["R@1", "R@5", "R@10", "mAP", "MRR", "nDCG@10", "top-1", "top-5"]
FIGURES += ["recall@10 of words", "recall@10 of pictures"]
FIGURES += [name for kind in KINDS for share in SHARES for name in Searches(kind, share).names]
FIGURES += ["text ms, median", "text ms, p95", "picture ms, median", "picture ms, p95"]
# Minimum p-value of a difference that may well be chance.
UNSURE = 0.05

Marks = dict[int, Named]  # By the ids of encoders.


class Cell(NamedTuple):
    """A figure as a person reads it; of a pair of encoders, a p-value."""

    text: str = ""
    interval: str = ""
    unsure: bool = False


class Line(NamedTuple):
    """The figures of one encoder."""

    of: Named
    cells: list[Cell]
    queries: str
    created: datetime
    published: float | None


class Pair(NamedTuple):
    """Whether two encoders that were measured together differ, by figure."""

    one: Named
    two: Named
    cells: list[Cell]


class Table(NamedTuple):
    task: str
    language: str
    names: list[str]
    lines: list[Line]
    pairs: list[Pair]


class Section(NamedTuple):
    """A task: its table, its plots, and the same for each language."""

    table: Table
    main: str  # The figure of the trend and of the languages.
    dots: Plot | None
    trend: Plot | None
    by_language: Plot | None
    languages: list[Table]


def datasets() -> list[str]:
    """The datasets there are, the one measured last first."""
    last = Evaluation.objects.order_by().values("dataset").annotate(last=Max("created"))
    return list(last.order_by("-last", "dataset").values_list("dataset", flat=True))


def sections(dataset: str) -> list[Section]:
    """The tasks of a dataset, as they were measured last of each encoder."""
    evaluations = Evaluation.objects.filter(dataset=dataset).select_related("encoder")
    by_task: dict[str, dict[str, list[Evaluation]]] = defaultdict(lambda: defaultdict(list))
    for row in evaluations.latest_of_each():
        by_task[row.task][row.language].append(row)
    history = evaluations.filter(language="").order_by("encoder", "created")
    marks = marks_of_encoders()
    return [
        section(by_task[task], [row for row in history if row.task == task], marks)
        for task in in_order(by_task, TASKS)
    ]


def in_order(names: Iterable[str], order: list[str]) -> list[str]:
    return sorted(names, key=lambda name: ([*order, name].index(name), name))


def marks_of_encoders() -> Marks:
    """By the id of each measured encoder, how it is marked everywhere."""
    rows = Encoder.objects.filter(evaluations__isnull=False).distinct().order_by("pk")
    return {row.pk: Named(row.slug, number) for number, row in enumerate(rows)}


def section(
    by_language: dict[str, list[Evaluation]], history: Sequence[Evaluation], marks: Marks
) -> Section:
    rows, languages = by_language[""], sorted(filter(None, by_language))
    tables = [table(by_language[language], marks) for language in ("", *languages)]
    names, main = tables[0].names, tables[0].names[0]
    of_languages = [(each, estimates(by_language[each], main, marks)) for each in languages]
    plots: tuple[Plot | None, Plot | None] = (None, None)
    if rows[0].task != COST:
        all_figures = [(name, estimates(rows, name, marks)) for name in names]
        plots = dots(all_figures), over_time(history, main, marks)
    by_language_plot = dots(of_languages) if languages else None
    return Section(tables[0], main, *plots, by_language_plot, tables[1:])


def estimates(
    rows: Sequence[Evaluation], name: str, marks: Marks
) -> list[tuple[Named, list[float]]]:
    return [(marks[row.encoder_id], row.figures[name]) for row in rows if name in row.figures]


def over_time(history: Sequence[Evaluation], name: str, marks: Marks) -> Plot | None:
    """The figure from run to run, where an encoder was measured more than once."""
    lines = [
        (marks[pk], [(row.created, row.figures[name]) for row in rows if name in row.figures])
        for pk, rows in groupby(history, key=lambda row: row.encoder_id)
    ]
    return trend(lines) if any(len(line) > 1 for _, line in lines) else None


def table(rows: Sequence[Evaluation], marks: Marks) -> Table:
    names = in_order(rows[0].figures, FIGURES)
    lines = [line(row, names, marks) for row in rows]
    pairs = [
        Pair(marks[one.encoder_id], marks[two.encoder_id], p_values(one, two, names))
        for one, two in combinations(rows, 2)
        if one.run == two.run and two.encoder.slug in one.differences
    ]
    return Table(rows[0].task, rows[0].language, names, lines, pairs)


def line(row: Evaluation, names: Sequence[str], marks: Marks) -> Line:
    paper = published(row.encoder.checkpoint, row.dataset, row.task)
    cells = [figure(row, name) for name in names]
    queries = f"{row.queries:,}"
    return Line(marks[row.encoder_id], cells, queries, row.created, None if row.language else paper)


def figure(row: Evaluation, name: str) -> Cell:
    if name not in row.figures:
        return Cell()
    scale, digits = (1, 0 if "bytes" in name else 1) if row.task == COST else (100, 1)
    value, low, high = (f"{scale * number:,.{digits}f}" for number in row.figures[name])
    return Cell(value, "" if low == high else f"{low} to {high}")


def p_values(one: Evaluation, two: Evaluation, names: Sequence[str]) -> list[Cell]:
    numbers = one.differences[two.encoder.slug]
    return [p_value(numbers[name]) if name in numbers else Cell() for name in names]


def p_value(number: float) -> Cell:
    return Cell("< 0.001" if number < 0.001 else f"{number:.3f}", unsure=number >= UNSURE)
