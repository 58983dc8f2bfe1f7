"""What does it cost to write down every change, by upload, by bulk edit and by page?

    .venv/bin/python -m bench.history [--assets 10000] [--rounds 5] [--uploads 200] [--pages 300]

A library of drawn vectors, in a database of its own. Edits all of its assets by one statement each,
takes in pictures by `ingest` and asks for pages of hits, with and without the triggers of history
(for pages: with and without its middleware), in turn. Milliseconds of a processor: of PostgreSQL's
process for edits, of that and of this one for the rest. Writes the table to
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
UPLOADS, PAGES = "uploads, their pictures not read", "pages of hits"
MIDDLEWARE = "search.history.context.HistoryMiddleware"
Work = Callable[[], Any]
# Milliseconds by what is done, without history and with it.
Times = dict[str, tuple[list[float], list[float]]]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--uploads", type=int, default=200, help="in a round")
    parser.add_argument("--pages", type=int, default=300, help="in all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with library():
        report("history", page(options, measure(options)))


def measure(options: Namespace) -> Times:
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    say("loading")
    _, ids = load(gap(options.assets, 1, options.seed), options.seed)
    render()
    run("SET session_replication_role = DEFAULT")
    run("ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()", "VACUUM ANALYZE")
    times: Times = {}
    for number in range(options.rounds):
        for name, (prepare, edit) in edits(ids).items():
            say(f"round {number + 1}: {name}")
            alternate(times, name, number, edit, prepare)
            run("VACUUM")
        say(f"round {number + 1}: uploads")
        alternate(times, UPLOADS, number, uploads(options.uploads))
    say("pages")
    times[PAGES] = pages(options.pages)
    return times


def edits(ids: list[Any]) -> dict[str, tuple[Work, Work]]:
    """What is there before, and what changes all assets."""
    from search.models import Asset, AssetLabel, Collection, Label, User

    collection = Collection.objects.get_or_create(slug="all", defaults={"name": "All"})[0]
    label = Label.objects.get_or_create(name="all")[0]
    heir = User.objects.get_or_create(username="heir")[0]
    assets, now = Asset.objects.filter(pk__in=ids), time.time()
    labels = [AssetLabel(asset_id=pk, label=label) for pk in ids]

    def give() -> None:
        AssetLabel.objects.bulk_create(labels)

    def collect() -> None:
        collection.assets.add(*ids)

    return {
        "titles": (nothing, lambda: assets.update(title=f"Title {now}")),
        "descriptions": (nothing, lambda: assets.update(description=f"Described {now}, anew.")),
        "into a collection": (nothing, collect),
        "out of it": (collect, collection.assets.clear),
        "a label given": (nothing, give),
        "the label taken away": (give, AssetLabel.objects.filter(label=label).delete),
        "dates": (nothing, lambda: assets.update(taken="2020-05-01 10:00:00Z")),
        "owners": (nothing, lambda: assets.update(owner=heir)),
        "what nobody decides": (nothing, lambda: assets.update(rules=int(now) % 1000)),
    }


def nothing() -> None:
    pass


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


def alternate(times: Times, name: str, number: int, work: Work, prepare: Work = nothing) -> None:
    """Twice, with and without the triggers, in another order each round; each is taken back."""
    from django.db import transaction

    from search.history.context import acting

    sides = times.setdefault(name, ([], []))
    for has_history in (number % 2 == 0, number % 2 == 1):
        triggers(enabled=has_history)
        with acting(lambda: {"person": {"id": 1, "name": "ann"}}), transaction.atomic():
            prepare()
            before = processor()
            work()
            spent = processor() - before
            transaction.set_rollback(True)
        sides[has_history].append(spent)


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


def page(options: Namespace, times: Times) -> str:
    rows = [["what", "without, ms", "with, ms", "more", "each, µs"]]
    for name, (without, with_history) in times.items():
        low, high = median(without), median(with_history)
        more = median(b / a - 1 for a, b in zip(without, with_history, strict=True))
        each = 1000 * (high - low) / {UPLOADS: options.uploads, PAGES: 1}.get(name, options.assets)
        rows.append([name, f"{low:,.1f}", f"{high:,.1f}", f"{100 * more:.1f} %", f"{each:.1f}"])
    return (
        f"What history costs: {options.assets:,} assets edited at once, medians of {options.rounds}"
        f" rounds in turn, with {options.uploads} uploads in each, and of {options.pages} pages;"
        " milliseconds of a processor, of PostgreSQL's process and this one. *More* is the median"
        f" of the shares, at most {100 * BAR:.0f} %; *each* is what is added for one asset, upload"
        " or page. An upload is measured without its decoding, which takes 50 ms and more. Of *what"
        f" nobody decides* nothing is written down. {os.cpu_count()} cores, load"
        f" {os.getloadavg()[0]:.1f}. Made by `python -m bench.history`.\n\n{table(rows)}"
    )


if __name__ == "__main__":
    main()
