"""The page of the trash: who put what there, taken back or deleted for good, by who may edit it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from search.admin import deletion
from search.models import Asset, Collection, Grant, JudgedQuery, Judgement
from tests.search.admin.test_deletion import ASSETS, choose, page_of, text, thumbnails
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db
TRASH = reverse("admin:search_trashedasset_changelist")
RESTORE = reverse("admin:search_trashedasset_restore")


@pytest.fixture
def trashed(curator_client):
    """Three assets that a curator has just moved to the trash."""
    assets = [make_asset(title=f"barn {number}", thumbnail=True) for number in range(3)]
    choose(curator_client, ASSETS, *assets, post="yes")
    return list(Asset.everything.in_trash().order_by("title"))


def picture_of(asset, spec="thumbnail"):
    return reverse("admin:search_trashedasset_picture", args=[asset.pk, spec])


def test_after_a_deletion_a_button_takes_it_back(curator_client):
    assets = [make_asset(title=f"barn {number}") for number in range(3)]
    page = text(choose(curator_client, ASSETS, *assets, post="yes"))
    assert "Moved 3 assets to the trash, for 30 days." in page
    assert not Asset.objects.exists()

    moment = re.search(r'name="moment" value="([^"]+)"', page)[1]
    page = text(curator_client.post(RESTORE, {"moment": moment}, follow=True))
    assert "3 assets are in the library again." in page
    assert Asset.objects.count() == 3


def test_so_it_does_after_the_deletion_of_one(curator_client):
    asset = make_asset()
    page = text(curator_client.post(page_of(asset), {"post": "yes"}, follow=True))
    assert "Moved 1 asset to the trash" in page
    assert 'name="moment"' in page
    assert "deleted successfully" not in page


def test_what_was_moved_at_another_moment_stays(curator_client, trashed):
    other = make_asset(title="sea")
    choose(curator_client, ASSETS, other, post="yes")
    moment = Asset.everything.get(pk=other.pk).trashed
    curator_client.post(RESTORE, {"moment": moment.isoformat()})
    assert [asset.title for asset in Asset.objects.all()] == ["sea"]


def test_more_than_a_form_can_carry_stay_where_they_are(curator_client, monkeypatch):
    monkeypatch.setattr(deletion, "MOST_AT_ONCE", 2)
    assets = [make_asset() for _ in range(3)]
    page = text(choose(curator_client, ASSETS, *assets, post="yes"))
    assert "at most 2 can be deleted at once" in page
    assert Asset.objects.count() == 3


def test_the_page_says_who_put_what_there_and_when_it_goes(curator_client, trashed):
    Asset.everything.update(trashed=timezone.make_aware(timezone.datetime(2026, 3, 1, 12)))
    page = text(curator_client.get(TRASH))
    assert thumbnails(page) == 3
    assert "curator" in page
    assert "1 March 2026" in page
    assert "31 March 2026" in page


def test_its_pictures_are_served_there_alone(curator_client, trashed):
    response = curator_client.get(picture_of(trashed[0]))
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert curator_client.get(reverse("thumbnail", args=[trashed[0].pk])).status_code == 404
    assert curator_client.get(picture_of(make_asset(thumbnail=True))).status_code == 404
    assert curator_client.get(picture_of(trashed[0], "nothing")).status_code == 404


def test_one_is_restored_by_its_button(curator_client, trashed):
    page = text(curator_client.get(TRASH))
    assert f'name="asset" value="{trashed[0].pk}" formaction="{RESTORE}"' in page
    page = text(curator_client.post(RESTORE, {"asset": trashed[0].pk}, follow=True))
    assert "1 asset is in the library again." in page
    assert [asset.title for asset in Asset.objects.all()] == ["barn 0"]


def test_several_are_restored_at_once(curator_client, trashed):
    chosen = {"action": "restore", "_selected_action": [a.pk for a in trashed[:2]]}
    assert "2 assets are in the library" in text(curator_client.post(TRASH, chosen, follow=True))
    assert Asset.objects.count() == 2


def test_several_are_deleted_for_good_after_a_question(curator_client, trashed):
    page = text(choose(curator_client, TRASH, *trashed[:2]))
    assert "Delete 2 assets in the trash for good?" in page
    assert "Deletion is final." in page
    assert picture_of(trashed[0]) in page
    assert Asset.everything.count() == 3
    choose(curator_client, TRASH, *trashed[:2], post="yes")
    assert [asset.title for asset in Asset.everything.all()] == ["barn 2"]


def test_one_is_looked_at_and_deleted_for_good(curator_client, trashed):
    form = reverse("admin:search_trashedasset_change", args=[trashed[0].pk])
    page = text(curator_client.get(form))
    assert picture_of(trashed[0], "preview") in page
    assert f'name="asset" value="{trashed[0].pk}"' in page
    goes = reverse("admin:search_trashedasset_delete", args=[trashed[0].pk])
    assert goes in page
    curator_client.post(goes, {"post": "yes"})
    assert Asset.everything.count() == 2


def test_words_find_in_the_trash_what_they_find_in_the_library(curator_client, trashed):
    page = text(curator_client.get(TRASH, {"q": "barn 1"}))
    assert thumbnails(page) == 1


def test_what_stays_since_its_file_is_there_again_is_said(curator_client, trashed):
    make_asset(sha256=trashed[0].sha256, owner=trashed[0].owner)
    page = text(curator_client.post(RESTORE, {"asset": trashed[0].pk}, follow=True))
    assert "“barn 0” stayed in the trash: the library has the same file" in page


@pytest.mark.parametrize("level", [None, "view", "contribute"])
def test_only_who_may_edit_it_meets_it_in_the_trash(curator_client, trashed, settings, level):
    settings.LIBRARY_OPEN = False
    curator = make_user("curator")
    secret = Collection.objects.create(name="Secret", slug="secret", is_open=False)
    secret.assets.add(trashed[0])
    if level:
        Grant.objects.create(collection=secret, person=curator, level=level)
    may = level == "contribute"
    assert thumbnails(text(curator_client.get(TRASH))) == may
    assert curator_client.get(picture_of(trashed[0])).status_code == (200 if may else 404)
    goes = reverse("admin:search_trashedasset_delete", args=[trashed[0].pk])
    curator_client.post(RESTORE, {"moment": trashed[0].trashed.isoformat()})
    assert Asset.objects.count() == may
    curator_client.post(goes, {"post": "yes"})
    assert Asset.everything.count() == 3


@pytest.mark.parametrize("sent", [{}, {"moment": "x"}, {"asset": "x"}])
def test_what_no_page_of_ours_sends_is_refused(curator_client, sent):
    assert curator_client.post(RESTORE, sent).status_code == 400


def test_an_address_that_restores_is_none_to_look_at(curator_client):
    assert curator_client.get(RESTORE).status_code == 404


def test_a_query_by_what_is_in_the_trash_shows_no_picture(curator_client):
    asset, hit = make_asset(), make_asset(title="sea")
    query = JudgedQuery.objects.create(key="2", asset=asset)
    Judgement.objects.create(query=query, asset=hit, grade=1, person=make_user())
    choose(curator_client, ASSETS, asset, post="yes")
    page = text(curator_client.get(reverse("admin:search_judgement_changelist")))
    assert "a picture in the trash" in page
    assert str(asset.pk) not in page


def test_what_has_expired_is_deleted_at_its_hour_only(curator_client, trashed):
    Asset.everything.update(trashed=timezone.now() - timedelta(days=40))
    assert thumbnails(text(curator_client.get(TRASH))) == 3
