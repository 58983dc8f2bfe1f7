"""What is kept of a change, however it was made."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from search.library import label_suggestions
from search.models import Asset, AssetLabel, Change, Collection, Grant, Label, User
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


def changes(kind: str, **about) -> list[tuple]:
    rows = Change.objects.filter(kind=kind, **about).order_by("id")
    return list(rows.values_list("deed", "before", "after"))


def updates(kind: str = "asset") -> list[tuple]:
    return [change[1:] for change in changes(kind, deed="update")]


def by_saving(asset):
    asset.title = "cup"
    asset.save()


def by_update(asset):
    Asset.objects.filter(pk=asset.pk).update(title="cup")


def by_bulk_update(asset):
    asset.title = "cup"
    Asset.objects.bulk_update([asset], ["title"])


def by_sql(asset):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE search_asset SET title = 'cup'")


@pytest.mark.parametrize("change", [by_saving, by_update, by_bulk_update, by_sql])
def test_a_change_is_kept_however_it_is_made(change):
    asset = make_asset(title="barn")
    change(asset)
    assert updates() == [({"title": "barn"}, {"title": "cup"})]
    assert Change.objects.latest("id").asset == asset.pk


def test_each_row_of_a_statement_is_kept():
    pair = {make_asset().pk, make_asset().pk}
    Asset.objects.update(description="both")
    assert set(Change.objects.filter(deed="update").values_list("asset", flat=True)) == pair


def test_what_the_program_works_out_is_not_kept():
    asset = make_asset()
    Asset.objects.update(rules=7, cluster=asset.pk, colour="#ffffff", title=asset.title)
    assert updates() == []


def test_an_upload_is_kept_with_its_first_values():
    asset = make_asset(title="barn")
    ((deed, before, after),) = changes("asset", asset=asset.pk)
    assert (deed, before, after["title"], after["owner"]) == (
        "insert",
        None,
        "barn",
        asset.owner_id,
    )


def test_a_deletion_is_kept_and_outlives_the_asset():
    asset = make_asset(title="barn", labels=("red",), collection="water")
    Asset.objects.filter(pk=asset.pk).delete()
    gone = Change.objects.filter(asset=asset.pk, deed="delete")
    assert set(gone.values_list("kind", flat=True)) == {"asset", "asset_label", "in_collection"}


def test_a_label_that_a_person_gives_is_kept_and_no_suggestion():
    asset, label = make_asset(), Label.objects.create(name="red")
    AssetLabel.objects.create(asset=asset, label=label, source="encoder", score=0.5)
    assert changes("asset_label") == []
    label_suggestions.confirm(asset, label)
    assert [deed for deed, *_ in changes("asset_label")] == ["insert"]
    AssetLabel.objects.all().delete()
    assert [deed for deed, *_ in changes("asset_label", label=label.pk)] == ["insert", "delete"]


def test_links_with_collections_are_kept():
    asset, water = make_asset(), Collection.objects.create(name="water", slug="water")
    water.assets.add(asset)
    water.assets.clear()
    about = {"asset": asset.pk, "collection": water.pk}
    assert [deed for deed, *_ in changes("in_collection", **about)] == ["insert", "delete"]


def test_names_labels_grants_and_groups_are_kept():
    press = Group.objects.create(name="press")
    water = Collection.objects.create(name="water", slug="water")
    grant = Grant.objects.create(collection=water, group=press)
    Grant.objects.filter(pk=grant.pk).update(level="manage")
    Collection.objects.update(is_open=False)
    Label.objects.create(name="red")
    Label.objects.update(synonyms=["crimson"])
    assert updates("grant") == [({"level": "view"}, {"level": "manage"})]
    assert updates("collection") == [({"is_open": True}, {"is_open": False})]
    assert updates("label") == [({"synonyms": []}, {"synonyms": ["crimson"]})]
    assert [change[0] for change in changes("group")] == ["insert"]


def test_who_is_in_a_group_is_kept():
    ann, press = make_user("ann"), Group.objects.create(name="press")
    ann.groups.add(press)
    ann.groups.remove(press)
    about = {"person": ann.pk, "group": press.pk}
    assert [deed for deed, *_ in changes("membership", **about)] == ["insert", "delete"]


def test_rights_of_an_account_are_kept_and_neither_its_password_nor_its_sign_ins(client):
    ann = make_user("ann")
    ann.set_password("another password")
    ann.save()
    client.force_login(ann)
    User.objects.filter(pk=ann.pk).update(is_staff=True)
    assert updates("account") == [({"is_staff": False}, {"is_staff": True})]
    assert "password" not in changes("account")[0][2]


def test_an_account_is_deleted_and_what_it_did_stays():
    ann = make_user("ann")
    User.objects.filter(pk=ann.pk).update(is_staff=True)
    ann.delete()
    assert [deed for deed, *_ in changes("account")] == ["insert", "update", "delete"]
