"""Deletion in the admin: what goes is shown first, and who owns pictures hands them over."""

import pytest
from django.urls import reverse

from search.admin import deletion
from search.models import Asset, Collection, Label, SavedSearch, User
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db
ASSETS = reverse("admin:search_asset_changelist")
USERS = reverse("admin:search_user_changelist")


def text(response):
    return response.content.decode()


def page_of(row, name="delete"):
    return reverse(f"admin:search_{row._meta.model_name}_{name}", args=[row.pk])


def choose(client, url, *rows, **fields):
    chosen = {"action": "delete_selected", "_selected_action": [row.pk for row in rows]}
    return client.post(url, chosen | fields, follow=True)


def thumbnails(page):
    return page.count('<img class="thumbnail"')


# What goes


def test_an_asset_is_shown_before_it_is_deleted(curator_client):
    asset = make_asset(title="barn")
    page = text(curator_client.get(page_of(asset)))

    assert reverse("thumbnail", args=[asset.pk]) in page
    assert "Move “barn” to the trash?" in page
    assert "After 30 days in the trash they are deleted for good." in page

    curator_client.post(page_of(asset), {"post": "yes"})
    assert not Asset.objects.exists()


def test_of_many_assets_a_few_are_shown_and_the_rest_counted(curator_client, monkeypatch):
    monkeypatch.setattr(deletion, "MOST_ROWS", 2)
    assets = [make_asset(title=f"barn {number}") for number in range(5)]
    page = text(choose(curator_client, ASSETS, *assets))

    assert "Move 5 assets to the trash?" in page
    assert thumbnails(page) == 2
    assert "And 3 more, 5 assets in all." in page
    assert page.count('name="_selected_action"') == 5
    assert Asset.objects.count() == 5

    choose(curator_client, ASSETS, *assets, post="yes")
    assert not Asset.objects.exists()


def test_more_than_a_form_can_carry_are_refused_with_what_to_do(curator_client, monkeypatch):
    monkeypatch.setattr(deletion, "MOST_AT_ONCE", 2)
    assets = [make_asset(title=f"barn {number}") for number in range(3)]

    for page in (choose(curator_client, ASSETS, *assets, **f) for f in ({}, {"post": "yes"})):
        assert "at most 2 can be deleted at once" in text(page)
        assert 'name="_selected_action"' not in text(page)
    assert Asset.objects.count() == 3


def test_a_collection_goes_and_its_assets_stay(curator_client):
    for number in range(30):
        make_asset(title=f"barn {number}", collection="market")
    market = Collection.objects.get()
    page = text(curator_client.get(page_of(market)))

    assert "The assets stay in the library: 30." in page
    assert "relationship" not in page
    curator_client.post(page_of(market), {"post": "yes"})
    assert (Collection.objects.count(), Asset.objects.count()) == (0, 30)


def test_what_does_not_go_to_the_trash_says_that_its_deletion_is_final(curator_client):
    make_asset(labels=("farm",))
    assert "Deletion is final" in text(curator_client.get(page_of(Label.objects.get())))


def test_a_label_is_taken_off_its_assets(curator_client):
    make_asset(labels=("farm",))
    farm = Label.objects.get()

    assert "1 asset carries it" in text(curator_client.get(page_of(farm)))


# Accounts


@pytest.fixture
def ana():
    """Somebody with two pictures and a shared search, who is about to leave."""
    ana = make_user("ana")
    make_asset(title="barn", owner=ana, sha256="1" * 64)
    make_asset(title="sea", owner=ana, sha256="2" * 64)
    SavedSearch.objects.create(owner=ana, name="boats", parameters={"q": ["boat"]}, shared=True)
    return ana


@pytest.mark.parametrize("bulk", [False, True])
def test_an_account_with_pictures_is_refused_in_a_sentence(staff_client, ana, bulk):
    def ask(**post):
        if bulk:
            return choose(staff_client, USERS, ana, **post)
        return staff_client.post(page_of(ana), post) if post else staff_client.get(page_of(ana))

    page = text(ask())
    assert "ana owns 2 assets." in page
    assert page_of(ana, "hand_over") in page
    assert "barn" not in page
    ask(post="yes")
    assert User.objects.filter(pk=ana.pk).exists()


def hand_over(client, person, heir):
    return client.post(page_of(person, "hand_over"), {"to": heir.pk}, follow=True)


def test_pictures_are_handed_over_and_then_the_account_is_deleted(staff_client, ana):
    bo = make_user("bo")
    assert "ana</bdi> owns 2 assets" in text(staff_client.get(page_of(ana, "hand_over")))

    assert "2 assets of ana are bo’s now." in text(hand_over(staff_client, ana, bo))
    assert "With it go 0 saved searches" in text(staff_client.get(page_of(ana)))
    staff_client.post(page_of(ana), {"post": "yes"})

    assert not User.objects.filter(pk=ana.pk).exists()
    assert {asset.owner for asset in Asset.objects.all()} == {bo}
    assert SavedSearch.objects.get().owner == bo


def test_what_both_have_stays_and_is_said(staff_client, ana):
    bo = make_user("bo")
    make_asset(title="bo's sea", owner=bo, sha256="2" * 64)
    SavedSearch.objects.create(owner=bo, name="boats", parameters={"q": ["ship"]})
    page = text(hand_over(staff_client, ana, bo))

    assert "1 asset of ana is bo’s now." in page
    assert "1 asset</a> stayed with ana, since bo has the same files" in page
    assert [asset.title for asset in ana.assets.all()] == ["sea"]
    assert ana.saved_searches.count() == 1


def test_only_who_may_delete_accounts_hands_over(curator_client, ana):
    assert curator_client.get(page_of(ana, "hand_over")).status_code == 403
    assert hand_over(curator_client, ana, make_user("bo")).status_code == 403
    assert ana.assets.count() == 2


@pytest.mark.parametrize("heir", ["", "x", "0", "\0"])
def test_pictures_go_to_nobody_that_there_is_not(staff_client, ana, heir):
    assert staff_client.post(page_of(ana, "hand_over"), {"to": heir}).status_code == 200
    assert ana.assets.count() == 2


def test_nobody_is_their_own_heir(staff_client, ana):
    hand_over(staff_client, ana, ana)

    assert ana.assets.count() == 2
    assert staff_client.get(reverse("admin:search_user_hand_over", args=["9"])).status_code == 404


def test_an_account_without_pictures_goes_with_what_it_saved(staff_client):
    leaver = make_user("leaver")
    SavedSearch.objects.create(owner=leaver, name="cats", parameters={"q": ["cat"]})

    page = text(staff_client.get(page_of(leaver)))

    assert "With it go 1 saved search (0 of them shared), 0 judgements, 0 preferences." in page
    staff_client.post(page_of(leaver), {"post": "yes"})
    assert not SavedSearch.objects.exists()
