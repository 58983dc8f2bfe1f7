"""The benchmarks that there are, by what their files say of themselves."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from bench.support import FOLDER, RESULTS, git

# A line of a docstring that starts a benchmark, and the sentence that says how long it takes.
COMMAND = re.compile(r"^    (\.venv/bin/python -m bench\.\w+.*)$", re.MULTILINE)
MINUTES = re.compile(r"\bTakes\s+(\d+)\s+minutes?\b")
MEASURED = re.compile(r"^Measured on (\S+) at (.+)\.$", re.MULTILINE)


class Benchmark(NamedTuple):
    """A program of this folder: what it asks, how it is started, and how long it takes."""

    name: str
    question: str
    command: str
    minutes: int

    @property
    def results(self) -> Path:
        return RESULTS / f"{self.name}.md"

    @property
    def measured(self) -> tuple[str, str] | None:
        """The date and the commit of the last results, if there are any.

        Older pages do not say: of those, when they were committed.
        """
        if not self.results.exists():
            return None
        if line := MEASURED.search(self.results.read_text()):
            return line[1], line[2]
        committed = git("log", "-1", "--format=%as %h", "--", str(self.results)).split()
        return (committed[0], committed[1]) if committed else None


def benchmarks() -> list[Benchmark]:
    """By name: each file whose docstring has a command."""
    files = sorted(FOLDER.glob("[!_]*.py"))
    return [one for file in files if (one := benchmark(file.stem, file.read_text()))]


def benchmark(name: str, source: str) -> Benchmark | None:
    """Not by an import, which may take seconds. Raises ValueError where something is not said."""
    doc = ast.get_docstring(ast.parse(source), clean=False) or ""
    command, minutes, question = COMMAND.search(doc), MINUTES.search(doc), doc.partition("\n")[0]
    if not command:
        return None
    if not minutes or not question.endswith("?"):
        raise ValueError(f"bench/{name}.py says no question, or not how many minutes it takes.")
    return Benchmark(name, question, command[1], int(minutes[1]))


def entry(one: Benchmark) -> str:
    """What the list says of a benchmark."""
    last = "no results yet"
    if one.measured:
        last = "results of {} at {}".format(*one.measured)
    return f"{one.name}\n    {one.question}\n    {one.command}\n    {one.minutes} min, {last}\n"
