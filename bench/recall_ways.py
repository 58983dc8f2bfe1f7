"""The alternative ways to search among all vectors, in SQL alone."""

# ruff: noqa: S608 -- every part of the statements stands in this file.

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db import connection

from bench.gap import DIMENSIONS, Vectors, units
from bench.support import run, timed
from bench.trials import FIRST, KINDS, Library, Trial, note

# Number of queries in a row that go one way before the next way has its turn.
BLOCK = 10
# In a statement, these stand for the vector of the query, and for it moved.
QUERY, MOVED = "$query", "$moved"
HALF = f"(vector::halfvec({DIMENSIONS}))"
BITS = f"(binary_quantize(vector)::bit({DIMENSIONS}))"
DISTANCE = f"{HALF} <=> {QUERY}"
EMBEDDED = "search_embedding WHERE encoder_id = 1 AND fulfilled IS NOT NULL"
JOINED = (
    "search_asset AS asset JOIN search_embedding ON asset_id = asset.id"
    " WHERE encoder_id = 1 AND fulfilled IS NOT NULL"
)
INDEXES = {
    "graph": f"USING hnsw ({HALF} halfvec_cosine_ops)",
    "bits": f"USING hnsw ({BITS} bit_hamming_ops)",
    "lists": f"USING ivfflat ({HALF} halfvec_cosine_ops) WITH (lists = 300)",
}
ALWAYS = """
SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL hnsw.iterative_scan = relaxed_order; SET LOCAL hnsw.scan_mem_multiplier = 64;
SET LOCAL hnsw.max_scan_tuples = 1000000;
"""


class Way(NamedTuple):
    """A way to search: a statement, and a setting of its own."""

    name: str
    sql: str
    setting: str = ""
    moved: float = 0  # How far towards the mean of the pictures.


def build_others() -> dict[str, float]:
    """Build tables of the same vectors, each with another index; the seconds of each index."""
    seconds = {}
    for name, index in INDEXES.items():
        run(
            f"CREATE TABLE {name} (id uuid PRIMARY KEY, vector halfvec)",
            f"ALTER TABLE {name} ALTER vector SET STORAGE PLAIN",
            f"INSERT INTO {name} SELECT asset_id, vector FROM search_embedding",
        )
        statement = f"CREATE INDEX {name}_index ON {name} {index}"
        seconds[f"{name}_index"] = timed(lambda statement=statement: run(statement))[0]
    run(f"CREATE TABLE quantised AS SELECT id, {BITS} AS bits FROM graph", "VACUUM ANALYZE")
    return seconds


def sizes(seconds: Mapping[str, float | None]) -> list[list[str]]:
    rows = [["index", "s to build", "MB"]]
    for name, took in seconds.items():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexdef, pg_relation_size(indexname::regclass) FROM pg_indexes"
                " WHERE indexname = %s",
                [name],
            )
            definition, size = cursor.fetchone()
        built = "earlier" if took is None else f"{took:.0f}"
        rows.append([f"`{definition.partition(' USING ')[2]}`", built, f"{size / 1e6:.0f}"])
    return rows


def compare_ways(library: Library) -> list[list[str]]:
    """Each way for both kinds of query."""
    trials = {(way, kind): Trial([], [], []) for way in ways() for kind in KINDS}
    for first in range(0, len(library.queries["words"]), BLOCK):
        for (way, kind), trial in trials.items():
            for number in range(first, first + BLOCK):
                vector = library.queries[kind][number]
                started = time.perf_counter()
                ids = search(way, vector, library.mean)
                note(library, trial, kind, number, started, ids)
    rows = [["way", "recall of words", "ms", "of pictures", "ms"]]
    for way in ways():
        cells = (cell for kind in KINDS for cell in trials[way, kind].cells())
        rows.append([way.name, *cells])
    return rows


def search(way: Way, vector: Vectors, mean: Vectors) -> list[Any]:
    sql = way.sql.replace(QUERY, literal(vector))
    if way.moved:
        sql = sql.replace(MOVED, literal(units((vector + way.moved * mean)[None])[0]))
    walks = "" if "all" in way.name else "SET LOCAL enable_seqscan = off;"
    setting = f"SET LOCAL {way.setting};" if way.setting else ""
    with connection.cursor() as cursor:
        cursor.execute(f"BEGIN; {ALWAYS} {walks} {setting}")
        cursor.execute(sql)
        rows = cursor.fetchall()
        cursor.execute("COMMIT")
    return [pk for (pk,) in rows]


def literal(vector: Vectors) -> str:
    return f"'{vector.tolist()}'::halfvec({DIMENSIONS})"


def ways() -> Iterator[Way]:
    yield from walks("HNSW 16/64", "id", "graph")
    yield from walks("HNSW as built now", "asset_id", EMBEDDED)
    yield from quantised()
    yield from moves()
    for probes in (30, 60, 90, 120):
        yield Way(
            f"IVF, {probes} of 300 lists", nearest("id", "lists"), f"ivfflat.probes = {probes}"
        )
    for title, workers in (("one process", 0), ("two processes", 1)):
        setting = f"max_parallel_workers_per_gather = {workers}"
        compared = f"ORDER BY ({DISTANCE}) + 0 LIMIT {FIRST}"
        yield Way(f"all, {title}", f"SELECT asset_id FROM {EMBEDDED} {compared}", setting)
        joined = f"SELECT asset.id FROM {JOINED} {compared}"
        yield Way(f"all, joined with the assets, {title}", joined, setting)


def walks(name: str, column: str, table: str) -> Iterator[Way]:
    for width in (40, 100, 200, 400, 500, 1000):
        yield Way(f"{name}, {width} wide", nearest(column, table), f"hnsw.ef_search = {width}")
    pool = f"SELECT {column} AS id, {DISTANCE} AS distance FROM {table} ORDER BY {DISTANCE}"
    sql = (
        f"WITH pool AS MATERIALIZED ({pool} LIMIT 1500)"
        f" SELECT id FROM pool ORDER BY distance + 0 LIMIT {FIRST}"
    )
    yield Way(f"{name}, 500 wide and on to 1,500", sql, "hnsw.ef_search = 500")


def nearest(column: str, table: str) -> str:
    return f"SELECT {column} FROM {table} ORDER BY {DISTANCE} LIMIT {FIRST}"


def quantised() -> Iterator[Way]:
    """First by the signs of the numbers, then the nearest of these exactly."""
    bits = f"binary_quantize({QUERY})"
    walk = f"SELECT id FROM bits ORDER BY {BITS} <~> {bits} LIMIT 800"
    yield Way("bits by HNSW, then 800", exactly(walk), "hnsw.ef_search = 800")
    every = f"SELECT id FROM quantised ORDER BY bits <~> {bits} LIMIT 1000"
    yield Way("all bits, then 1,000", exactly(every))


def moves() -> Iterator[Way]:
    """First near the query moved over the gap, then the nearest of these exactly."""
    walk = f"SELECT id FROM graph ORDER BY {HALF} <=> {MOVED} LIMIT 500"
    for moved in (0.1, 0.3, 1):
        title = f"HNSW 16/64, query moved by {moved}, then 500"
        yield Way(title, exactly(walk), "hnsw.ef_search = 500", moved)


def exactly(pool: str) -> str:
    return (
        f"WITH pool AS MATERIALIZED ({pool}) SELECT id FROM pool JOIN graph USING (id)"
        f" ORDER BY ({DISTANCE}) + 0 LIMIT {FIRST}"
    )
