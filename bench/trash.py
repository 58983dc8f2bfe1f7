"""What does the trash cost a search, and how long do going there and coming back take?

    .venv/bin/python -m bench.trash [--assets 20000]

Drawn vectors in an embedded PostgreSQL of its own that is removed again. A tenth of the library is
in the trash: with its vectors left where they are searched, as a control, and moved out of there as
it is done, before and after PostgreSQL has cleaned the index. In milliseconds of the server's
processor, since a busy machine stretches all others. Takes 10 minutes.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.gap import Gap, gap
from bench.support import library, parser_of, report, run, say, table, timed
from bench.vector_library import load

SEED, QUERIES, SHARE = 11, 60, 10
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--assets", type=int, default=20_000)
    options = parser.parse_args()
    with library():
        page = measure(options.assets)
        report("trash", page)


def measure(assets: int) -> str:
    say("loading")
    drawn = gap(assets, QUERIES, SEED)
    encoder, ids = load(drawn, SEED)
    say("building the index")
    encoder.build_index()
    run("VACUUM ANALYZE")
    rows = [["a tenth in the trash", "walk by words", "walk by pictures", "count", "newest 48"]]
    tenth = ids[::SHARE]
    for state, step in (
        ("none", lambda: None),
        ("vectors left, filtered alone (control)", lambda: _mark(tenth)),
        ("vectors moved", lambda: _take(tenth)),
        ("vectors moved, index cleaned", lambda: None),
    ):
        step()
        run("ANALYZE" if state == "vectors moved" else "VACUUM ANALYZE")
        say(state)
        rows.append([state, *_searches(encoder, drawn)])
    _restore_all()
    return f"{assets:,} assets; ms of the server's processor, {QUERIES} of each.\n\n" + "\n".join(
        [table(rows, "--:"), table(_ways(ids), "--:")]
    )


def _searches(encoder: Any, drawn: Gap) -> list[str]:
    from search.models import Asset, User
    from search.query import nearest

    visible = Asset.objects.visible_to(User(is_superuser=True))

    def walk(vectors: Any, kind: str) -> Callable[[int], Any]:
        def one(number: int) -> Any:
            vector = vectors[number].tolist()
            plan = nearest.by_index(visible, vector, encoder, kind, limit=24)
            with nearest.searching(plan):
                return list(plan.hits.values_list("pk", "distance"))

        return one

    return [
        _each(walk(drawn.words, nearest.WORDS)),
        _each(walk(drawn.pictures, nearest.PICTURE)),
        _each(lambda number: visible.count()),
        _each(lambda number: list(visible.order_by("-created", "pk")[:48])),
    ]


def _each(work: Callable[[int], Any]) -> str:
    work(0)  # What is read from the disk is read.
    before = _processor()
    for number in range(QUERIES):
        work(number)
    return f"{1000 * (_processor() - before) / QUERIES:.1f}"


def _processor() -> float:
    """Seconds that the server's process of this connection has worked."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _mark(pks: Sequence[Any]) -> None:
    from django.db.models.functions import Now

    from search.models import Asset

    Asset.objects.filter(pk__in=pks).update(trashed=Now())


def _take(pks: Sequence[Any]) -> None:
    from search.models import TrashedEmbedding

    TrashedEmbedding.objects.take(pks)


def _restore_all() -> None:
    from search.library import trash
    from search.models import Asset

    trash.restore(Asset.everything.in_trash())
    while trash.give_back(500):
        pass


def _ways(ids: Sequence[Any]) -> list[list[str]]:
    """What people wait for: of 100 assets, of 50 and of 50."""
    from search.library import trash
    from search.models import Asset, User

    trash.ring = lambda: None  # Without Redis all that workers do would be done at once.
    owner, some = User.objects.get(username="owner"), list(ids[:100])
    there = Asset.everything.in_trash()
    ways: dict[str, Callable[[], Any]] = {
        "move 100 to the trash": lambda: trash.put(Asset.objects.filter(pk__in=some), by=owner),
        "restore 50 with their vectors": lambda: trash.restore(there.filter(pk__in=some[:50])),
        "delete 50 for good": lambda: trash.delete(there),
    }
    rows = [["", "ms", "of the server's processor"]]
    for name, way in ways.items():
        before = _processor()
        seconds, _ = timed(way)
        rows.append([name, f"{1000 * seconds:,.0f}", f"{1000 * (_processor() - before):,.0f}"])
    return rows


if __name__ == "__main__":
    main()
