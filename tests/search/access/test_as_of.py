"""`as_of`: what viewers would have found by the terms of use of a day, for curators."""

import pytest

from search.forms import SearchForm, data_of
from search.models import Collection, Grant
from search.query import answer
from tests.support.factories import make_asset, make_user
from tests.support.terms import day, deny

pytestmark = pytest.mark.django_db


@pytest.fixture
def library(fake_encoder):
    """One asset was embargoed in March 2026, one expires in 2999, one is free."""
    march, expiring = (make_asset(title=t, embedded=True) for t in ("march", "expiring"))
    make_asset(title="free", embedded=True)
    deny(march, since=day("2026-03-01"), until=day("2026-04-01"))
    deny(expiring, since=day("2999-01-01"))


def curator():
    person = make_user("curator")
    person.is_staff = True
    person.save()
    return person


def titles(day: str, person) -> set[str]:
    form = SearchForm(data_of({"as_of": [day]}), person)
    assert form.is_valid(), form.errors
    return {hit.asset.title for hit in answer(form.query(), person).hits}


@pytest.mark.parametrize(
    ("day", "left"),
    [
        ("2026-02-28", {"march", "expiring", "free"}),
        ("2026-03-01", {"expiring", "free"}),
        ("2026-04", {"march", "expiring", "free"}),
        ("2999-06-01", {"march", "free"}),
    ],
)
def test_curators_get_what_viewers_would_have_found(library, day, left):
    assert titles(day, curator()) == left
    assert titles(day, make_user("boss", staff=True)) == left


def test_what_a_curator_may_not_see_today_no_day_brings_back(library, settings):
    settings.LIBRARY_OPEN = False
    press = Collection.objects.create(name="press", slug="press", is_open=False)
    asset = make_asset(title="denied", embedded=True)
    press.assets.add(asset)
    Grant.objects.create(collection=press, person=curator())
    deny(asset, since=day("2026-03-01"))
    assert titles("2026-01-01", curator()) == set()


def test_the_page_says_so_and_leads_back(library, curator_client):
    page = curator_client.get("/?q=red&as_of=2026-03-01").content.decode()
    assert "would have found as 2026-03-01 began" in page
    assert '<a href="/?q=red">Back to today</a>' in page


def test_viewers_are_told_that_it_is_not_theirs(library, reader_client):
    page = reader_client.get("/?as_of=2026-03-01")
    assert page.status_code == 400
    assert "Only curators may ask by “as_of”" in page.content.decode()


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "10000-01-01"])
def test_what_is_no_day_is_said_in_a_sentence(library, curator_client, day):
    page = curator_client.get("/", {"as_of": day})
    assert page.status_code == 400
    assert f"“{day}” is no date" in page.content.decode()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_day_and_the_last_are_days(library, curator_client, day):
    assert curator_client.get("/", {"as_of": day}).status_code == 200
