"""How many of the nearest does the search by vectors find among 100,000 assets, and how soon?

    .venv/bin/python -m bench.recall [--assets 100000] [--queries 100] [--seed 1]

Loads vectors with the gap that words and pictures have (bench/gap.py) into a database of its own,
through the models of Sightline. Searches it as its pages do, under filters that keep from all to
0.01 %, and in the alternatives. Each query is compared with all
vectors in numpy. Prints tables and writes them to bench/results/. Takes 15 minutes.
"""

import os
import time
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bench.gap import DIMENSIONS, Gap, gap
from bench.recall_ways import build_others, compare_ways, sizes
from bench.support import library, parser_of, report, run, say, table, timed
from bench.trials import FIRST, GROUPS, KINDS, Library, Trial, note
from bench.vector_library import CLUSTERED, SHARES, load_once, restrict

# Number of candidates that a page of the search ranks.
POOL = 500
OF_GROUPS = "Where people see what 2,000 collections give to 200 groups, with 10,000 terms of use"
# Maximum number of assets that are searched in other ways: their indexes take as long again.
MOST_IN_OTHER_WAYS = 200_000


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="a library of bench.million that stays")
    options = parser.parse_args()
    with library(options.folder):
        large = options.assets > MOST_IN_OTHER_WAYS
        report("recall_million" if large else "recall", measure(options))


def measure(options: Namespace) -> str:
    drawn = gap(options.assets, options.queries, options.seed)
    say("loading")
    encoder, ids = load_once(drawn, options.seed)
    searched = Library(drawn, encoder, ids)
    run("SET maintenance_work_mem = '1GB'")
    parts = [heading(options, drawn, searched)]
    say("building the index")
    is_there = encoder.has_index()  # In a library that stays.
    took = timed(encoder.build_index)[0]
    seconds = {encoder.index_name: None if is_there else took}
    parts += ["## As Sightline searches\n", table(as_planned(searched))]
    if options.assets > MOST_IN_OTHER_WAYS:
        return "\n".join([*parts, "## Index\n", table(sizes(seconds))])
    parts += ["## Walks under a filter that keeps 30 %\n", table(under_a_filter(searched))]
    say("building others")
    seconds |= build_others()
    say("searching in other ways")
    parts += ["## Ways to search all, in SQL alone\n", table(compare_ways(searched))]
    parts += ["## Indexes\n", table(sizes(seconds))]
    say("restricting")
    restrict()
    parts += [f"## {OF_GROUPS}\n", table(as_ten_groups_see(searched))]
    return "\n".join(parts)


def heading(options: Namespace, drawn: Gap, library: Library) -> str:
    true = library.scores["words"][np.arange(options.queries), drawn.true]
    half = min(500, options.assets // 2)
    pairs = (drawn.library[:half] @ drawn.library[half : 2 * half].T).ravel()
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


def as_planned(library: Library) -> list[list[str]]:
    say("searching as planned")
    labels = [
        "",
        "50 %",
        "30 %",
        CLUSTERED,
        *(f"{100 * share:g} %" for share in SHARES if share < 0.3),
    ]
    return under(library, filter(lambda label: len(library.permitted(label)), labels))


def as_ten_groups_see(library: Library) -> list[list[str]]:
    from django.conf import settings

    settings.LIBRARY_OPEN = False
    rows = under(library, [GROUPS])
    share = len(library.permitted(GROUPS)) / len(library.numbers)
    return [[f"{cell}, {share:.0%}" if cell == GROUPS else cell for cell in row] for row in rows]


def under(library: Library, labels: Iterable[str]) -> list[list[str]]:
    rows = [["filter leaves", "query", f"recall, {FIRST}", "ms", f"recall, {POOL}", "ms", "by"]]
    for label in labels:
        for kind in KINDS:
            searches = {limit: planned(library, kind, label, limit) for limit in (FIRST, POOL)}
            cells = [cell for trial, _ in searches.values() for cell in trial.cells()]
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
            hits = sorted(how.hits.values_list("distance", "pk"))[:limit]
        note(library, trial, kind, number, started, [pk for _, pk in hits], label)
        wanted = min(limit, len(library.permitted(label)))
        if len(hits) != wanted:
            raise SystemExit(f"{len(hits)} hits rather than {wanted} of {label}: a filter starves.")
        width = how.width
    return trial, f"index, {width}" if width else "all"


def under_a_filter(library: Library) -> list[list[str]]:
    """The hits of a walk, by how it goes on where the filter leaves too few of them."""
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
                    nearest_hits = sorted(hits.values_list("distance", "pk"))
                ids = [pk for _, pk in nearest_hits]
                note(library, trial, kind, number, started, ids, "30 %")
            rows.append([scan, kind, str(width), *trial.cells(), str(min(trial.hits))])
    return rows


if __name__ == "__main__":
    main()
