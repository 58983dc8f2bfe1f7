"""Old names: what leads to a label, a collection or an account still finds it under its new one."""

from importlib import import_module

import pytest
from django.apps import apps

from search.library.merging import merge_collections, merge_labels
from search.management.commands import ingest
from search.models import Collection, Label, OldName, SavedName, SavedSearch, User
from search.query import Malformed, Query, saved
from search.query.filters import read
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db

migration = import_module("search.migrations.0028_saved_searches_keep_rows")


@pytest.fixture
def anna():
    return make_user("anna")


@pytest.fixture
def barn(anna):
    return make_asset(title="barn", labels=("mug",), collection="trips", owner=anna)


def rename_all():
    """Each by an UPDATE, past every save(): whoever renames, the database keeps the old name."""
    Label.objects.filter(name="mug").update(name="Cup")
    Collection.objects.filter(slug="trips").update(name="Journeys", slug="journeys")
    User.objects.filter(username="anna").update(username="ann")


FILTERS = (("label", "mug", "Cup"), ("not_label", "mug", "Cup"), ("owner", "anna", "ann"))
FILTERS += (("collection", "trips", "journeys"),)


def save(anna, **filters):
    query = Query(filters=tuple(filters.items()))
    return saved.save(query, name="all", shared=False, owner=anna)


def test_an_old_name_leads_to_the_new_one_however_it_is_spelled(barn):
    rename_all()
    for name, old, new in FILTERS:
        for spelled in (old, f" {old.upper()} "):
            assert read(name, spelled, make_user()) == (name, new)


def test_a_name_that_was_given_up_long_ago_leads_there_too_and_back(barn):
    label = Label.objects.get()
    for name in ("cup", "beaker", "mug"):
        Label.objects.filter(pk=label.pk).update(name=name)
    assert {read("label", name, make_user())[1] for name in ("cup", "beaker", "mug")} == {"mug"}


def test_control_a_name_that_nothing_ever_had_leads_nowhere(barn):
    rename_all()
    with pytest.raises(Malformed, match="There is no label “mugs”"):
        read("label", "mugs", make_user())


def test_another_spelling_of_a_name_is_no_old_name(barn):
    Label.objects.update(name="MUG")
    assert not OldName.objects.exists()


def test_what_takes_an_old_name_wins_and_gives_it_up_in_turn(barn):
    rename_all()
    new = Label.objects.create(name="mug")
    assert read("label", "mug", make_user()) == ("label", "mug")
    Label.objects.filter(pk=new.pk).update(name="jug")
    assert read("label", "mug", make_user()) == ("label", "jug")


def test_an_old_name_goes_with_what_was_called_so(barn):
    rename_all()
    Label.objects.all().delete()
    with pytest.raises(Malformed, match="There is no label “mug”"):
        read("label", "mug", make_user())


def test_the_names_of_what_was_merged_lead_to_what_stays(barn, anna):
    cup, jug = (Label.objects.create(name=name) for name in ("cup", "jug"))
    Label.objects.filter(pk=jug.pk).update(name="pitcher")
    search = save(anna, label="pitcher")
    merge_labels(cup, [jug, Label.objects.get(name="mug")])
    Label.objects.create(name="pitcher")

    assert {read("label", name, make_user())[1] for name in ("mug", "jug")} == {"cup"}
    assert search.parameters_today() == {"label": ["cup"]}


def test_the_slugs_of_collections_that_were_merged_lead_to_the_one_that_stays(barn):
    home = Collection.objects.create(name="At home", slug="home")
    merge_collections(home, [Collection.objects.get(slug="trips")])
    assert read("collection", "trips", make_user()) == ("collection", "home")


# In addresses and on the command line ------------------------------------------------------------


def test_an_address_with_old_names_redirects_and_keeps_its_page(barn, reader_client):
    rename_all()
    response = reader_client.get("/?q=red&label=mug&collection=Trips&owner=anna&page=3")
    assert response.status_code == 302
    assert response["Location"] == "/?q=red&collection=journeys&label=Cup&owner=ann&page=3"
    assert reader_client.get(response["Location"]).status_code == 200


def test_control_an_address_with_the_names_of_today_is_answered(barn, reader_client):
    assert reader_client.get("/?label=mug&collection=trips&owner=anna").status_code == 200


def test_an_old_name_in_the_box_is_shown_as_what_it_is_called_now(barn, reader_client):
    rename_all()
    page = reader_client.get("/", {"q": 'label:mug collection:"TRIPS"'}).content.decode()
    assert "<bdi>Cup</bdi>" in page and "<bdi>Journeys</bdi>" in page and "barn" in page


def test_commands_lead_to_what_is_called_otherwise_now(barn, anna):
    rename_all()
    assert ingest.owner_named("anna") == anna
    assert ingest.collection_with("trips") == barn.collections.get()
    assert Collection.objects.count() == 1


# In saved searches -------------------------------------------------------------------------------


def test_a_saved_search_means_the_same_rows_under_their_new_names(barn, anna, client):
    search = save(anna, label="mug", collection="trips", owner="anna")
    rename_all()
    for model, field in ((Label, "name"), (Collection, "slug"), (User, "username")):
        model.objects.create(**{field: {"name": "mug", "slug": "trips"}.get(field, "anna")})

    today = {"label": ["Cup"], "collection": ["journeys"], "owner": ["ann"]}
    assert search.parameters_today() == today
    client.force_login(anna)
    page = client.get(search.get_absolute_url()).content.decode()
    assert "<bdi>Cup</bdi>" in page and "barn" in page
    assert "<bdi>Cup</bdi>" in client.get("/saved/").content.decode()


def test_a_saved_search_says_what_is_gone_by_the_name_that_it_had(barn, anna, client):
    search = save(anna, label="mug")
    Label.objects.all().delete()
    client.force_login(anna)
    page = client.get(search.get_absolute_url()).content.decode()
    assert "There is no label “mug”." in page


def test_the_list_reads_the_names_of_all_searches_at_once(barn, anna, django_assert_num_queries):
    for number in range(3):
        query = Query(filters=(("label", "mug"), ("owner", "anna")))
        saved.save(query, name=str(number), shared=False, owner=anna)
    with django_assert_num_queries(4):
        list(map(SavedSearch.parameters_today, SavedSearch.objects.with_names()))


def test_searches_that_were_saved_before_mean_the_rows_of_their_names(barn, anna):
    parameters = {"q": ["red"], "not_label": ["mug"], "collection": ["trips"], "label": ["gone"]}
    search = SavedSearch.objects.create(owner=anna, name="old", parameters=parameters)
    migration.keep_rows(apps, None)
    rename_all()

    today = parameters | {"not_label": ["Cup"], "collection": ["journeys"]}
    assert search.parameters_today() == today
    migration.write_names(apps, None)
    search.refresh_from_db()
    assert search.parameters == today
    assert SavedName.objects.count() == 2
