"""Who is answered what about an asset by the state it is in: as in states.csv beside this file.

Written anew by

    ROUTES=write .venv/bin/python -m pytest tests/search/views/test_states.py

One that is open to everyone is in routes.csv.
"""

import os
from pathlib import Path

import pytest
from django.db import transaction

from search.models import Asset, Term
from tests.support.promises import FULL
from tests.support.routes import METHODS, Cell, Doors, differences, quickly, read, routes, write
from tests.support.states import PEOPLE, STATES, admit_members

pytestmark = [pytest.mark.django_db, pytest.mark.promise("P7")]
TABLE = Path(__file__).with_name("states.csv")
EVERY = TABLE.with_name("routes.csv")  # Of assets that are open.
PAGES, EDITING, TRASH = (
    "assets/<uuid:pk>",
    "admin/search/asset/<path:object_id>",
    "admin/search/trashedasset/<path:object_id>",
)
ABOUT = (PAGES, EDITING, TRASH, "admin/search/asset/<uuid:pk>")
# Methods and roles that are tried where time is short.
QUICK = ("GET",), ("public", "viewer", "contributor", "curator", "editor")
NOWHERE = {302, 403, 404, 405}  # Found is to the sign-in; forbidden before anything is looked up.
HIDDEN = ["of a group", "embargoed", "expired", "in the trash"]


@pytest.fixture
def doors(settings, fake_encoder, monkeypatch):
    for module in ("asset", "label", "encoder", "training"):
        monkeypatch.setattr(f"search.admin.{module}.ring", lambda *args: None)
    doors = Doors(settings)
    admit_members(doors)
    for route in (EDITING, TRASH):
        doors.rows[route] = route.replace("<path:object_id>", str(the_asset(doors).pk))
    return doors


def the_asset(doors: Doors) -> Asset:
    return Asset.objects.get(pk=doors.rows[PAGES].removeprefix("assets/"))


def answers(
    doors: Doors, state: str, settings, methods: tuple[str, ...], roles: tuple[str, ...] = PEOPLE
) -> list[Cell]:
    """Those about the asset in a state, which is left again."""
    about = [route for route in routes() if route.startswith(ABOUT)]
    was_open = settings.LIBRARY_OPEN
    with transaction.atomic():
        STATES[state](the_asset(doors), settings)
        cells = doors.cells(about, methods, roles)
        transaction.set_rollback(True)
    settings.LIBRARY_OPEN = was_open
    return [cell._replace(route=f"{cell.route} of one {state}") for cell in cells]


def test_every_role_is_answered_by_the_state_as_the_table_says(doors, settings, figure):
    methods, roles = (METHODS, PEOPLE) if FULL or "ROUTES" in os.environ else QUICK
    with quickly(doors):
        cells = [c for state in STATES for c in answers(doors, state, settings, methods, roles)]
    if os.environ.get("ROUTES") == "write":
        write(TABLE, cells)

    asked = len(cells) * len(methods)
    figure("P7", f"{len(STATES)} states of an asset: {asked:,} answers as in states.csv")
    table = [cell for cell in read(TABLE) if cell.role in roles]
    assert differences(table, cells) == []


def test_control_a_state_that_is_not_asked_for_is_noticed(doors, settings, monkeypatch):
    monkeypatch.setattr(Term, "ACTING", ())
    monkeypatch.setitem(STATES, "embargoed", lambda asset, settings: None)
    with quickly(doors):
        cells = answers(doors, "embargoed", settings, ("GET",))

    changes = differences([c for c in read(TABLE) if c.route.endswith("embargoed")], cells)
    page = "assets/<uuid:pk>/ of one embargoed"
    assert f"{page} for viewer: GET answers 200, by the table 404." in changes


# What the table says ---------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["stranger", "public", "viewer", "contributor"])
@pytest.mark.parametrize("state", HIDDEN)
def test_what_is_hidden_is_nowhere_for_who_may_not_edit_it(state, role):
    cells = [c for c in read(TABLE) if c.route.endswith(f" {state}") and c.role == role]
    always = {c.route: c.statuses[0] for c in read(EVERY) if c.role == role}

    assert cells
    for cell in cells:
        assert set(cell.statuses) <= NOWHERE, cell
        # No other answer than there is of any asset, or that there is none.
        assert cell.statuses[0] in {always[cell.route.partition(" of one")[0]], 404}, cell


def test_what_is_of_another_group_is_nowhere_for_a_curator_and_there_for_one_of_the_group():
    cells = [c for c in read(TABLE) if c.route.endswith(" of a group")]
    page = f"{EDITING}/change/ of one of a group"
    by_role = {cell.role: cell.statuses[0] for cell in cells if cell.route == page}

    assert (by_role["curator"], by_role["editor"]) == (302, 200)
    assert all(200 not in cell.statuses for cell in cells if cell.role == "curator")


def test_what_lies_in_the_trash_is_there_alone_and_for_whoever_may_edit_it():
    cells = [c for c in read(TABLE) if c.route.endswith(" in the trash")]
    elsewhere = [c for c in cells if not c.route.startswith(TRASH)]

    assert not any(200 in cell.statuses for cell in elsewhere)
    page = f"{TRASH}/change/ of one in the trash"
    there = {cell.role for cell in cells if cell.route == page and cell.statuses[0] == 200}
    assert there == {"curator", "editor", "superuser"}
