"""What becomes of history that is older than HISTORY_DAYS.

Of each row the last change of each month stays, without who made it. Of accounts and who was in
which group nothing stays, and of an account that is deleted its names and address go at once.
"""

from typing import Any

from django.conf import settings
from django.db import connection

# The rows are looked through in so many parts, one each hour.
PARTS = 24
# Rows that are deleted or changed in one transaction, and the most of each hour.
BATCH, MOST = 1000, 100_000

_SUPERFLUOUS = """
SELECT id FROM (
    SELECT id, kind, row_number() OVER (
        PARTITION BY kind, row, date_trunc('month', at) ORDER BY id DESC
    ) AS place
    FROM search_change
    WHERE at < now() - make_interval(days => %s) AND abs(hashtext(row)::bigint) %% %s = %s
) AS old
WHERE place > 1 OR kind IN ('account', 'membership')
LIMIT %s
"""
_DELETE = "DELETE FROM search_change WHERE id = ANY(%s)"
_OF_SOMEBODY = """
SELECT id FROM search_change
WHERE at < now() - make_interval(days => %s) AND context_id IS NOT NULL LIMIT %s
"""
_FORGET = "UPDATE search_change SET context_id = NULL WHERE id = ANY(%s)"
_CONTEXTS = """
SELECT id FROM pghistory_context c
WHERE created_at < now() - make_interval(days => %s)
    AND NOT EXISTS (SELECT FROM search_change WHERE context_id = c.id)
LIMIT %s
"""
_DELETE_CONTEXTS = "DELETE FROM pghistory_context WHERE id = ANY(%s)"
_OF_DELETED_ACCOUNTS = """
SELECT id FROM search_change c
WHERE kind = 'account' AND person IS NOT NULL
    AND (before ?| '{email,first_name,last_name}' OR after ?| '{email,first_name,last_name}')
    AND NOT EXISTS (SELECT FROM search_user WHERE id = c.person)
LIMIT %s
"""
_FORGET_PERSON = """
UPDATE search_change SET before = before - '{email,first_name,last_name}'::text[],
    after = after - '{email,first_name,last_name}'::text[]
WHERE id = ANY(%s)
"""


def thin(hour: int) -> None:
    """Thin one part of what is old, and forget whom nothing needs to name any more."""
    days = round(settings.HISTORY_DAYS)
    _each(_find(_SUPERFLUOUS, days, PARTS, hour % PARTS, MOST), _DELETE)
    _each(_find(_OF_SOMEBODY, days, MOST), _FORGET)
    _each(_find(_CONTEXTS, days, MOST), _DELETE_CONTEXTS)
    _each(_find(_OF_DELETED_ACCOUNTS, MOST), _FORGET_PERSON)


def _find(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [pk for (pk,) in cursor.fetchall()]


def _each(pks: list[Any], statement: str) -> None:
    """A batch at a time, each in a transaction of its own: nobody waits for its locks."""
    for start in range(0, len(pks), BATCH):
        with connection.cursor() as cursor:
            cursor.execute(statement, [pks[start : start + BATCH]])
