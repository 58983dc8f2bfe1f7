"""Who imports whom: arrows point down (edges, work, models, leaves)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_web_process_never_pays_for_torch_or_scipy():
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings';"
        "django.setup(); import config.urls, config.wsgi, workers.signals, workers.look_around;"
        "print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "scipy"} & set(ran.stdout.split())


def imported_by(path: Path) -> set[str]:
    """The modules that a file names in its imports, wherever in the file they stand."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


EDGES = ("search.urls", "search.views", "search.admin", "search.forms", "search.management")
WORK = (
    "search.library.ingest",
    "search.query",
    "search.library.fsck",
    "workers.tasks",
    "workers.celery",
)
HEAVY = ("torch", "transformers", "tokenizers", "safetensors")
LEAVES = ("search.refusals", "search.refusals.Refusal")


@pytest.mark.parametrize(
    ("files", "banned"),
    [
        ("search/formats/*.py", (*EDGES, *WORK, *HEAVY, "django", "celery", "search.models")),
        ("search/models/*.py", (*EDGES, *WORK, *HEAVY, "celery", "workers", "django.http")),
        ("search/*.py", HEAVY),
        ("search/views/*.py", HEAVY),
        ("search/admin/*.py", HEAVY),
        ("workers/*.py", (*EDGES, *HEAVY, "search.library.ingest", "search.query")),
        ("workers/encoders/*.py", ("search", "django", "celery")),
        ("workers/training/**/*.py", ("search", "django", "celery")),
    ],
)
def test_imports_point_down(files, banned):
    paths = list(ROOT.glob(files))
    assert paths
    upward = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in paths
        for name in imported_by(path).difference(LEAVES)
        if any(name == b or name.startswith(f"{b}.") for b in banned)
    }
    assert not upward
