"""The index of an encoder's vectors in PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper

# Links of a vector in the HNSW graph, and the number of candidates that they are chosen from.
# With pgvector's own 16 and 64, words find at most 0.94 of their nearest among 100,000, with these
# 0.98; to build it takes six times as long (bench/results/recall.md).
LINKS, CANDIDATES = 48, 256


class VectorIndex(NamedTuple):
    """The HNSW graph of the vectors of one encoder."""

    encoder: int
    dimensions: int

    @property
    def name(self) -> str:
        return f"hnsw_encoder_{self.encoder}"

    def is_there(self) -> bool:
        """Whether it is there, as it is built now and not half."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
                "WHERE indexrelid = to_regclass(%s) AND indisvalid AND reloptions @> %s",
                [self.name, [f"m={LINKS}", f"ef_construction={CANDIDATES}"]],
            )
            return cursor.rowcount == 1

    def progress(self) -> str:
        """How far it is being built; empty where it is not."""
        with connection.cursor() as cursor:
            cursor.execute(_PROGRESS, [self.name])
            row = cursor.fetchone()
        return progress_text(*row) if row else ""

    def build(self) -> None:
        """Create it, also where half of it is there."""
        self.drop()
        with unhurried() as cursor:
            cursor.execute(
                f"CREATE INDEX {_concurrently()} {self.name} ON search_embedding "
                f"USING hnsw ((vector::halfvec({self.dimensions})) halfvec_cosine_ops) "
                f"WITH (m = {LINKS}, ef_construction = {CANDIDATES}) "
                f"WHERE encoder_id = {self.encoder}"
            )

    def drop(self) -> None:
        with unhurried() as cursor:
            cursor.execute(f"DROP INDEX {_concurrently()} IF EXISTS {self.name}")


# Of the pages of the table, or of the vectors; neither is counted in some phases.
_PROGRESS = """
SELECT phase, CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END,
    CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END
FROM pg_stat_progress_create_index WHERE index_relid = to_regclass(%s)
"""


def progress_text(phase: str, done: int, total: int) -> str:
    """A row of PostgreSQL's progress as people read it, such as loading tuples, 40 %."""
    step = phase.removeprefix("building index: ")
    return f"{step}, {min(100 * done // total, 100)} %" if total else step


@contextmanager
def unhurried() -> Iterator[CursorWrapper]:
    """A cursor whose statements may take hours, or wait as long for a backup to end."""
    timeouts = ("statement_timeout", "lock_timeout")
    with connection.cursor() as cursor:
        for name in timeouts:
            cursor.execute(f"SET {name} = 0")
        try:
            yield cursor
        finally:
            if connection.is_usable():
                for name in timeouts:
                    cursor.execute(f"RESET {name}")


def _concurrently() -> str:
    # So that uploads and searches go on meanwhile. It can't run inside a transaction.
    return "" if connection.in_atomic_block else "CONCURRENTLY"
