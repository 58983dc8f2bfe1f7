"""The pages of the history, and those on which one undoes."""

from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import formats, timezone

from search.history.context import acting
from search.models import Asset, Change, Collection, Grant, Label
from tests.support.factories import make_asset, make_assets, make_user

pytestmark = pytest.mark.django_db


def retitle(title: str = "Mug", **context) -> Change:
    """The change of the last asset whose title was changed."""
    with acting(lambda: {"person": {"id": 1, "name": "Ann"}} | context):
        Asset.objects.update(title=title)
    return Change.objects.latest("id")


def text(response) -> str:
    return response.content.decode()


def test_whoever_may_edit_an_asset_reads_its_history_on_its_page(curator_client):
    asset = make_asset(title="Cup")
    retitle("<b>Mug</b>")
    page = text(curator_client.get(asset.get_absolute_url()))
    assert "Ann changed the title from “Cup” to “&lt;b&gt;Mug&lt;/b&gt;”." in page


def test_the_page_of_a_viewer_has_none(reader_client):
    asset = make_asset(title="Cup")
    change = retitle()
    page = text(reader_client.get(asset.get_absolute_url()))
    assert 'id="history"' not in page and "Ann" not in page
    assert reader_client.get(f"/assets/{asset.pk}/history/").status_code == 403
    assert reader_client.post(f"/history/{change.pk}/undo/").status_code == 403
    assert Asset.objects.get().title == "Mug"


def test_a_long_history_has_pages(curator_client, monkeypatch):
    monkeypatch.setattr("search.history.reading.page.__defaults__", (2,))
    asset = make_asset(title="0")
    for number in range(1, 4):
        retitle(str(number))
    url = f"/assets/{asset.pk}/history/"
    first = text(curator_client.get(url))
    assert "to “3”" in first and "to “2”" in first and "to “1”" not in first
    oldest = Change.objects.filter(deed="update").order_by("-id")[1].pk
    assert f"?before={oldest}" in first
    assert "to “1”" in text(curator_client.get(url, {"before": oldest}))
    assert curator_client.get(url, {"before": "x" * 30}).status_code == 200


def test_undoing_asks_first_and_then_does_it(curator_client):
    asset = make_asset(title="Cup")
    url = f"/history/{retitle().pk}/undo/"
    asked = text(curator_client.get(url, {"next": asset.get_absolute_url()}))
    assert f"{formats.date_format(timezone.now(), 'DATE_FORMAT')}," in asked
    assert "becomes again what it was" in asked and Asset.objects.get().title == "Mug"
    response = curator_client.post(url, {"next": asset.get_absolute_url()}, follow=True)
    assert response.redirect_chain == [(asset.get_absolute_url(), 302)]
    page = text(response)
    assert "Taken back." in page and Asset.objects.get().title == "Cup"
    assert "curator changed the title from “Mug” to “Cup” by undoing." in page


def test_a_bulk_action_is_undone_as_a_whole_and_what_was_not_is_named(curator_client):
    assets = make_assets([{"title": "Cup"}, {"title": "Jug"}])
    context = retitle().context_id
    Asset.objects.filter(pk=assets[1].pk).update(title="Vase")
    asked = text(curator_client.get(f"/history/{context}/undo/"))
    assert "Undo these 2 changes?" in asked
    curator_client.post(f"/history/{context}/undo/", {"next": assets[0].get_absolute_url()})
    page = text(curator_client.get(assets[0].get_absolute_url()))
    assert "1 of 2 changes taken back. Left as they are: “Vase”: it has been changed" in page


def test_nobody_is_led_to_another_site(curator_client):
    make_asset()
    response = curator_client.post(
        f"/history/{retitle().pk}/undo/", {"next": "https://elsewhere.example/"}
    )
    assert response["Location"] == "/"


def test_what_one_may_not_take_back_is_not_there(curator_client, settings):
    settings.LIBRARY_OPEN = False
    make_asset()
    change = retitle()
    for pk in (change.pk, change.context_id, 10**12, uuid4(), 10**30):
        for method in (curator_client.get, curator_client.post):
            assert method(f"/history/{pk}/undo/").status_code == 404
    assert Asset.objects.get().title == "Mug"


def test_a_closed_collection_is_not_named_on_the_page_of_an_asset(curator_client):
    asset, closed = (
        make_asset(),
        Collection.objects.create(name="Embargo", slug="embargo", is_open=False),
    )
    Collection.objects.create(name="Spring", slug="spring").assets.add(asset)
    closed.assets.add(asset)
    page = text(curator_client.get(f"/assets/{asset.pk}/history/"))
    assert "Spring" in page and "Embargo" not in page


@pytest.mark.parametrize("kind", ["asset", "collection", "label", "user", "group"])
def test_the_admin_has_a_history_of_each(staff_client, kind):
    admin = make_user("curator")
    rows = {
        "asset": lambda: make_asset(title="Cup"),
        "collection": lambda: Collection.objects.create(name="Cup", slug="cup"),
        "label": lambda: Label.objects.create(name="Cup"),
        "user": lambda: make_user("Cup"),
        "group": lambda: admin.groups.create(name="Cup"),
    }
    row = rows[kind]()
    page = text(staff_client.get(reverse(f"admin:search_{kind}_history", args=[row.pk])))
    here = {"asset": "uploaded it", "user": "made this account"}.get(kind, f"made this {kind}")
    assert f"Somebody, in the database itself, {here}." in page


def test_who_may_do_what_with_a_collection_is_in_its_history(curator_client):
    curator, spring = make_user("curator"), Collection.objects.create(name="Spring", is_open=False)
    Grant.objects.create(collection=spring, person=curator, level="manage")
    page = text(curator_client.get(f"/admin/search/collection/{spring.pk}/history/"))
    assert "gave “curator” a grant to this collection: “may manage it”" in page


def test_the_history_of_what_one_may_not_edit_is_refused(curator_client):
    spring = Collection.objects.create(name="Spring", is_open=False)
    assert curator_client.get(f"/admin/search/collection/{spring.pk}/history/").status_code in (
        403,
        404,
    )


def test_djangos_own_log_is_not_written(staff_client):
    label = Label.objects.create(name="red")
    staff_client.post(f"/admin/search/label/{label.pk}/delete/", {"post": "yes"})
    assert not Label.objects.exists() and not LogEntry.objects.exists()
