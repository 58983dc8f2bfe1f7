"""What comments, docstrings and documents name has to be there."""

import ast
import io
import os
import re
import tokenize
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
MADE = {".git", ".venv", "var", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
README_LINES = 130

PATH = re.compile(
    r"(?<![\w./:-])(?:bench|config|docs|search|templates|tests|workers)/[\w./*-]*[\w*]"
)
MODULE = re.compile(
    r"(?<![\w./:-])(?:bench|config|search|tests|workers)(?:\.(?!(?:json|html|png|[A-Z]+)\b)\w+)+"
)
# The plans of the project lie outside of it.
PLAN = re.compile(r"\b(?:design|anchors|look|charter)\.md\b")
COMMENTS = {
    ".css": re.compile(r"/\*.*?\*/", re.DOTALL),
    ".html": re.compile(r"\{#.*?#\}|\{% comment .*?endcomment %\}|<!--.*?-->", re.DOTALL),
    ".jinja": re.compile(r"\{#.*?#\}", re.DOTALL),
    ".js": re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL),
    ".yml": re.compile(r"#[^\n]*"),
}
LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SAMPLE = re.compile(r"```.*?```", re.DOTALL)


def test_what_is_cited_exists() -> None:
    assert wanting(missing_paths) == {}
    assert wanting(missing_modules) == {}
    assert wanting(PLAN.findall) == {}


def test_links_of_documents_lead_somewhere() -> None:
    assert {name: links for name in named(".md") if (links := dead_links(name))} == {}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES


def test_a_citation_of_what_is_gone_is_noticed() -> None:
    gone = ["search/nowhere.py", "docs/nothing.md", "tests/*/test_gone.py"]
    modules = ["search.query.nowhere", "search.query.query.Nothing", "workers.nowhere"]

    assert missing_paths(f"See {', '.join(gone)}.") == gone
    assert missing_modules(f"See {', '.join(modules)}.") == modules
    assert PLAN.findall("(design.md, section 7)") == ["design.md"]


def test_a_citation_of_what_is_there_is_let_pass() -> None:
    there = "search/query/filters.py, bench/, workers/*/load.py, workers/encoders/FAMILY.py"
    modules = "search.models.Asset, search.query.query.Query, bench.recall, config.json"

    assert missing_paths(there) == []
    assert missing_modules(modules) == []


@cache
def tracked() -> frozenset[str]:
    """Every file of the repository, and every folder, by its path from the root."""
    paths = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in MADE]
        here = Path(folder).relative_to(ROOT)
        paths += [str(here / name) for name in (*folders, *files)]
    return frozenset(paths)


def named(*suffixes: str) -> list[str]:
    return sorted(name for name in tracked() if name.endswith(suffixes))


def wanting(missing: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """By file, what its comments, its docstrings or, of a document, its text cite in vain."""
    suffixes = (".py", ".md", *COMMENTS)
    return {name: paths for name in named(*suffixes) if (paths := missing(prose(name)))}


@cache
def prose(name: str) -> str:
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.endswith(".py"):
        return "\n".join([*comments(text), *docstrings(text)])
    if pattern := COMMENTS.get(PurePosixPath(name).suffix):
        return "\n".join(pattern.findall(text))
    return text


def comments(source: str) -> Iterator[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)


def docstrings(source: str) -> Iterator[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented):
            yield ast.get_docstring(node) or ""


def missing_paths(text: str) -> list[str]:
    return [path for path in PATH.findall(text) if not path_exists(path)]


def path_exists(path: str) -> bool:
    # FAMILY, as in workers/encoders/FAMILY.py, stands for any name.
    pattern = re.sub(r"(?<![A-Za-z])[A-Z]{3,}(?![A-Za-z])", "*", path)
    return path in tracked() or ("*" in pattern and any(fnmatch(n, pattern) for n in tracked()))


def missing_modules(text: str) -> list[str]:
    return [name for name in MODULE.findall(text) if not module_exists(name)]


def module_exists(name: str) -> bool:
    """Whether it is a module, or a name that stands in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = "/".join(parts[:length])
        source = next((p for p in (f"{path}.py", f"{path}/__init__.py") if p in tracked()), "")
        if source or path in tracked():
            return length == len(parts) or (bool(source) and stands_in(source, parts[length]))
    return False


def stands_in(source: str, word: str) -> bool:
    return bool(re.search(rf"\b{word}\b", (ROOT / source).read_text(encoding="utf-8")))


def dead_links(name: str) -> list[str]:
    text, folder = SAMPLE.sub("", (ROOT / name).read_text()), (ROOT / name).parent
    links = [(folder / path if path else ROOT / name, at) for path, at in LINK.findall(text)]
    return [f"{file}#{at}" for file, at in links if not leads(file, at)]


def leads(file: Path, anchor: str) -> bool:
    return file.exists() and (not anchor or anchor in anchors(file))


def anchors(file: Path) -> set[str]:
    """The ids that the headings of a document get on its page."""
    headings = HEADING.findall(SAMPLE.sub("", file.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}
