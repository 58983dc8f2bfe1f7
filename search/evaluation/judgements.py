"""Judgements in a file: CSV with the columns query, asset and grade, or JSON lines with the same.

An asset is named by its id or its file name. Where a hit is judged several times, its grade is
their mean, rounded.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from search.evaluation.dataset import Dataset, NoDataset
from search.evaluation.library import agreed, graded
from search.models import Asset

COLUMNS = ("query", "asset", "grade")
# pytrec_eval holds a gain for each grade up to the highest one.
HIGHEST_GRADE = 100
COMPLAINTS = 10  # So many bad lines are told at once.

Line = tuple[int, Any, Any, Any]  # Its number, and what it says in each column.


class BadLine(Exception):
    """What is wrong with a line, in words that end a sentence."""


def read(path: Path, assets: Sequence[UUID]) -> Dataset:
    """The set in this file, on these assets. Raises NoDataset."""
    grades: dict[str, dict[UUID, list[int]]] = defaultdict(lambda: defaultdict(list))
    complaints, known = [], Names()
    for number, query, asset, grade in lines(path):
        try:
            grades[a_query(query)][known.asset(asset)].append(a_grade(grade))
        except BadLine as bad:
            complaints.append(f"{path.name}, line {number}: {bad}.")
    refuse(path, complaints)
    by_words = {
        query: {asset: agreed(given) for asset, given in hits.items()}
        for query, hits in grades.items()
    }
    if not by_words:
        raise NoDataset(f"{path.name} holds no judgements.")
    return graded(f"judgements in {path.name}", assets, by_words)


def refuse(path: Path, complaints: list[str]) -> None:
    if complaints:
        more = len(complaints) - COMPLAINTS
        rest = [f"And {more} more lines of {path.name}."] if more > 0 else []
        raise NoDataset("\n".join([*complaints[:COMPLAINTS], *rest]))


def lines(path: Path) -> Iterator[Line]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise NoDataset(f"{path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise NoDataset(f"{path.name} is no text in UTF-8.") from None
    return of_json(path, text) if path.suffix in (".jsonl", ".ndjson") else of_csv(path, text)


def of_csv(path: Path, text: str) -> Iterator[Line]:
    reader = csv.DictReader(text.splitlines())
    if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
        raise NoDataset(
            f"{path.name} has no column {missing[0]}: its first line must name the columns"
            " query, asset and grade."
        )
    for row in reader:
        yield reader.line_num, row["query"], row["asset"], row["grade"]


def of_json(path: Path, text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise NoDataset(f"{path.name}, line {number}: this is no JSON object.")
        yield number, said.get("query"), said.get("asset"), said.get("grade")


def a_query(value: Any) -> str:
    query = value.strip() if isinstance(value, str) else ""
    if not query:
        raise BadLine("there is no query")
    return query


def a_grade(value: Any) -> int:
    text = str(value).strip()
    if not (text.isdecimal() and int(text) <= HIGHEST_GRADE):
        raise BadLine(f"a grade is a whole number from 0 to {HIGHEST_GRADE}, not {text!r}")
    return int(text)


class Names:
    """The assets by their ids and file names."""

    def __init__(self) -> None:
        self.by_name: dict[str, list[UUID]] = defaultdict(list)
        for pk, filename in Asset.objects.values_list("pk", "filename"):
            self.by_name[str(pk)].append(pk)
            self.by_name[filename].append(pk)

    def asset(self, value: Any) -> UUID:
        name = str(value if value is not None else "").strip()
        found = self.by_name.get(name) or self.by_name.get(name.lower(), [])
        if not found:
            raise BadLine(f"the library has no asset {name!r}" if name else "there is no asset")
        if len(found) > 1:
            raise BadLine(f"{len(found)} assets are called {name!r}: name one by its id")
        return found[0]
