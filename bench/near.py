"""What does comparing an asset with 100,000 others cost: with all, by bands, and by HNSW?

    .venv/bin/python -m bench.near [--assets 100000]

Random hashes (seed 5) in an embedded PostgreSQL of its own that is removed again. Each of 100 asks
for one of them after six of its bits were changed, by a plan without parallel workers. Takes
3 minutes.
"""

import random
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from bench.support import library, parser_of, record, run, timed

SEED, QUERIES, CHANGED, EDITS = 5, 100, 6, 500


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--assets", type=int, default=100_000)
    options = parser.parse_args()
    with record("near"), library():
        measure(options.assets)


def measure(assets: int) -> None:
    from search.library.near_duplicates import near

    stored = fill(assets)
    run("VACUUM ANALYZE", "SET max_parallel_workers_per_gather = 0", "SET jit = off")
    queries = random.Random(SEED).sample(stored, min(QUERIES, assets))  # noqa: S311
    ask("all", queries, all_near)
    ask("by the bands", queries, near)
    check(queries)
    edit("with the bands", queries)
    print(f"HNSW built in {1000 * timed(build)[0]:,.0f} ms")
    for width in (40, 100, 400):
        run(f"SET hnsw.ef_search = {width}")
        ask(f"HNSW, width {width}", queries, nearest)
    edit("with both", queries)


def fill(assets: int) -> list[tuple[Any, str]]:
    """The ids and hashes of assets that each are the first member of their cluster."""
    from search.models import Asset, User

    rng, owner = random.Random(SEED), User.objects.create(username="owner")  # noqa: S311
    run("SET session_replication_role = replica")  # Without the words, which are no part of this.
    rows = [Asset(owner=owner, sha256=f"{n:064}", **fields(n, rng)) for n in range(assets)]
    for asset in rows:
        asset.cluster = asset.pk
    Asset.objects.bulk_create(rows, batch_size=5_000)
    run("SET session_replication_role = DEFAULT")
    return [(asset.pk, asset.phash) for asset in rows]


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


def all_near(phash: str) -> dict[Any, int]:
    """The same as near(), by comparing all."""
    from django.db.models import F
    from pgvector.django import HammingDistance

    from search.formats.likeness import BITS
    from search.models import Asset

    firsts = Asset.objects.filter(cluster=F("pk")).annotate(bits=HammingDistance("phash", phash))
    return dict(firsts.filter(bits__lte=BITS).values_list("pk", "bits"))


def check(queries: list[tuple[Any, str]]) -> None:
    from search.library.near_duplicates import near

    rng = random.Random(SEED)  # noqa: S311
    for _, phash in queries:
        asked = change(phash, rng)
        if near(asked) != all_near(asked):
            raise SystemExit(f"By the bands of {asked} others are found than by all.")


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


def ask(what: str, queries: list[tuple[Any, str]], find: Callable[[str], Any]) -> None:
    rng, times, right = random.Random(SEED), [], 0  # noqa: S311
    for pk, phash in queries:
        seconds, hits = timed(partial(find, change(phash, rng)))
        times.append(1000 * seconds)
        right += pk in hits
    print(f"{what:32}{median(times):8.2f} ms{right:6} of {len(queries)} found")


def change(phash: str, rng: random.Random) -> str:
    flips = set(rng.sample(range(64), CHANGED))
    return "".join("10"[int(bit)] if at in flips else bit for at, bit in enumerate(phash))


def edit(what: str, queries: list[tuple[Any, str]]) -> None:
    """Change titles, which writes every index of the asset again."""
    from search.models import Asset

    def titles() -> None:
        for number in range(EDITS):
            asset, _ = queries[number % len(queries)]
            Asset.objects.filter(pk=asset).update(title=f"{what} {number}")

    print(f"{EDITS} titles {what:22}{1000 * timed(titles)[0]:8.0f} ms")


if __name__ == "__main__":
    main()
