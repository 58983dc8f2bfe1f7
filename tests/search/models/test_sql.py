"""The functions and triggers of the database are those that stand in search/sql."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.django_db
FILES = sorted((settings.BASE_DIR / "search" / "sql").glob("*.sql"))

DEFINITIONS = """
SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
"""


def definitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(DEFINITIONS)
        return {definition for (definition,) in cursor.fetchall()}


def run(statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_the_migrations_made_is_what_stands_there(file: Path):
    made = definitions()
    run(file.read_text())
    assert definitions() == made


def test_nothing_is_made_that_does_not_stand_there():
    made = definitions()
    run(
        "DO $$ DECLARE each record; BEGIN FOR each IN SELECT oid::regprocedure AS name FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend"
        " WHERE objid = pg_proc.oid AND deptype = 'e') LOOP"
        " EXECUTE format('DROP FUNCTION %s CASCADE', each.name); END LOOP; END $$"
    )
    assert definitions() == set()
    for file in FILES:
        run(file.read_text())
    assert definitions() == made


def test_control_a_change_of_one_word_is_noticed():
    made = definitions()
    colours = next(file for file in FILES if file.stem == "colour_name").read_text()
    run(colours.replace("'teal'", "'cyan'"))
    assert definitions() != made
