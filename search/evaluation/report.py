"""The output of `evaluate`: tables for a person, or JSON."""

import json
from collections.abc import Iterator
from typing import Any

from search.evaluation.chance import CONFIDENCE, Estimate, text_of
from search.evaluation.dataset import COST
from search.evaluation.published import FIGURE, SOURCE, published
from search.evaluation.run import Result, Run
from search.models import Encoder

Row = list[str]


def as_json(run: Run) -> str:
    return json.dumps(
        {
            "run": str(run.id),
            "encoders": {slug: encoder_json(row) for slug, row in run.encoders.items()},
            "results": [result_json(run, result) for result in run.results],
        },
        indent=2,
    )


def encoder_json(row: Encoder) -> dict[str, Any]:
    columns = ("checkpoint", "revision", "family", "dimensions", "patches", "state")
    return {column: getattr(row, column) for column in columns}


def result_json(run: Run, result: Result) -> dict[str, Any]:
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
            for slug, percent in published_of(run, result).items()
        },
    }


def published_of(run: Run, result: Result) -> dict[str, float]:
    """By the encoders' slugs, what the paper has for them in this task, in percent."""
    if result.language:
        return {}
    figures = {
        slug: published(row.checkpoint, result.dataset, result.task)
        for slug, row in run.encoders.items()
    }
    return {slug: percent for slug, percent in figures.items() if percent is not None}


def as_text(run: Run) -> str:
    parts = [f"Each figure with its {CONFIDENCE:.0%} interval; all but the cost in percent."]
    for result in run.results:
        if not result.language:
            parts.append("\n".join([*lines(run, result), *by_language(run, result)]))
    return "\n\n".join(parts)


def lines(run: Run, result: Result) -> Iterator[str]:
    yield f"{result.dataset}: {result.task}, {result.queries:,} queries"
    names = list(next(iter(result.figures.values())))
    rows = [["", *names]]
    rows += [
        [slug, *(text_in(result.task, figures[name]) for name in names)]
        for slug, figures in result.figures.items()
    ]
    rows += [
        [f"p, {one} : {two}", *(f"{p_values[name]:.4f}" for name in names)]
        for (one, two), p_values in result.differences.items()
    ]
    yield from align(rows)
    for slug, percent in published_of(run, result).items():
        measured = 100 * result.figures[slug][FIGURE][0]
        yield f"{slug}: {FIGURE} {measured:.1f} measured, {percent} published ({SOURCE})"


def by_language(run: Run, whole: Result) -> Iterator[str]:
    """One figure of each encoder in each language; the rest stands in the JSON and the admin."""
    rows = [
        [result.language, *(text_in(result.task, f[FIGURE]) for f in result.figures.values())]
        for result in run.results
        if result.language and (result.dataset, result.task) == (whole.dataset, whole.task)
    ]
    if rows:
        yield from align([[FIGURE, *whole.figures], *rows])


def text_in(task: str, estimate: Estimate) -> str:
    return text_of(estimate, scale=1 if task == COST else 100)


def align(rows: list[Row]) -> Iterator[str]:
    """The rows as lines, the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *cells])
