"""Prints what comparing an asset with 100,000 others costs: with all, and by an HNSW index.

    .venv/bin/python -m bench.near [assets]

Random hashes (seed 5) in an embedded PostgreSQL of its own that is removed again. Each of 100 asks
for one of them after six of its bits were changed, by a plan without parallel workers.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import tests.support.environment  # noqa: F401  # An empty library, before Django reads its settings.

SEED, ASKED, CHANGED, EDITS = 5, 100, 6, 500


def main(assets: int = 100_000) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from search.library.near_duplicates import near

    call_command("migrate", verbosity=0)
    known = fill(assets)
    run("VACUUM ANALYZE", "SET max_parallel_workers_per_gather = 0", "SET jit = off")
    asked = random.Random(SEED).sample(known, ASKED)  # noqa: S311
    ask("all, by the index of firsts", asked, lambda phash: [r["pk"] for r in near(phash)])
    edit("with it", asked)
    print(f"HNSW built in {timed(build)[0]:,.0f} ms")
    for width in (40, 100, 400):
        run(f"SET hnsw.ef_search = {width}")
        ask(f"HNSW, width {width}", asked, nearest)
    edit("with both", asked)


def fill(assets: int) -> list[tuple[Any, str]]:
    """The ids and hashes of assets that each are the first member of their cluster."""
    from search.models import Asset, User

    rng, owner = random.Random(SEED), User.objects.create(username="owner")  # noqa: S311
    run("SET session_replication_role = replica")  # No words are kept: they are no part of this.
    made = [Asset(owner=owner, sha256=f"{n:064}", **fields(n, rng)) for n in range(assets)]
    for asset in made:
        asset.cluster = asset.pk
    Asset.objects.bulk_create(made, batch_size=5_000)
    run("SET session_replication_role = DEFAULT")
    return [(asset.pk, asset.phash) for asset in made]


def fields(number: int, rng: random.Random) -> dict[str, Any]:
    return {
        "title": f"picture {number}",
        "filename": f"{number}.jpg",
        "original": f"originals/{number:032}",
        "width": 1200,
        "height": 900,
        "format": "JPEG",
        "bytes": 300_000,
        "colour": "#808080",
        "phash": f"{rng.getrandbits(64):064b}",
        "layout": rng.randbytes(192),
    }


def nearest(phash: str) -> list[Any]:
    from django.db.models import F
    from pgvector.django import HammingDistance

    from search.models import Asset

    firsts = Asset.objects.filter(cluster=F("pk"))
    return list(firsts.order_by(HammingDistance("phash", phash)).values_list("pk", flat=True)[:10])


def build() -> None:
    run(
        "CREATE INDEX hashes ON search_asset USING hnsw (phash bit_hamming_ops) WHERE cluster = id",
        "VACUUM ANALYZE search_asset",
    )


def ask(what: str, asked: list[tuple[Any, str]], find: Callable[[str], list[Any]]) -> None:
    rng, times, found = random.Random(SEED), [], 0  # noqa: S311
    for pk, phash in asked:
        took, hits = timed(partial(find, changed(phash, rng)))
        times.append(took)
        found += pk in hits
    print(f"{what:32}{median(times):8.2f} ms{found:6} of {len(asked)} found")


def changed(phash: str, rng: random.Random) -> str:
    flips = set(rng.sample(range(64), CHANGED))
    return "".join("10"[int(bit)] if at in flips else bit for at, bit in enumerate(phash))


def edit(what: str, asked: list[tuple[Any, str]]) -> None:
    """Change titles, which writes every index of the asset anew."""
    from search.models import Asset

    def titles() -> None:
        for number in range(EDITS):
            Asset.objects.filter(pk=asked[number % ASKED][0]).update(title=f"{what} {number}")

    print(f"{EDITS} titles {what:22}{timed(titles)[0]:8.0f} ms")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    done = work()
    return 1000 * (time.perf_counter() - started), done


def run(*statements: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
