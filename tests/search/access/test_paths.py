"""What one may not see is there on no path: not by its address, its id, its name or its number."""

import re

import pytest
from django.urls import reverse

from search.access.rules import may
from search.forms import SearchForm, data_of
from search.models import Asset, Collection, Embedding, Grant, Group, SavedSearch
from search.query import Query, answer, saved
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(settings, fake_encoder):
    """A library that is not open: "secret" is in a collection of the press group's, "own" is the
    reader's, "public" in an open collection."""
    settings.LIBRARY_OPEN = False
    press = Collection.objects.create(name="Embargo", slug="embargo", is_open=False)
    group = Group.objects.create(name="Press")
    Grant.objects.create(collection=press, group=group)
    press.assets.add(make_asset(title="secret", labels=("zebra",), embedded=True, thumbnail=True))
    make_asset(title="own", owner=make_user("reader"), embedded=True)
    make_asset(title="public", collection="water", embedded=True)
    return group


@pytest.fixture
def reader(client):
    person = make_user("reader")
    client.force_login(person)
    return person


def secret() -> Asset:
    return Asset.objects.get(title="secret")


def paths() -> list[str]:
    pk = secret().pk
    files = [reverse(name, args=[pk]) for name in ("thumbnail", "preview", "original")]
    return [
        secret().get_absolute_url(),
        reverse("look", args=[pk]),
        *files,
    ]


def test_all_addresses_of_it_answer_as_those_of_nothing(closed, client, reader):
    missing = str(secret().pk).replace(str(secret().pk)[:8], "00000000")
    for path in paths():
        there, nothing = client.get(path), client.get(path.replace(str(secret().pk), missing))
        assert (there.status_code, nothing.status_code) == (404, 404), path
        assert there.content.replace(path.encode(), b"") == nothing.content.replace(
            path.replace(str(secret().pk), missing).encode(), b""
        ), path


def test_who_is_in_the_group_sees_it(closed, client, reader):
    reader.groups.add(closed)
    assert {client.get(path).status_code for path in paths()} == {200}


def test_who_leaves_the_group_sees_it_no_more_at_the_next_request(closed, client, reader):
    reader.groups.add(closed)
    assert client.get(secret().get_absolute_url()).status_code == 200
    reader.groups.remove(closed)
    assert client.get(secret().get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    "given",
    [
        {"label": ["zebra"]},
        {"collection": ["embargo"]},
        {"q": ["collection:embargo"]},
        {"any_collection": ["Embargo"]},
    ],
)
def test_its_names_are_unknown_as_names_of_nothing_are(closed, reader, given):
    form = SearchForm(data_of(given), reader)
    assert not form.is_valid()
    name, (value,) = next(iter(given.items()))
    other = SearchForm(data_of({name: [value.lower().replace("embargo", "nothing")]}), reader)
    if "embargo" in value.lower():
        said = [s.lower().replace("embargo", "nothing") for s in form.sentences()]
        assert said == [s.lower() for s in other.sentences()]


def test_an_example_that_one_may_not_see_is_no_example(closed, reader):
    form = SearchForm(data_of({"like": [str(secret().pk)]}), reader)
    assert form.sentences() == ["This asset is not in the library."]


def test_a_search_that_is_shared_shows_each_what_they_see(closed, reader):
    owner = make_user("owner")
    Grant.objects.create(collection=Collection.objects.get(slug="embargo"), person=owner)
    SavedSearch.objects.create(owner=owner, name="all", parameters={}, shared=True)
    for person, titles in ((owner, {"secret", "public"}), (reader, {"own", "public"})):
        assert {hit.asset.title for hit in answer(Query(), person).hits} == titles


def test_strangers_see_what_is_in_open_collections_where_search_is_public(closed, client, settings):
    settings.PUBLIC_SEARCH = True
    assert [hit.asset.title for hit in client.get("/").context["answer"].hits] == ["public"]
    assert client.get(secret().get_absolute_url()).status_code == 404


def test_in_an_open_library_everyone_sees_it_and_not_what_its_collection_is_called(
    closed, client, reader, settings
):
    settings.LIBRARY_OPEN = True
    page = client.get(secret().get_absolute_url())
    assert page.status_code == 200
    assert "Embargo" not in page.content.decode()
    assert "Embargo" not in client.get("/?q=collection:emb").content.decode().replace(
        "collection:emb", ""
    )


@pytest.mark.parametrize(
    ("level", "edits"), [("view", False), ("contribute", True), ("manage", True)]
)
def test_curators_edit_what_a_grant_lets_them(closed, level, edits):
    curator = make_user("curator")
    curator.is_staff = True
    curator.save()
    grant = Grant(collection=Collection.objects.get(slug="embargo"), person=curator, level=level)
    grant.save()
    assert may(curator, "see", secret())
    assert may(curator, "edit", secret()) == edits
    assert may(curator, "edit", grant.collection) == (level == "manage")


def test_whoever_is_no_curator_edits_nothing(closed, reader):
    assert not may(reader, "edit", Asset.objects.get(title="own"))
    assert not may(reader, "edit", Collection.objects.get(slug="water"))


@pytest.mark.parametrize("path", ["/admin/search/asset/", "/admin/search/collection/"])
def test_the_admin_lists_what_a_curator_may_see(closed, client, path):
    curator = make_user("curator")
    curator.is_staff = True
    curator.save()
    client.force_login(curator)
    page = client.get(path).content.decode()
    assert "secret" not in page
    assert "Embargo" not in page
    Grant.objects.create(collection=Collection.objects.get(slug="embargo"), person=curator)
    assert "Embargo" in client.get(path).content.decode()


def test_in_the_admin_a_curator_changes_nothing_that_they_only_see(closed, client):
    curator = make_user("curator")
    curator.is_staff = True
    curator.save()
    client.force_login(curator)
    embargo = Collection.objects.get(slug="embargo")
    Grant.objects.create(collection=embargo, person=curator)
    for path in (
        f"/admin/search/asset/{secret().pk}/change/",
        f"/admin/search/collection/{embargo.pk}/change/",
    ):
        assert 'name="_save"' not in client.get(path).content.decode()
        assert client.post(path, {"title": "x", "name": "x"}).status_code in (302, 403, 404)
    assert (secret().title, Collection.objects.get(pk=embargo.pk).name) == ("secret", "Embargo")


def test_how_many_wait_is_told_of_what_one_may_see(closed, client, reader):
    Embedding.objects.update(fulfilled=None, vector=None)
    assert client.get("/").context["waiting"] == 2
    reader.groups.add(closed)
    assert client.get("/").context["waiting"] == 3


# What is shared ------------------------------------------------------------------------------


def shared(name: str, value: str) -> SavedSearch:
    """A search of somebody who sees the embargoed pictures, shared with everyone."""
    owner = make_user("sharer")
    owner.groups.add(Group.objects.get(name="Press"))
    Grant.objects.get_or_create(collection=Collection.objects.get(slug="embargo"), person=owner)
    form = SearchForm(data_of({name: [value]}), owner)
    assert form.is_valid(), form.sentences()
    return saved.save(form.query(), name="ours", shared=True, owner=owner)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("collection", "embargo", "a collection that is gone"),
        ("any_collection", "embargo", "a collection that is gone"),
        ("label", "zebra", "a label that is gone"),
        ("owner", "owner", "an account that is gone"),
    ],
)
def test_a_shared_search_names_nothing_that_its_reader_does_not_see(
    closed, client, reader, name, value, kind
):
    Asset.objects.filter(title="public").delete()  # The other of that owner.
    search = shared(name, value)
    card = reverse("saved_search_card", args=[search.pk])
    for path in (search.get_absolute_url(), reverse("saved_searches"), card):
        page = client.get(path).content.decode()
        assert kind in page, path
        assert value not in page.lower(), path
        assert "secret" not in page, path


def test_a_shared_search_says_the_same_of_what_is_hidden_and_of_what_is_gone(
    closed, client, reader
):
    path = shared("collection", "embargo").get_absolute_url()
    client.get(path)  # The first look, after which nothing is new.

    def page() -> str:
        return re.sub(r"[A-Za-z0-9]{64}", "", client.get(path).content.decode())  # No token.

    hidden = page()
    Collection.objects.get(slug="embargo").delete()
    assert page() == hidden


def test_whoever_lost_sight_of_a_collection_does_not_learn_its_new_name(closed, client, settings):
    search = shared("collection", "embargo")
    client.force_login(search.owner)
    Grant.objects.all().delete()
    Collection.objects.filter(slug="embargo").update(name="Scandal", slug="scandal")
    page = client.get(search.get_absolute_url()).content.decode()
    assert "There is no collection “embargo”." in page
    assert "candal" not in page


def test_control_a_reader_who_sees_the_collection_gets_its_hits(closed, client, reader):
    reader.groups.add(closed)
    page = client.get(shared("collection", "embargo").get_absolute_url()).content.decode()
    assert "secret" in page and "Embargo" in page


# Names of accounts ---------------------------------------------------------------------------


def test_an_account_of_which_one_sees_nothing_is_as_unknown_as_nobody(closed, reader):
    make_user("ghost")
    make_asset(title="hidden", owner=make_user("spy"))
    for name in ("ghost", "spy", "nobody"):
        form = SearchForm(data_of({"owner": [name]}), reader)
        assert form.sentences() == [f"Nobody here is called “{name}”."]
    assert SearchForm(data_of({"owner": ["reader"]}), reader).is_valid()
    assert SearchForm(data_of({"owner": ["owner"]}), reader).is_valid()


def test_completions_name_those_alone_whose_pictures_one_sees(closed, client, reader):
    make_asset(title="hidden", owner=make_user("owl"))
    page = client.get("/completions/", {"q": "owner:ow"}).content.decode()
    assert "owner:owner" in page
    assert "owl" not in page


def test_the_filter_of_owners_in_the_admin_names_those_whose_pictures_a_curator_sees(
    closed, client
):
    make_asset(title="hidden", owner=make_user("spy"))
    client.force_login(make_user("curator", role="curator"))
    page = client.get(reverse("admin:search_asset_changelist")).content.decode()
    assert ">owner<" in page.replace("\n", "").replace(" ", "")
    assert "spy" not in page
