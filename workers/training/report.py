"""The lines of JSON in which `manage.py train` tells a program how it goes, and their reader.

Without torch: the worker that starts the command reads them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from search.refusals import Refusal

if TYPE_CHECKING:
    from workers.training.evaluation import Figures

_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is after a step; `loss` is that of the step alone."""

    step: int
    steps: int
    loss: float
    pictures_per_second: float
    seconds_left: float


# Key of the share that has been measured of a run, which is in its own phase then.
MEASURED = "measured"
# Keys of the lines of progress.
PROGRESS = (*(field.name for field in fields(Progress)), MEASURED)


def progress_line(progress: Progress) -> str:
    """A run after a step, which is not being measured."""
    rounded = {name: round(value, _DECIMALS) for name, value in asdict(progress).items()}
    return json.dumps(rounded | {MEASURED: None})


def measuring_line(share: float) -> str:
    """A run of which this share, from 0 to 1, has been measured."""
    return json.dumps({MEASURED: round(share, _DECIMALS)})


def result_line(checkpoint: str, figures: "Mapping[str, Figures]") -> str:
    """A checkpoint with its figures by when they were measured; those of "" stand by themselves."""
    columns = {when: as_json(each) for when, each in figures.items()}
    return json.dumps({"checkpoint": checkpoint, **columns.pop("", {}), **columns})


def refusal_line(refusal: Refusal) -> str:
    """Why a run ended without a result."""
    return json.dumps(refusal.as_json())


def as_json(figures: "Figures") -> dict[str, dict[str, dict[str, float]]]:
    """The figures for json.dumps()."""
    return {
        name: {measure: asdict(figure) for measure, figure in measures.items()}
        for name, measures in figures.items()
    }


def parse_line(line: bytes) -> dict[str, Any]:
    """The object in a line; empty for any other output."""
    try:
        # Neither JSON nor PostgreSQL knows NaN.
        answer = json.loads(line, parse_constant=lambda name: None)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
