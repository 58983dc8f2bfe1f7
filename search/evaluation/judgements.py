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
from search.evaluation.library import graded, mean_grade
from search.models import Asset
from search.refusals import Refusal

COLUMNS = ("query", "asset", "grade")
HIGHEST_GRADE = 100
# Maximum bad lines in one refusal.
COMPLAINTS = 10

Line = tuple[int, Any, Any, Any]  # Its number, and its value in each column.


class BadLine(Refusal):
    """What is wrong with a line, in words that end a sentence."""


def read(path: Path, assets: Sequence[UUID]) -> Dataset:
    """The set in this file, on these assets. Raises NoDataset."""
    grades: dict[str, dict[UUID, list[int]]] = defaultdict(lambda: defaultdict(list))
    complaints, names = [], Names()
    for number, query, asset, grade in lines(path):
        try:
            grades[parse_query(query)][names.asset(asset)].append(parse_grade(grade))
        except BadLine as bad:
            complaints.append(f"{path.name}, line {number}: {bad}.")
    refuse(path, complaints)
    by_words = {
        query: {asset: mean_grade(several) for asset, several in hits.items()}
        for query, hits in grades.items()
    }
    if not by_words:
        raise NoDataset("no_judgements", name=path.name)
    return graded(f"judgements in {path.name}", assets, by_words)


def refuse(path: Path, complaints: list[str]) -> None:
    if complaints:
        more = len(complaints) - COMPLAINTS
        rest = [f"And {more} more lines of {path.name}."] if more > 0 else []
        raise NoDataset("bad_lines", lines="\n".join([*complaints[:COMPLAINTS], *rest]))


def lines(path: Path) -> Iterator[Line]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise NoDataset("file_unreadable", name=str(path), reason=error.strerror) from None
    except UnicodeDecodeError:
        raise NoDataset("file_not_utf8", name=path.name) from None
    return of_json(path, text) if path.suffix in (".jsonl", ".ndjson") else of_csv(path, text)


def of_csv(path: Path, text: str) -> Iterator[Line]:
    reader = csv.DictReader(text.splitlines())
    if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
        raise NoDataset("column_missing", name=path.name, column=missing[0])
    for row in reader:
        yield reader.line_num, row["query"], row["asset"], row["grade"]


def of_json(path: Path, text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            columns = json.loads(line)
        except ValueError:
            columns = None
        if not isinstance(columns, dict):
            raise NoDataset("line_is_no_object", name=path.name, line=number)
        yield number, columns.get("query"), columns.get("asset"), columns.get("grade")


def parse_query(value: Any) -> str:
    query = value.strip() if isinstance(value, str) else ""
    if not query:
        raise BadLine("line_without_query")
    return query


def parse_grade(value: Any) -> int:
    text = str(value).strip()
    if not (text.isdecimal() and int(text) <= HIGHEST_GRADE):
        raise BadLine("grade_out_of_range", highest=HIGHEST_GRADE, text=text)
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
        assets = self.by_name.get(name) or self.by_name.get(name.lower(), [])
        if not assets:
            raise BadLine("line_with_unknown_asset" if name else "line_without_asset", name=name)
        if len(assets) > 1:
            raise BadLine("line_with_ambiguous_asset", count=len(assets), name=name)
        return assets[0]
