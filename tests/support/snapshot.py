"""The library of a running stack as it was, for the next module's tests."""

import os
import shutil

from psycopg.sql import SQL, Identifier

COLUMNS = """
SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
GROUP BY table_name
"""


COPY = "CREATE TABLE {copy} AS SELECT {columns} FROM {table}"
EMPTY = "DELETE FROM {table}"
FILL = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {copy}"


class Snapshot:
    """Every table's rows, in a schema of their own, and the files."""

    def __init__(self, stack) -> None:
        self.stack = stack
        self.media, self.copies = stack.var / "media", stack.var / "media.snapshot"
        self.columns = dict(stack.sql(COLUMNS))
        self._each_table("CREATE SCHEMA snapshot", COPY)
        link(self.media, self.copies)

    def restore(self) -> None:
        """Put everything back; no foreign key is checked meanwhile, and no trigger runs."""
        self._each_table("SET LOCAL session_replication_role = replica", EMPTY, FILL)
        shutil.rmtree(self.media)
        link(self.copies, self.media)

    def _each_table(self, first: str, *statements: str) -> None:
        with self.stack.connection() as connection:
            connection.execute(first)
            for table, columns in self.columns.items():
                for statement in statements:
                    connection.execute(about(table, columns, statement))


def about(table: str, columns: list[str], statement: str):
    return SQL(statement).format(
        table=Identifier("public", table),
        copy=Identifier("snapshot", table),
        columns=SQL(", ").join(map(Identifier, columns)),
    )


def link(source, target) -> None:
    """No file is ever written to twice, so a second link is as good as a copy."""
    shutil.copytree(source, target, copy_function=os.link)
