"""What does a page of hits cost beyond the encoder and the database, among 100,000 assets?

    .venv/bin/python -m bench.overhead [--assets 100000] [--requests 300] [--restricted] [--profile]

A library of drawn vectors, with words, labels, a collection, thumbnails and thresholds, in a
database of its own. Requests the search page through the whole middleware, as a person who has
signed in, by words whose vector is in the cache, by an asset, and by nothing, for 24 hits and for
48 in turn. With --restricted also where people see what 2,000 collections give to 200 groups, with
10,000 terms of use.
Writes the table to bench/results/overhead.md. Takes 10 minutes.
"""

import cProfile
import os
import pstats
import time
from argparse import Namespace
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import numpy as np

from bench.gap import Gap, Vectors, gap
from bench.support import library, parser_of, report, run, say, table
from bench.vector_library import load, render, restrict

# Numbers of hits of a page.
SIZES = (24, 48)
# Maximum milliseconds of a page of 24 hits beyond encoder and SQL.
BAR = 25
QUERIES = 50
CLOSED = ", of a library that is not open"


class Measurement(NamedTuple):
    """Milliseconds, how many statements, and how many texts were encoded meanwhile."""

    total: float
    sql: float
    processor: float  # Of the rest: what it took of a processor, whoever else wanted one.
    statements: int
    encoded: int

    @property
    def rest(self) -> float:
        return self.total - self.sql


class Texts:
    """An encoder of the drawn words by their numbers, which counts what it encodes."""

    text_length, resolution, engine, fallback = 64, 224, "torch", None

    def __init__(self, words: Vectors) -> None:
        self.words, self.encoded = words, 0

    def encode_texts(self, texts: list[str]) -> Any:
        self.encoded += len(texts)
        return self.words[[int("0" + "".join(filter(str.isdigit, t))) % QUERIES for t in texts]]

    def is_altered(self) -> bool:
        return False

    def truncates(self, text: str) -> bool:
        return False


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=300, help="of each kind and size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--restricted", action="store_true", help="ask as one of 200 groups, too")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    options = parser.parse_args()
    with library():
        report("overhead", measure(options))


def measure(options: Namespace) -> str:
    drawn = gap(options.assets, QUERIES, options.seed)
    say("loading")
    texts = Texts(drawn.words)
    encoder, pages = furnish(drawn, texts, options.seed)
    if options.restricted:
        say("restricting")
        restrict()
        seen = ids_seen()
        pages["an asset"] = lambda number: f"like={seen[number]}"
        pages |= {f"{name}{CLOSED}": page for name, page in pages.items()}
    client = sign_in("viewer" if options.restricted else "owner")
    for page in pages.values():  # From then on the vectors are in the cache.
        for number in range(QUERIES):
            ask(client, page(number), texts)
    say("requesting")
    measurements = interleave(client, pages, texts, options.requests)
    if options.profile:
        profile(client, pages, texts)
    return page_of(options, measurements, is_calibrated(encoder))


def furnish(drawn: Gap, texts: Texts, seed: int) -> tuple[Any, dict[str, Callable[[int], str]]]:
    from django.conf import settings

    from search.matches import calibrate
    from workers import encoder_cache

    settings.ALLOWED_HOSTS, encoder_cache.load_encoder = ["*"], lambda *args, **kwargs: texts
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    encoder, ids = load(drawn, seed)
    render()
    say("building the index")
    run("SET maintenance_work_mem = '1GB'")
    encoder.build_index()
    run("VACUUM ANALYZE")
    say("calibrating")
    calibrate.calibrate(encoder)
    pages = max(1, len(ids) // SIZES[-1])
    return encoder, {
        "words, in the cache": lambda number: f"q=quiet+{number}",
        "words, everything": lambda number: f"q={quote_plus(f'scene {number}')}&everything=1",
        "an asset": lambda number: f"like={ids[number]}",
        "words and a filter": lambda number: f"q=quiet+{number}&label=1+%25",
        "nothing": lambda number: f"page={1 + number % pages}",
    }


def ids_seen() -> list[Any]:
    """The ids of assets that "viewer" sees of a library that is not open."""
    from django.conf import settings

    from search.models import Asset, User

    settings.LIBRARY_OPEN = False
    seen = Asset.objects.visible_to(User.objects.get(username="viewer")).order_by("pk")
    return list(seen.values_list("pk", flat=True)[:QUERIES])


def is_calibrated(encoder: Any) -> bool:
    from search.models import Calibration

    return Calibration.objects.filter(encoder=encoder).exists()


def sign_in(username: str = "owner") -> Any:
    from django.test import Client

    from search.models import User

    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def ask(client: Any, query: str, texts: Texts, size: int = SIZES[0]) -> Measurement:
    from django.db import connection

    from search.query import answer

    # The size of a page is no setting; here it has to be two sizes in turn.
    answer.__kwdefaults__["size"] = size
    spent, encoded = [], texts.encoded

    def clock(execute: Any, *args: Any) -> Any:
        started = clocks()
        try:
            return execute(*args)
        finally:
            spent.append(clocks() - started)

    started = clocks()
    with connection.execute_wrapper(clock):
        response = client.get(f"/?{query}")
    (total, processor), (sql, of_sql) = 1000 * (clocks() - started), 1000 * sum(spent)
    tiles = response.content.count(b'<li class="tile ')
    if response.status_code != 200 or not 0 < tiles <= size:
        raise SystemExit(f"{query}: {response.status_code} with {tiles} hits")
    return Measurement(total, sql, processor - of_sql, len(spent), texts.encoded - encoded)


def clocks() -> Any:
    """Seconds on the wall, and of the processor by this thread."""
    return np.array([time.perf_counter(), time.thread_time()])


def interleave(
    client: Any, pages: dict[str, Callable[[int], str]], texts: Texts, requests: int
) -> dict[tuple[str, int], list[Measurement]]:
    keys = [(name, size) for name in pages for size in SIZES]
    measurements: dict[tuple[str, int], list[Measurement]] = {key: [] for key in keys}
    from django.conf import settings

    for number in range(requests):
        for name, size in measurements:
            settings.LIBRARY_OPEN = not name.endswith(CLOSED)
            measurements[name, size].append(ask(client, pages[name](number % QUERIES), texts, size))
    return measurements


def profile(client: Any, pages: dict[str, Callable[[int], str]], texts: Texts) -> None:
    for name, page in pages.items():
        profiler = cProfile.Profile(time.thread_time)
        profiler.enable()
        for number in range(QUERIES):
            ask(client, page(number), texts)
        profiler.disable()
        print(f"\n{name}, {QUERIES} requests")
        pstats.Stats(profiler).sort_stats("cumulative").print_stats("search/|bench/|template", 45)


def page_of(
    options: Namespace,
    measurements: dict[tuple[str, int], list[Measurement]],
    calibrated: bool,
) -> str:
    heads = ["total", "SQL", "rest", "processor"]
    rows = [["query by", "hits", *(f"{head}, ms" for head in heads), "statements", "encoded"]]
    for (name, size), each in measurements.items():
        parts = [median(getattr(t, head.lower()) for t in each) for head in heads]
        counts = [f"{median(t.statements for t in each):.0f}", str(sum(t.encoded for t in each))]
        rows.append([name, str(size), *(f"{part:.1f}" for part in parts), *counts])
    return (
        f"What a page of hits costs: medians of {options.requests} requests each, in turn, through"
        f" the whole middleware by Django's test client; {options.assets:,} assets,"
        f" seed {options.seed}, {'with' if calibrated else 'without'} thresholds; {os.cpu_count()}"
        f" cores, load {os.getloadavg()[0]:.1f}. *Rest* is the total without the time in"
        f" `execute()`, at most {BAR} ms for 24 hits; *processor* is its part on a processor, which"
        " others on the machine do not lengthen by waiting. *Encoded* is the number of texts that"
        f" the encoder encoded. Made by `python -m bench.overhead`.\n\n{table(rows)}"
    )


if __name__ == "__main__":
    main()
