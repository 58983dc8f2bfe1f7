"""What benchmarks share: a library of their own, processes of their own, times, tables, results."""

import io
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

FOLDER = Path(__file__).parent
# The smoke test has its own, so that a small run replaces no results.
RESULTS = Path(os.environ.get("BENCH_RESULTS", FOLDER / "results"))
Returned = TypeVar("Returned")


def parser_of(doc: str | None) -> ArgumentParser:
    """A parser whose help begins with the first line of a module's docstring."""
    return ArgumentParser(description=(doc or "").splitlines()[0])


@contextmanager
def library(folder: Path | None = None) -> Iterator[None]:
    """Django on an embedded PostgreSQL, whatever the environment names, before it reads its
    settings: what the folder holds, or else empty tables in one that is removed in the end.
    """
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as name:
        var = (folder or Path(name)).resolve()
        for variable in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(variable, None)
        os.environ |= {"VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"}
        embedded = import_module("config.embedded")
        embedded.start_database(var)
        try:
            import_module("django").setup()
            import_module("django.core.management").call_command("migrate", verbosity=0)
            yield
        finally:
            import_module("django.db").connection.close()
            embedded.stop_database(var)


def run(*statements: str) -> None:
    """Execute SQL statements."""
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def apart(module: str, *arguments: object, env: Mapping[str, str] | None = None) -> str:
    """What `python -m module arguments` prints, in a process of its own."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = os.environ | (env or {})
    return subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def timed(work: Callable[[], Returned]) -> tuple[float, Returned]:
    """Seconds, and what the work returned."""
    started = time.perf_counter()
    returned = work()
    return time.perf_counter() - started, returned


def median_seconds(work: Callable[[], Any], times: int) -> float:
    return median(timed(work)[0] for _ in range(times))


def say(what: str) -> None:
    """A line of progress, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def table(rows: Sequence[Sequence[str]], rule: str = "---") -> str:
    """The rows as a Markdown table, the first one as its head."""
    rules = ["---", *[rule] * (len(rows[0]) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [rows[0], rules, *rows[1:]])


def report(name: str, page: str) -> None:
    """Print a page of results, and write it to bench/results/ with its date and commit."""
    page = f"{page.rstrip()}\n\nMeasured on {time.strftime('%Y-%m-%d')} at {commit()}.\n"
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(page)


@contextmanager
def record(name: str) -> Iterator[None]:
    """Write what is printed in the block to bench/results/, once it has ended well."""
    printed = Copy()
    with redirect_stdout(printed):
        yield
    report(name, f"```\n{printed.getvalue()}```")


class Copy(io.StringIO):
    """Keeps what goes on to the standard error output, where progress is shown."""

    def write(self, text: str) -> int:
        sys.stderr.write(text)
        return super().write(text)


def commit() -> str:
    """The commit of the code that runs, "-dirty" where it was changed since."""
    return git("describe", "--always", "--dirty", "--exclude=*") or "no commit"


def git(*arguments: str) -> str:
    """What git prints; nothing where there is no repository."""
    try:
        command = ["git", "-C", str(FOLDER), *arguments]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""
