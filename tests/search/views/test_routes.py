"""Who is let in where: every route by every role and method, as in routes.csv beside this file.

A new route, or another answer, is written there by

    ROUTES=write .venv/bin/python -m pytest tests/search/views/test_routes.py

and `git diff` shows what has changed for whom. A stranger in a line that says "public" is one
where PUBLIC_SEARCH is on.
"""

import os
from pathlib import Path
from types import ModuleType

import pytest
from django.http import HttpResponse
from django.urls import include, path

from search import urls
from tests.support.promises import FULL
from tests.support.routes import (
    METHODS,
    ROLES,
    Cell,
    Doors,
    differences,
    quickly,
    read,
    routes,
    write,
)

pytestmark = [pytest.mark.django_db, pytest.mark.promise("P7")]
TABLE = Path(__file__).with_name("routes.csv")
# Methods that are tried where time is short: no view tells the others apart from these.
QUICK = ("GET", "DELETE", "POST")
# Statuses of a page that did what it was asked for.
DONE = range(200, 300)
# No worker of the test's answers.
NOT_READY = "readyz"


@pytest.fixture
def doors(settings, fake_encoder, monkeypatch):
    for module in ("asset", "label", "encoder", "training"):
        monkeypatch.setattr(f"search.admin.{module}.ring", lambda *args: None)
    return Doors(settings)


def test_every_role_is_answered_as_the_table_says(doors, figure):
    methods = METHODS if FULL or "ROUTES" in os.environ else QUICK
    if FULL:  # The same with every page filled in.
        answers = doors.cells(routes(), methods)
    else:
        with quickly(doors):
            answers = doors.cells(routes(), methods)
    if os.environ.get("ROUTES") == "write":
        write(TABLE, answers)

    every = f"{len(routes())} routes, {len(ROLES)} roles, {len(methods)} methods"
    figure("P7", f"{every}: {len(answers) * len(methods):,} answers as in routes.csv")
    assert differences(read(TABLE), answers) == []


def conf(*patterns) -> ModuleType:
    """A URLconf of these routes."""
    module = ModuleType("conf")
    module.urlpatterns = [*patterns]
    module.handler403, module.handler404 = (
        f"search.views.errors.{name}" for name in ("forbidden", "not_found")
    )
    return module


def open_door(request):
    return HttpResponse()


def others(name):
    return [pattern for pattern in urls.urlpatterns if pattern.name != name]


def test_control_a_route_that_is_new_is_missed_in_the_table(doors, settings):
    settings.ROOT_URLCONF = conf(path("new/", open_door, name="new"), *urls.urlpatterns)

    answers = doors.cells(["new/"])

    assert "new/ for viewer is not in the table." in differences(read(TABLE), answers)
    assert "new/" in routes() and "new/" not in {cell.route for cell in read(TABLE)}


def test_control_a_route_that_lost_its_guard_is_noticed(doors, settings):
    guarded = "upload/status/"
    table = [cell for cell in read(TABLE) if cell.route == guarded]
    opened = [path(guarded, open_door), path("", include(others("upload_status")))]
    settings.ROOT_URLCONF = conf(*opened)

    changes = differences(table, doors.cells([guarded]))

    assert f"{guarded} for viewer: GET answers 200, by the table 403." in changes


def test_control_a_route_without_a_row_to_ask_for_it_says_so(doors):
    with pytest.raises(AssertionError, match="films/<uuid:pk>/: .* has no row"):
        doors.cells(["films/<uuid:pk>/"])


# What the table says ---------------------------------------------------------------------------


def test_no_door_breaks():
    broken = [cell for cell in read(TABLE) if cell.route != NOT_READY and max(cell.statuses) >= 500]

    assert broken == []


def done(cell: Cell, *methods: str) -> bool:
    """Whether one of these methods does what it is asked for."""
    answers = dict(zip(METHODS, cell.statuses, strict=True))
    return any(answers[method] in DONE for method in methods)


def test_a_stranger_is_shown_nothing_but_the_doors_themselves():
    open_to_all = {"sign-in/", "invitation/<slug:token>/", "healthz", NOT_READY}
    open_to_all |= {f"sign-in/{page}/" for page in ("forgotten", "forgotten/sent", "password/set")}
    open_to_all |= {"sign-in/password/<uidb64>/<token>/"}
    open_pages = {c.route for c in read(TABLE) if c.role == "stranger" and done(c, "GET", "POST")}

    assert open_pages <= open_to_all


# What a contributor opens in the admin: pages about assets, and what these ask for.
THEIR_OWN = ("admin/search/asset/", "admin/search/trashedasset/")
OF_ASSETS = (*THEIR_OWN, "admin/autocomplete/", "admin/jsi18n/", "admin/logout/")


def test_nobody_but_curators_and_contributors_is_let_into_the_admin():
    doors = {
        cell
        for cell in read(TABLE)
        if cell.route.startswith("admin/") and done(cell, "GET", "POST", "DELETE")
    }

    assert {cell.role for cell in doors} == {"contributor", "curator", "superuser"}
    opened = {cell.route for cell in doors if cell.role == "contributor"}
    assert opened <= {route for route in opened if route.startswith(OF_ASSETS)}


def test_a_contributor_is_answered_in_the_rest_of_the_admin_as_a_viewer_is():
    by_role = {(cell.route, cell.role): cell.statuses for cell in read(TABLE)}
    routes = {route for route, _ in by_role if route.startswith("admin/search/")}
    rest = [route for route in routes if not route.startswith(THEIR_OWN)]

    assert rest
    for route in rest:
        assert by_role[route, "contributor"] == by_role[route, "viewer"], route


def test_what_somebody_saved_for_themselves_is_not_there_for_others():
    cells = [cell for cell in read(TABLE) if cell.route.startswith("saved/<uuid:pk>/")]
    viewers = [set(cell.statuses) for cell in cells if cell.role in ("viewer", "superuser")]

    assert all(statuses <= {404, 405} for statuses in viewers)
    assert any(200 in cell.statuses for cell in cells if cell.role == "owner")
