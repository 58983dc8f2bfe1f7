"""The index of an encoder's vectors in PostgreSQL."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

logger = logging.getLogger(__name__)

# Links of a vector in the HNSW graph, and the number of candidates that they are chosen from.
# With pgvector's own 16 and 64, words find at most 0.94 of their nearest among 100,000, with these
# 0.98; to build it takes six times as long (bench/results/recall.md).
LINKS, CANDIDATES = 48, 256
# Bytes that a vector takes beside its numbers while the graph is built: 10,000 of 768 dimensions in
# half precision fit into 32 MB and not into 30.
LINK_BYTES = 1700


class VectorIndex(NamedTuple):
    """The HNSW graph of the vectors of one encoder."""

    encoder: int
    dimensions: int

    @property
    def name(self) -> str:
        return f"hnsw_encoder_{self.encoder}"

    @property
    def spare(self) -> str:
        """What it is called while it is built, and then what is there in its place."""
        return f"{self.name}_spare"

    def is_there(self) -> bool:
        """Whether it is there, as it is built now and not half, and it alone."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
                "WHERE indexrelid = to_regclass(%s) AND indisvalid AND reloptions @> %s "
                "AND to_regclass(%s) IS NULL",
                [self.name, [f"m={LINKS}", f"ef_construction={CANDIDATES}"], self.spare],
            )
            return cursor.rowcount == 1

    def progress(self) -> str:
        """How far it is being built; empty where it is not."""
        with connection.cursor() as cursor:
            cursor.execute(_PROGRESS, [self.spare])
            row = cursor.fetchone()
        return progress_text(*row) if row else ""

    def build(self) -> None:
        """Create it, also where half of it is there.

        One that was built otherwise serves until then: that of a million vectors takes an hour,
        and without one each search compares them all, in 17 s.
        """
        _drop(self.spare)
        if not self.is_there():
            self._create()
            self._rename()
            _drop(self.spare)

    def _create(self) -> None:
        with unhurried() as cursor:
            self._warn(cursor)
            cursor.execute(
                f"CREATE INDEX {_concurrently()} {self.spare} ON search_embedding "
                f"USING hnsw ((vector::halfvec({self.dimensions})) halfvec_cosine_ops) "
                f"WITH (m = {LINKS}, ef_construction = {CANDIDATES}) "
                f"WHERE encoder_id = {self.encoder}"
            )

    def _rename(self) -> None:
        """Give the spare its name, and what had that name the spare's."""
        old = f"{self.name}_old"
        names = ((self.name, old), (self.spare, self.name), (old, self.spare))
        with transaction.atomic(), connection.cursor() as cursor:
            for name, other in names:
                cursor.execute(f"ALTER INDEX IF EXISTS {name} RENAME TO {other}")

    def _warn(self, cursor: CursorWrapper) -> None:
        """Say in the log where PostgreSQL has too little memory to build it quickly."""
        cursor.execute(_MEMORY, [LINK_BYTES + 2 * self.dimensions, self.encoder])
        wanted, memory = cursor.fetchone()
        if wanted > memory:
            logger.warning(_TOO_LITTLE, self.name, wanted // 10**6, memory // 10**6)

    def drop(self) -> None:
        _drop(self.spare)
        _drop(self.name)


_TOO_LITTLE = (
    "The index %s takes %s MB while it is built, and PostgreSQL's maintenance_work_mem is %s MB:"
    " it will take far longer (docs/operations.md, Sizing)"
)
# Bytes that building an index wants, and those that it may have.
_MEMORY = """
SELECT count(*) * %s, pg_size_bytes(current_setting('maintenance_work_mem'))
FROM search_embedding WHERE encoder_id = %s AND fulfilled IS NOT NULL
"""
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


def _drop(name: str) -> None:
    with unhurried() as cursor:
        cursor.execute(f"DROP INDEX {_concurrently()} IF EXISTS {name}")


def _concurrently() -> str:
    # So that uploads and searches go on meanwhile. It can't run inside a transaction.
    return "" if connection.in_atomic_block else "CONCURRENTLY"
