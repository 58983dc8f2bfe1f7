"""Audiences: kept true by the database, whoever changes what they come from."""

import threading

import pytest
from django.db import connection, transaction

from search.library.merging import merge_collections
from search.models import Asset, Audience, Collection, Grant, User
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


def make_collection(name: str, *, is_open: bool = False) -> Collection:
    """One that is granted to somebody."""
    collection = Collection.objects.create(name=name, slug=name, is_open=is_open)
    collection.grants.create(person=make_user("ann"))
    return collection


def audience(asset: Asset) -> str | None:
    """The names of the collections of an asset's audience; "everyone", "no one", or None."""
    of_asset = Asset.objects.get(pk=asset.pk).audience
    if of_asset is None or of_asset.key in {"", "-"}:
        return of_asset and ("no one" if of_asset.key else "everyone")
    names = of_asset.collections.order_by("name").values_list("name", flat=True)
    assert of_asset.key == ",".join(
        map(str, of_asset.collections.order_by("pk").values_list("pk", flat=True))
    )
    return " ".join(names)


def test_an_asset_in_no_collection_has_none():
    assert audience(make_asset()) is None


def test_an_asset_in_an_open_collection_is_for_everyone():
    asset = make_asset(collection="water")
    make_collection("press").assets.add(asset)
    assert audience(asset) == "everyone"


def test_an_asset_is_for_whoever_sees_any_of_its_collections():
    asset = make_asset()
    for name in ("press", "archive"):
        make_collection(name).assets.add(asset)
    assert audience(asset) == "archive press"


def test_who_sees_it_changes_with_its_collections():
    asset, press, water = make_asset(), make_collection("press"), make_collection("water")
    press.assets.add(asset)
    water.assets.set([asset])
    press.assets.remove(asset)
    assert audience(asset) == "water"
    water.assets.clear()
    assert audience(asset) is None


def test_opening_a_collection_opens_what_is_in_it_and_closing_it_closes_that():
    asset, press = make_asset(), make_collection("press")
    press.assets.add(asset)
    Collection.objects.update(is_open=True)
    assert audience(asset) == "everyone"
    Collection.objects.update(is_open=False)
    assert audience(asset) == "press"


def test_a_collection_that_is_deleted_leaves_its_assets_to_the_others():
    asset, press = make_asset(), make_collection("press")
    press.assets.add(asset)
    make_collection("archive").assets.add(asset)
    press.delete()
    assert audience(asset) == "archive"


def test_assets_of_merged_collections_are_for_whoever_sees_the_one_that_stays():
    asset, press, news = make_asset(), make_collection("press"), make_collection("news")
    news.assets.add(asset)
    merge_collections(press, [news])
    assert audience(asset) == "press"


def test_a_row_of_the_link_that_is_moved_moves_the_audience():
    first, second, press = make_asset(title="a"), make_asset(title="b"), make_collection("press")
    press.assets.add(first)
    Collection.assets.through.objects.update(asset=second)
    assert (audience(first), audience(second)) == (None, "press")


def test_assets_in_the_same_collections_have_the_same_audience():
    press = make_collection("press")
    press.assets.add(*(make_asset(title=f"{n}") for n in range(3)))
    assert Audience.objects.exclude(key="").count() == 1


def test_an_asset_can_be_deleted_whatever_its_audience():
    asset, press = make_asset(), make_collection("press")
    press.assets.add(asset)
    asset.delete()
    assert not press.assets.exists()


def test_words_of_a_collection_that_is_not_open_are_no_words_of_its_assets():
    asset, press = make_asset(), make_collection("zanzibar", is_open=True)
    press.assets.add(asset)
    assert "zanzibar" in words(asset)
    Collection.objects.update(is_open=False)
    assert "zanzibar" not in words(asset)


def words(asset: Asset) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT words::text FROM search_assetwords WHERE asset_id = %s", [asset.pk])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_two_who_file_one_asset_at_once_leave_it_for_both_audiences():
    assets = [make_asset(title=f"{n}") for n in range(20)]
    collections = [make_collection(name) for name in ("press", "archive")]

    def file(collection: Collection) -> None:
        for asset in assets:
            collection.assets.add(asset)
        connection.close()

    threads = [threading.Thread(target=file, args=(each,)) for each in collections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {audience(asset) for asset in assets} == {"archive press"}


def test_a_collection_that_nobody_has_a_grant_to_shows_its_assets_to_no_one():
    asset, press = make_asset(), make_collection("press")
    press.assets.add(asset)
    press.grants.create(person=make_user("bob"), level="view")
    press.grants.first().delete()
    assert audience(asset) == "press"
    Grant.objects.all().delete()
    assert audience(asset) == "no one"


def test_the_first_grants_of_a_collection_show_its_assets():
    asset, press, water = make_asset(), make_collection("press"), make_collection("water")
    press.assets.add(asset)
    Grant.objects.all().delete()
    Grant.objects.bulk_create(
        [Grant(collection=press, person=make_user(name)) for name in ("ann", "bob")]
    )
    assert audience(asset) == "press"
    water.assets.add(asset)
    Grant.objects.filter(person__username="bob").update(collection=water)
    assert audience(asset) == "press water"


def test_grants_and_links_of_the_same_moment_agree(transactional_db):
    """Neither sees the other's row: whoever comes second waits for the collection."""
    asset, press = make_asset(), Collection.objects.create(name="p", slug="p", is_open=False)
    with transaction.atomic():
        press.assets.add(asset)
        granting = threading.Thread(target=grant_apart, args=(press, make_user("eve")))
        granting.start()
        granting.join(0.3)
        assert granting.is_alive()
    granting.join(10)
    assert audience(asset) == "p"


def grant_apart(collection: Collection, person: User) -> None:
    collection.grants.create(person=person)
    connection.close()


def test_audiences_of_no_asset_are_removed_and_others_are_not():
    asset, press, water = make_asset(), make_collection("press"), make_collection("water")
    press.assets.add(asset)
    water.assets.add(asset)
    water.assets.clear()
    make_asset(title="open", collection="all")
    Audience.objects.remove_unused()
    assert set(Audience.objects.values_list("key", flat=True)) == {"", str(press.pk)}
    assert audience(asset) == "press"


def test_a_grant_is_to_a_group_or_to_a_person():
    press = Collection.objects.create(name="press", slug="press", is_open=False)
    grant = Grant(collection=press, person=make_user(), level="view")
    assert str(grant) == "owner may view it"
