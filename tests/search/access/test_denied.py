"""What terms of use hide is there on no path, from the moment on that they say."""

import pytest
from django.urls import reverse

from search.forms import SearchForm, data_of
from search.models import Asset, Embedding, SavedSearch
from search.pages import progress
from search.query import Query, answer, spelling
from search.query.completion import completions
from tests.support.factories import make_asset, make_user
from tests.support.terms import day, deny, set_clock

pytestmark = pytest.mark.django_db
EMBARGO = "2026-03-01"


@pytest.fixture(autouse=True)
def library(fake_encoder):
    """ "secret" is embargoed until March; "open" is not, and like it."""
    fields = {"embedded": True, "thumbnail": True, "collection": "water"}
    secret = make_asset(title="secret zebra", labels=("zebra",), colour="red", **fields)
    other = make_asset(title="open", labels=("farm",), colour="red", **fields)
    Asset.objects.update(cluster=other.pk)
    deny(secret, until=day(EMBARGO))


def secret() -> Asset:
    return Asset.objects.get(title="secret zebra")


def other() -> Asset:
    return Asset.objects.get(title="open")


def titles(query: Query, person) -> set[str]:
    return {hit.asset.title for hit in answer(query, person).hits}


def finds(given: dict[str, list[str]], person) -> bool:
    form = SearchForm(data_of(given), person)
    return form.is_valid() and "secret zebra" in titles(form.query(), person)


def status(name: str):
    return lambda client, person: client.get(reverse(name, args=[secret().pk])).status_code == 200


def query(**given):
    return lambda client, person: finds(
        {k: [v() if callable(v) else v] for k, v in given.items()}, person
    )


def is_completed(text: str):
    return lambda client, person: any("zebra" in c.text for c in completions(text, person))


def collapsed(client, person) -> bool:
    """Whether it is counted as a near-duplicate of the one that is seen."""
    hits = answer(Query.of("red"), person).hits
    return any(hit.duplicates for hit in hits)


def facets(client, person) -> bool:
    result = answer(Query(), person, with_facets=True)
    return result.count == 2 and "zebra" in {c.value for c in result.facets.get("label", ())}


def meant(client, person) -> bool:
    query = spelling.correction(Query.of("zebro"), person)
    return query is not None and "zebra" in str(query.words)


def shared(client, person) -> bool:
    search, _ = SavedSearch.objects.get_or_create(
        owner=make_user("other"), name="all", parameters={"q": ["zebra"]}, shared=True
    )
    return "secret zebra" in client.get(search.get_absolute_url(), follow=True).content.decode()


def waiting(client, person) -> bool:
    Embedding.objects.update(fulfilled=None, vector=None)
    return progress(person)["waiting"] == 2


def similar(client, person) -> bool:
    return "secret zebra" in client.get(other().get_absolute_url()).content.decode()


# Whether the asset, or anything of it, is met on a path.
PATHS = {
    "its page": status("asset"),
    "its quick look": status("look"),
    "its thumbnail": status("thumbnail"),
    "its preview": status("preview"),
    "its original": status("original"),
    "all": query(),
    "words": query(q="zebra"),
    "its id": query(q=lambda: str(secret().pk)),
    "a vector": query(q="red", duplicates="1"),
    "similar": query(like=lambda: str(other().pk), duplicates="1"),
    "a region": query(like=lambda: f"{other().pk}@0,0,0.5,0.5", duplicates="1"),
    "as an example": query(like=lambda: str(secret().pk), everything="1", q="zebra"),
    "a label": query(label="zebra"),
    "a collection": query(collection="water"),
    "a colour": query(colour="red"),
    "an owner": query(owner="owner"),
    "what is new": query(new_since="2020-01-01T00:00:00Z"),
    "facets and counts": facets,
    "near-duplicates of a hit": collapsed,
    "the page of a near-duplicate": similar,
    "the completion of a title": is_completed("secr"),
    "the completion of a label": is_completed("label:ze"),
    "did you mean": meant,
    "a shared search": shared,
    "how many wait": waiting,
}
# Paths on which an asset is met by nobody, since its picture is no answer to itself.
NEVER = {"as an example"}


@pytest.mark.parametrize("path", PATHS)
def test_a_viewer_meets_it_on_no_path_until_it_is_cleared(client, monkeypatch, path):
    person = make_user("reader")
    client.force_login(person)
    set_clock(monkeypatch, "2026-02-28T23:59:59")
    met = PATHS[path](client, person)
    set_clock(monkeypatch, EMBARGO)
    assert (met, PATHS[path](client, person)) == (False, path not in NEVER)  # Control: the second.
