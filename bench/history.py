"""What does it cost to write down every change, by upload, by bulk edit and by page?

    .venv/bin/python -m bench.history [--assets 10000] [--rounds 3] [--uploads 20] [--pages 300]

A library of drawn vectors, in a database of its own. Edits all of its assets by one statement each,
of which EXPLAIN ANALYZE tells what history's triggers took; takes in pictures by `ingest` with and
without these, and asks for pages of hits with and without the middleware, in turn. Writes tables to
bench/results/history.md. Takes 10 minutes.
"""

import io
import os
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.gap import gap
from bench.support import library, parser_of, report, run, say, table
from bench.vector_library import load, render

# Maximum share that history may add.
BAR = 0.1
NOBODY = "what nobody decides"
UPLOADS, PAGES = "an upload, its picture not read", "a page of hits"
# Turns of what is measured with and without history.
BLOCKS = 8
PREPARE = (
    "SET session_replication_role = DEFAULT",
    "ALTER SYSTEM SET autovacuum = off",
    "SELECT pg_reload_conf()",
    "INSERT INTO search_collection (name, slug, is_open) VALUES ('All', 'all', true)",
    "INSERT INTO search_label (name, suggested, synonyms, templates)"
    " VALUES ('all', false, '{}', '{}')",
    "INSERT INTO search_user (username, password, is_superuser, is_staff, is_active, first_name,"
    " last_name, email, date_joined) VALUES ('heir', '!', false, false, true, '', '', '', now())",
    "VACUUM ANALYZE",
)
COLLECT = """INSERT INTO search_collection_assets (collection_id, asset_id)
SELECT c.id, a.id FROM search_collection c, search_asset a WHERE c.slug = 'all'"""
LABEL = """INSERT INTO search_assetlabel (asset_id, label_id, source)
SELECT a.id, l.id, 'person' FROM search_label l, search_asset a WHERE l.name = 'all'"""
TECHNICAL = "UPDATE search_asset SET rules = rules + 1"
# What is done before, and what changes all assets.
EDITS = {
    "titles": ("", "UPDATE search_asset SET title = 'Another ' || title"),
    "descriptions": ("", "UPDATE search_asset SET description = 'Described anew: ' || title"),
    "into a collection": ("", COLLECT),
    "out of it": (
        COLLECT,
        "DELETE FROM search_collection_assets WHERE collection_id ="
        " (SELECT id FROM search_collection WHERE slug = 'all')",
    ),
    "a label given": ("", LABEL),
    "the label taken away": (
        LABEL,
        "DELETE FROM search_assetlabel WHERE label_id ="
        " (SELECT id FROM search_label WHERE name = 'all')",
    ),
    "dates": ("", "UPDATE search_asset SET taken = '2020-05-01 10:00Z', taken_source = 'person'"),
    "owners": (
        "",
        "UPDATE search_asset SET owner_id = (SELECT id FROM search_user WHERE username = 'heir')",
    ),
}
TABLES = "search_asset, search_assetwords, search_assetlabel, search_collection_assets"
MIDDLEWARE = "search.history.context.HistoryMiddleware"
Work = Callable[[], Any]
# Milliseconds by what is done: without history, and of its triggers, in each round; and without
# and with history, in turn.
Shares = dict[str, list[tuple[float, float]]]
Times = dict[str, tuple[list[float], list[float]]]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--uploads", type=int, default=20, help="in a turn")
    parser.add_argument("--pages", type=int, default=300, help="in all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with library():
        report("history", page(options, *measure(options)))


def measure(options: Namespace) -> tuple[Shares, Times]:
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    say("loading")
    load(gap(options.assets, 1, options.seed), options.seed)
    render()
    run(*PREPARE)
    shares: Shares = {}
    for number in range(options.rounds):
        for name, (prepare, statement) in EDITS.items():
            say(f"round {number + 1}: {name}")
            shares.setdefault(name, []).append(share(prepare, statement))
            run(f"VACUUM {TABLES}")  # What this one has left behind costs the next one nothing.
    say("in turn")
    times: Times = {}
    for number in range(BLOCKS):
        alternate(times, NOBODY, number, lambda: run(TECHNICAL))
    for number in range(BLOCKS):
        alternate(times, UPLOADS, number, uploads(options.uploads))
    times[PAGES] = pages(options.pages)
    return shares, times


def share(prepare: str, statement: str) -> tuple[float, float]:
    """Milliseconds of a statement without history's triggers, and of these, by EXPLAIN ANALYZE."""
    from django.db import connection, transaction

    from search.history.context import acting

    who = {"person": {"id": 1, "name": "ann"}}
    with acting(lambda: who), transaction.atomic(), connection.cursor() as cursor:
        if prepare:
            cursor.execute(prepare)
        # As the wrapper would, had the statement not EXPLAIN in front of it.
        cursor.execute("SELECT set_config('pghistory.context_id', gen_random_uuid()::text, true)")
        cursor.execute("SELECT set_config('pghistory.context_metadata', '{}', true)")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        [plan] = cursor.fetchone()[0]
        transaction.set_rollback(True)
    history = sum(t["Time"] for t in plan["Triggers"] if "history" in t["Trigger Name"])
    return plan["Execution Time"] - history, history


def uploads(number: int) -> Work:
    """Takes in as many files as ever, whose facts are known: without decoding them."""
    from django.core.files.base import ContentFile
    from PIL import Image

    from search.formats.facts import inspect_own
    from search.library.ingest import ingest
    from search.models import User

    data = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(data, "JPEG")
    facts = inspect_own(data)
    owner = User.objects.get(username="owner")

    def work() -> None:
        for _ in range(number):
            file = ContentFile(data.getvalue() + os.urandom(8), name="a.jpg")
            ingest(file, owner=owner, facts=facts)

    return work


def alternate(times: Times, name: str, number: int, work: Work) -> None:
    """Twice, with and without the triggers, in another order each time; each is taken back."""
    from django.db import transaction

    from search.history.context import acting

    sides = times.setdefault(name, ([], []))
    for has_history in (number % 2 == 0, number % 2 == 1):
        triggers(enabled=has_history)
        with acting(lambda: {"person": {"id": 1, "name": "ann"}}), transaction.atomic():
            before = processor()
            work()
            sides[has_history].append(processor() - before)
            transaction.set_rollback(True)
        run(f"VACUUM {TABLES}")
    triggers(enabled=True)


def triggers(*, enabled: bool) -> None:
    import pgtrigger

    from search.models.change import Recorder

    for model, trigger in pgtrigger.registered():
        if isinstance(trigger, Recorder):
            (trigger.enable if enabled else trigger.disable)(model)


def processor() -> float:
    """Milliseconds that this process and the PostgreSQL of its connection have computed."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    backend = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    return backend + 1000 * time.process_time()


def pages(number: int) -> tuple[list[float], list[float]]:
    """Each asks for one page more than the last, with and without the middleware."""
    from django.conf import settings

    clients = []
    for names in ([m for m in settings.MIDDLEWARE if m != MIDDLEWARE], settings.MIDDLEWARE):
        with middleware(names):
            clients.append(client())
    spent: tuple[list[float], list[float]] = ([], [])
    for turn in range(number):
        for has_history in (turn % 2 == 0, turn % 2 == 1):
            before = processor()
            response = clients[has_history].get(f"/?page={1 + turn % 5}")
            spent[has_history].append(processor() - before)
            if response.status_code != 200:
                raise SystemExit(f"A page of hits is answered {response.status_code}")
    return spent


@contextmanager
def middleware(names: list[str]) -> Iterator[None]:
    from django.test import override_settings

    with override_settings(MIDDLEWARE=names):
        yield


def client() -> Any:
    """One that has signed in, with the middleware that the settings name now."""
    from django.test import Client

    from search.models import User

    made = Client()
    made.force_login(User.objects.get(username="owner"))
    made.get("/")
    return made


def page(options: Namespace, shares: Shares, times: Times) -> str:
    edits = [["all assets", "without, ms", "history, ms", "more", "each, µs"]]
    for name, rounds in shares.items():
        rest, history = (median(side) for side in zip(*rounds, strict=True))
        each = 1000 * history / options.assets
        cells = f"{rest:,.0f}", f"{history:,.0f}", f"{100 * history / rest:.1f} %", f"{each:.1f}"
        edits.append([name, *cells])
    turns = [["in turn", "without, ms", "with, ms", "more"]]
    for name, (without, with_history) in times.items():
        number = options.uploads if name == UPLOADS else 1
        low, high = median(without) / number, median(with_history) / number
        turns.append([name, f"{low:,.1f}", f"{high:,.1f}", f"{100 * (high / low - 1):.1f} %"])
    return (
        f"What history costs. First, {options.assets:,} assets edited by one statement, medians of"
        f" {options.rounds}, by EXPLAIN ANALYZE: the time of history's triggers is that within the"
        f" statement, so that other work on the machine lengthens both. At most {100 * BAR:.0f} %"
        f" is wanted. Then, medians of {BLOCKS} turns and of {options.pages} pages with and without"
        " history, milliseconds of a processor, of PostgreSQL's process and this one: an update of"
        " what nobody decides, of which nothing is written down, though the old and new rows are"
        " compared; uploads without the decoding of their pictures, which takes 50 ms and more;"
        f" pages of hits. {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}. Made by `python -m"
        f" bench.history`.\n\n{table(edits)}\n{table(turns)}"
    )


if __name__ == "__main__":
    main()
