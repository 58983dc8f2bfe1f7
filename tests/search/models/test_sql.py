"""The functions and triggers of the database are those that stand in search/sql."""

from pathlib import Path

import pgtrigger
import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.django_db
FILES = sorted((settings.BASE_DIR / "search" / "sql").glob("*.sql"))

# Neither what extensions bring nor pgtrigger and pghistory, whose own migrations make it.
OURS = """
pronamespace = 'public'::regnamespace AND proname !~ '^(pgtrigger|_pg)'
AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""
DEFINITIONS = f"""
SELECT pg_get_functiondef(oid) FROM pg_proc WHERE {OURS}
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal AND tgname !~ '^pgtrigger'
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
        f" WHERE {OURS} LOOP"
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


def test_the_triggers_of_history_are_those_of_the_models():
    triggers = [pair for pair in pgtrigger.registered() if pair[1].name.startswith("history_")]
    assert len(triggers) == 36
    for model, trigger in triggers:
        assert trigger.get_installation_status(model)[0] == "INSTALLED"
