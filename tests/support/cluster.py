"""Makes an embedded PostgreSQL quick: what a test writes need not survive a power cut."""

from contextlib import closing
from pathlib import Path

import psycopg

from config import embedded

# Crashes of PostgreSQL are survived as before: what it wrote lies in the kernel's hands. Not so
# without synchronous_commit, which would lose what was committed in the last 0.6 s.
WITHOUT_A_DISK = ("fsync", "full_page_writes")


def start_quick_database(var: Path) -> None:
    """Start the embedded PostgreSQL of a folder; it never waits for a disk."""
    embedded.start_database(var)
    url = embedded.database_url(var, "postgres")
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        for setting in WITHOUT_A_DISK:
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
