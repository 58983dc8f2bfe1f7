"""A run in print: as tables for a person, or as JSON."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from search.evaluation.chance import CONFIDENCE
from search.evaluation.dataset import COST
from search.evaluation.published import FIGURE, SOURCE, published
from search.evaluation.run import Result, Run
from search.models import Encoder

Row = list[str]


def as_json(run: Run) -> str:
    return json.dumps(
        {
            "run": str(run.id),
            "encoders": {slug: described(row) for slug, row in run.encoders.items()},
            "results": [told(run, result) for result in run.results],
        },
        indent=2,
    )


def described(row: Encoder) -> dict[str, Any]:
    columns = ("checkpoint", "revision", "family", "dimensions", "patches", "state")
    return {column: getattr(row, column) for column in columns}


def told(run: Run, result: Result) -> dict[str, Any]:
    """Figures as fractions, each with the ends of its interval; the published one beside them."""
    return {
        "dataset": result.dataset,
        "task": result.task,
        "language": result.language,
        "queries": result.queries,
        "figures": result.figures,
        "differences": [
            {"encoders": list(pair), "p": p_values} for pair, p_values in result.differences.items()
        ],
        "published": {
            slug: {FIGURE: percent / 100, "source": SOURCE}
            for slug, percent in of_paper(run, result).items()
        },
    }


def of_paper(run: Run, result: Result) -> dict[str, float]:
    """By the encoders' slugs, what the paper has for them in this task, in percent."""
    if result.language:
        return {}
    found = {
        slug: published(row.checkpoint, result.dataset, result.task)
        for slug, row in run.encoders.items()
    }
    return {slug: percent for slug, percent in found.items() if percent is not None}


def as_text(run: Run) -> str:
    of_one = f"Each figure with its {CONFIDENCE:.0%} interval; all but the cost in percent."
    parts = [of_one]
    for result in run.results:
        if not result.language:
            parts.append("\n".join([*lines(run, result), *by_language(run, result)]))
    return "\n\n".join(parts)


def lines(run: Run, result: Result) -> Iterator[str]:
    yield f"{result.dataset}: {result.task}, {result.queries:,} queries"
    names = list(next(iter(result.figures.values())))
    rows = [["", *names]]
    rows += [
        [slug, *(shown(result.task, figures[name]) for name in names)]
        for slug, figures in result.figures.items()
    ]
    rows += [
        [f"p, {one} : {two}", *(f"{p_values[name]:.4f}" for name in names)]
        for (one, two), p_values in result.differences.items()
    ]
    yield from aligned(rows)
    for slug, percent in of_paper(run, result).items():
        measured = 100 * result.figures[slug][FIGURE][0]
        yield f"{slug}: {FIGURE} {measured:.1f} measured, {percent} published ({SOURCE})"


def by_language(run: Run, whole: Result) -> Iterator[str]:
    """One figure of each encoder in each language; the rest stands in the JSON and the admin."""
    rows = [
        [result.language, *(shown(result.task, f[FIGURE]) for f in result.figures.values())]
        for result in run.results
        if result.language and (result.dataset, result.task) == (whole.dataset, whole.task)
    ]
    if rows:
        yield from aligned([[FIGURE, *whole.figures], *rows])


def shown(task: str, estimate: Sequence[float]) -> str:
    scale = 1 if task == COST else 100
    value, low, high = (f"{scale * number:.1f}" for number in estimate)
    return value if low == high else f"{value} ({low} to {high})"


def aligned(rows: list[Row]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *cells])
