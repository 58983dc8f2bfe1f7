"""Measures what the search by vectors finds and how soon, among 100,000 assets.

    .venv/bin/python -m bench.recall [--assets 100000] [--queries 100] [--seed 1]

Loads vectors with the gap that words and pictures have (bench/gap.py) into a database of its own,
through the models of Sightline. Searches it as its pages do, under filters that keep from all to
0.01 %, and in the other ways that there were to choose from. Each query is compared with all
vectors in numpy. Prints tables and writes them to bench/results/. Takes a quarter of an hour
on two idle cores.
"""

import os
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.gap import DIMENSIONS, Gap, Vectors, gap, units

RESULTS = Path(__file__).parent / "results"
FIRST = 20
POOL = 500  # What a page of the search ranks.
KINDS = ("words", "picture")
AS_NEAR = 1e-6


class Trial(NamedTuple):
    recalls: list[float]
    ms: list[float]
    hits: list[int]


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--assets", type=int, default=100_000, help="10,000 or more")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    temporary = tempfile.TemporaryDirectory(prefix="sl-recall-")
    with temporary as folder, database(Path(folder).resolve()):
        page = measured(options)
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "recall.md").write_text(page)


@contextmanager
def database(folder: Path) -> Iterator[None]:
    """Django on an embedded PostgreSQL in this folder, whatever the environment names."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ |= {"VAR_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    from config import embedded

    embedded.start_database(folder)
    import django

    django.setup()
    try:
        yield
    finally:
        django.db.connection.close()
        embedded.stop_database(folder)


def measured(options: Namespace) -> str:
    from bench.gap_library import load, run
    from bench.recall_ways import copies, sizes, tried

    drawn = gap(options.assets, options.queries, options.seed)
    say("loading")
    encoder, assets = load(drawn, options.seed)
    library = Library(drawn, encoder, [asset.pk for asset in assets])
    run("SET maintenance_work_mem = '1GB'")
    parts = [described(options, drawn, library)]
    say("building the index")
    seconds = {encoder.index_name: timed(encoder.build_index)}
    parts += ["## As Sightline searches\n", table(promised(library))]
    parts += ["## Walks under a filter that keeps 30 %\n", table(filtered(library))]
    say("building others")
    seconds |= copies()
    say("searching in other ways")
    parts += ["## Ways to search all, in SQL alone\n", table(tried(library))]
    parts += ["## Indexes\n", table(sizes(seconds))]
    return "\n".join(parts)


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def table(rows: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(rows[0])
    return "".join(f"| {' | '.join(row)} |\n" for row in [rows[0], rule, *rows[1:]])


class Library:
    """The drawn vectors as the database has them, and what is right in an exhaustive comparison."""

    def __init__(self, drawn: Gap, encoder: Any, ids: list[Any]) -> None:
        self.encoder = encoder
        self.numbers = {pk: number for number, pk in enumerate(ids)}
        self.queries = {"words": drawn.words, "picture": drawn.pictures}
        stored = units(halved(drawn.library))
        self.scores = {kind: halved(asked) @ stored.T for kind, asked in self.queries.items()}
        self.mean = units(drawn.library.mean(axis=0, keepdims=True))[0]
        self.left: dict[str, Any] = {}

    def assets(self, label: str) -> Any:
        from bench.gap_library import CLUSTERED
        from search.models import Asset, User

        visible = Asset.objects.visible_to(User())
        if label == CLUSTERED:
            return visible.in_collection("clustered")
        return visible.labelled(label) if label else visible

    def permitted(self, label: str) -> Any:
        """The numbers of the assets that a filter leaves."""
        if label not in self.left:
            found = self.assets(label).values_list("pk", flat=True)
            self.left[label] = np.array([self.numbers[pk] for pk in found])
        return self.left[label]

    def share_found(self, kind: str, query: int, ids: Sequence[Any], label: str = "") -> float:
        scores = self.scores[kind][query]
        permitted = scores[self.permitted(label)]
        right = min(FIRST, len(permitted))
        least = np.partition(permitted, -right)[-right]
        found = scores[[self.numbers[pk] for pk in ids[:FIRST]]]
        return float((found >= least - AS_NEAR).sum()) / right


def halved(vectors: Vectors) -> Vectors:
    return vectors.astype(np.float16).astype(np.float32)


def described(options: Namespace, drawn: Gap, library: Library) -> str:
    true = library.scores["words"][np.arange(options.queries), drawn.true]
    pairs = (drawn.library[:500] @ drawn.library[500:1000].T).ravel()
    low, high = np.quantile(pairs, [0.05, 0.95])
    return (
        f"{options.assets:,} vectors of {DIMENSIONS} dimensions in half precision,"
        f" {options.queries} queries of each kind, seed {options.seed}; two pictures have a cosine"
        f" of {low:.2f} to {high:.2f}, words and the picture they were drawn for"
        f" {np.median(true):.3f}. Times are medians in ms;"
        f" {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start. Recall is of the"
        f" first {FIRST}. Made by `python -m bench.recall`.\n"
    )


# As Sightline searches ----------------------------------------------------------------------------


def promised(library: Library) -> list[list[str]]:
    from bench.gap_library import CLUSTERED, SHARES

    say("searching as planned")
    labels = ["", "30 %", CLUSTERED, *(f"{100 * share:g} %" for share in SHARES if share < 0.3)]
    rows = [["filter leaves", "query", f"recall, {FIRST}", "ms", f"recall, {POOL}", "ms", "by"]]
    for label in labels:
        for kind in KINDS:
            searches = {limit: planned(library, kind, label, limit) for limit in (FIRST, POOL)}
            cells = [cell for trial, _ in searches.values() for cell in shown(trial)]
            by = " and ".join(dict.fromkeys(str(way) for _, way in searches.values()))
            rows.append([label or "100 %", kind, *cells, by])
    return rows


def planned(library: Library, kind: str, label: str, limit: int) -> tuple[Trial, str]:
    from search.query import nearest

    trial, width = Trial([], [], []), None
    for number, vector in enumerate(library.queries[kind]):
        assets, started = library.assets(label), time.perf_counter()
        how = nearest.plan(assets, vector.tolist(), library.encoder, kind, limit=limit)
        with nearest.searching(how):
            hits = sorted(how.hits.values_list("distance", "pk"))
        note(library, trial, kind, number, started, [pk for _, pk in hits], label)
        wanted = min(limit, len(library.permitted(label)))
        if len(hits) != wanted:
            raise SystemExit(f"{len(hits)} hits rather than {wanted} of {label}: a filter starves.")
        width = how.width
    return trial, f"index, {width}" if width else "all"


def note(
    library: Library,
    trial: Trial,
    kind: str,
    number: int,
    started: float,
    ids: Sequence[Any],
    label: str = "",
) -> None:
    trial.ms.append(1000 * (time.perf_counter() - started))
    trial.recalls.append(library.share_found(kind, number, ids, label))
    trial.hits.append(len(ids))


def shown(trial: Trial) -> list[str]:
    return [f"{np.mean(trial.recalls):.3f}", f"{np.median(trial.ms):.1f}"]


def filtered(library: Library) -> list[list[str]]:
    """The hits that a walk gives, by how it goes on where a filter takes what it has found."""
    from bench.gap_library import run
    from search.query import nearest

    say("walking under a filter")
    rows = [["walk", "query", "width", "recall", "ms", "fewest hits"]]
    for scan in ("off", "strict_order", "relaxed_order"):
        for kind, width in (("words", 200), ("words", 1000), ("picture", 40), ("picture", 200)):
            trial = Trial([], [], [])
            for number, vector in enumerate(library.queries[kind]):
                assets, started = library.assets("30 %"), time.perf_counter()
                hits = assets.nearest(vector.tolist(), library.encoder)[:FIRST]
                with nearest.searching(nearest.Plan(hits, width)):
                    run(f"SET LOCAL hnsw.iterative_scan = {scan}")
                    found = sorted(hits.values_list("distance", "pk"))
                note(library, trial, kind, number, started, [pk for _, pk in found], "30 %")
            rows.append([scan, kind, str(width), *shown(trial), str(min(trial.hits))])
    return rows


if __name__ == "__main__":
    main()
