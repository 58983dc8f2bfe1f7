"""What do the pages, and the work behind them, take in a library of a million assets?

    .venv/bin/python -m bench.million [--folder DIR] [--assets 1000000] [--times 3] [--only TEXT]

A folder is filled at its first use and left as it is, for the next time and for bench.recall: 12
GB. The index of the vectors is built where it is missing, but with --without-index. Requests each
page through the whole middleware, as a person of the staff who has signed in, and takes a step of
each kind of work. Prints the medians, and the slowest statements. Writes a page of results.
Takes 90 minutes.
"""

import os
import re
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction

from bench.gap import gap
from bench.overhead import QUERIES, Texts, sign_in
from bench.support import library, parser_of, report, run, say, table
from bench.vector_library import asset_id, load_once, render

# Number of queries that are drawn: as by bench.recall, which then may search the same library.
DRAWN = 100
# Minimum of milliseconds of a statement that is printed, and maximum of its characters.
SLOW, SHOWN = 50, 300


class Step(NamedTuple):
    """Milliseconds of a page or of a piece of work, and of each of its statements."""

    ms: float
    statements: list[tuple[float, str]]

    @property
    def sql(self) -> float:
        return sum(ms for ms, _ in self.statements)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--folder", type=Path, help="of the library, which stays")
    parser.add_argument("--assets", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--only", default="", help="the names of pages contain this")
    parser.add_argument("--without-index", action="store_true", help="of the vectors")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="sl-bench-", ignore_cleanup_errors=True) as name:
        folder = options.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        with library(folder):
            # As docs/operations.md advises for so many; from the next start on.
            run(f"ALTER SYSTEM SET shared_buffers = '{1 + options.assets // 250_000}GB'")
        with library(folder):
            fill(options)
            report("million", measure(options))


def fill(options: Namespace) -> None:
    """Load the library where the folder has none, and build what is missing of its index."""
    from django.conf import settings

    from search.matches import calibrate
    from search.models import Calibration, Encoder
    from workers import encoder_cache

    words = Path(settings.VAR_DIR) / "words.npy"
    if not Encoder.objects.serving():
        say("drawing")
        drawn = gap(options.assets, min(DRAWN, options.assets), options.seed)
        np.save(words, drawn.words[:QUERIES])
        say("loading")
        load_once(drawn, options.seed)
        render()
        run(_SUGGESTED, "UPDATE search_user SET is_staff = true", "VACUUM ANALYZE")
    encoder = Encoder.objects.get()
    if not options.without_index:
        say("building the index")
        run("SET maintenance_work_mem = '6GB'")
        encoder.build_index()
        run("RESET maintenance_work_mem")
        warm(encoder)
    texts = Texts(np.load(words))
    settings.ALLOWED_HOSTS, encoder_cache.load_encoder = ["*"], lambda *args, **kwargs: texts
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    if not Calibration.objects.exists() and not options.without_index:
        say("calibrating")
        calibrate.calibrate(encoder)


def warm(encoder: Any) -> None:
    """Read what a server that has been up for long has read: cold, a first search takes 2 s."""
    names = encoder.index_name, "search_embedding", "search_asset", "asset_facts", "asset_words"
    run("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
    run(*(f"SELECT pg_prewarm('{name}')" for name in names))


# One in 50 labels is the encoder's.
_SUGGESTED = """
UPDATE search_assetlabel SET source = 'encoder', score = 0.1 WHERE id % 50 = 0
"""


def measure(options: Namespace) -> str:
    rows, slow = [["page or work", "ms", "SQL, ms", "statements", f"over {SLOW} ms"]], []
    works_undone = {name: partial(undone, work) for name, work in works().items()}
    for name, act in (pages() | works_undone).items():
        if options.only not in name:
            continue
        steps = [take(act, number) for number in range(options.times + 1)][1:]
        step = sorted(steps, key=lambda step: step.ms)[len(steps) // 2]
        over = [statement for statement in step.statements if statement[0] > SLOW]
        numbers = f"{step.ms:,.0f}", f"{step.sql:,.0f}", f"{len(step.statements)}", f"{len(over)}"
        rows.append([name, *numbers])
        say(" | ".join(rows[-1]))
        slow += [[name, f"{ms:,.0f}", f"`{shortened(sql)}`"] for ms, sql in sorted(over)[::-1]]
    return (
        f"{options.assets:,} assets, medians of {options.times} after a first one;"
        f" {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}."
        f" Made by `python -m bench.million`.\n\n{table(rows)}\n"
        f"## Statements of more than {SLOW} ms\n\n{table([['of', 'ms', 'statement'], *slow])}"
    )


def take(act: Callable[[int], Any], number: int) -> Step:
    """Take a step, and note its statements."""
    statements: list[tuple[float, str]] = []

    def clock(execute: Any, sql: str, *args: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, *args)
        finally:
            statements.append((1000 * (time.perf_counter() - began), sql))

    with connection.execute_wrapper(clock):
        started = time.perf_counter()
        act(number)
        ms = 1000 * (time.perf_counter() - started)
    return Step(ms, statements)


def undone(work: Callable[[int], Any], number: int) -> None:
    """Work whose writes are taken back. No page: the settings of its search would hold for all
    that it asks then."""
    with transaction.atomic():
        work(number)
        transaction.set_rollback(True)


def shortened(sql: str) -> str:
    """A statement in a cell of a table, without the numbers of vectors."""
    sql = re.sub(r"\[-?[0-9.,e -]{100,}\]", "[...]", " ".join(sql.split()))
    return sql.replace("|", "\\|")[:SHOWN]


def pages() -> dict[str, Callable[[int], Any]]:
    return {name: partial(request, sign_in(), path) for name, path in PAGES.items()}


def request(client: Any, path: str, number: int) -> None:
    response = client.get(path.format(number=number, asset=asset_id(8 + number)), follow=True)
    if response.status_code != 200:
        raise SystemExit(f"{path}: {response.status_code}")
    b"".join(response)


PAGES = {
    "start page": "/",
    "start page, 100th": "/?page=10{number}",
    "words": "/?q=quiet+{number}",
    "words, everything": "/?q=scene+{number}&everything=1",
    "words, 50 %": "/?q=scene+{number}&label=50+%25",
    "words, 10 %": "/?q=scene+{number}&label=10+%25",
    "words, 1 %": "/?q=scene+{number}&label=1+%25",
    "words, 0.1 %": "/?q=scene+{number}&label=0.1+%25",
    "words without a label of a half": "/?q=scene+{number}&not_label=50+%25",
    "words without a common one": "/?q=scene+{number}+-quiet",
    "either words": "/?q=scene+{number}+OR+quiet+{number}",
    "a word that an eighth has": "/?q=quiet",
    "a word that all have": "/?q=img",
    "a word that all have, everything": "/?q=img&everything=1",
    "like an asset": "/?like={asset}",
    "like an asset, everything": "/?like={asset}&everything=1",
    "label, 50 %": "/?label=50+%25",
    "label, 1 %": "/?label=1+%25",
    "collection, 30 %": "/?collection=clustered",
    "collection, 1 %": "/?collection=collection-5",
    "format": "/?format=PNG",
    "colour": "/?colour=blue",
    "year": "/?year=2020",
    "state": "/?state=searchable",
    "by name": "/?sort=name",
    "by size": "/?sort=largest",
    "by date taken": "/?sort=taken",
    "an asset": "/assets/{asset}/",
    "completions": "/completions/?q=quiet+b",
    "what waits": "/waiting/",
    "saved searches": "/saved/",
    "admin: assets": "/admin/search/asset/",
    "admin: assets, 100th page": "/admin/search/asset/?p=100",
    "admin: assets, waiting": "/admin/search/asset/?state=waiting",
    "admin: assets, searchable": "/admin/search/asset/?state=searchable",
    "admin: assets, searched": "/admin/search/asset/?q=quiet+{number}00",
    "admin: assets, by title": "/admin/search/asset/?o=3",
    "admin: an asset": "/admin/search/asset/{asset}/change/",
    "admin: labels": "/admin/search/label/",
    "admin: suggestions": "/admin/search/assetlabel/",
    "admin: collections": "/admin/search/collection/",
    "admin: a collection, 30 %": "/admin/search/collection/61/change/",
    "admin: encoders": "/admin/search/encoder/",
}


def works() -> dict[str, Callable[[int], Any]]:
    """A step of each kind of work, and of the checks of the whole library that are SQL alone."""
    from django.utils import timezone

    from search import liveness
    from search.library import fsck, label_suggestions, near_duplicates
    from search.models import Asset, Embedding, Encoder, Label, Rendition, Word
    from workers import upkeep
    from workers.look_around import KINDS

    encoder, now = Encoder.objects.get(), timezone.now()

    def every(rows: Any) -> Any:
        return lambda number: sum(1 for _ in rows())

    return (
        {
            f"waits: {kind.__name__}": partial(lambda kind, number: kind.waits(), kind)
            for kinds in KINDS.values()
            for kind in kinds
        }
        | {
            "near-duplicates: of one": lambda number: near_duplicates.near(
                Asset.objects.get(pk=asset_id(number)).phash
            ),
            "labels: of one asset": lambda number: label_suggestions._replace(
                label_suggestions.OF_ASSET, asset_id(number)
            ),
            "embeddings: whose turn": lambda number: list(Embedding.objects.whose_turn()),
            "renditions: claim": lambda number: Rendition.objects.claim_fresh(8),
            "encoder: advance": lambda number: upkeep.advance(encoder),
            "encoder: with counts": lambda number: list(Encoder.objects.with_counts()),
            "labels: with counts": lambda number: list(Label.objects.with_counts()),
            "cleaning: stale words": lambda number: Word.objects.remove_stale(now.hour),
            "fsck: promised embeddings": every(
                partial(fsck.promised_embeddings, encoder, strict=True)
            ),
            "fsck: vectors": every(partial(fsck.vectors, encoder)),
            "fsck: promised renditions": every(fsck.promised_renditions),
            "fsck: lapsed claims": every(partial(fsck.lapsed_claims, timedelta())),
        }
        | {
            f"liveness: {name}": partial(lambda probe, number: suppressed(probe), probe)
            for name, probe in liveness.WORKERS.items()
        }
    )


def suppressed(probe: Callable[[], None]) -> None:
    from search.liveness import NotReady

    with suppress(NotReady):
        probe()


if __name__ == "__main__":
    main()
