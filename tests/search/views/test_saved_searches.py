"""Saving from the search page, the list, opening with what is new, sharing and its end."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError as MessageNotSent

from search.matches import thresholds
from search.models import Asset, Label, SavedSearch, Visit
from search.query import remember_picture
from search.views import saved_searches as views
from tests.support import pictures
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db
LIST = reverse("saved_searches")


@pytest.fixture
def calibrated(monkeypatch, fake_encoder):
    """Only what has about the colour that was asked for matches."""
    near = thresholds.Thresholds(strong=0.1, possible=0.3)
    monkeypatch.setattr(thresholds, "thresholds_of", lambda *args: near)


def client_of(name, **options):
    client = Client(**options)
    client.force_login(make_user(name))
    return client


@pytest.fixture
def anna(db):
    return client_of("anna")


@pytest.fixture
def ben(db):
    return client_of("ben")


def text(response):
    return response.content.decode()


def titles(response):
    return [hit.asset.title for hit in response.context["answer"].hits]


def save(client, name="reds", **sent):
    return client.post(LIST, {"name": name, **(sent or {"q": "red"})})


def saved(client, name="reds", **sent):
    """The address of a search that this person has saved."""
    response = save(client, name, **sent)
    assert response.status_code == 302, text(response)
    return response.url


def change(client, address, name="reds", **sent):
    return client.post(f"{address}change/", {"name": name, **sent})


def look_away(days=2):
    Visit.objects.update(visited=timezone.now() - timedelta(days=days))


def red_picture(name):
    return remember_picture(pictures.upload(pictures.png()), make_user(name))


# Saving


def test_the_search_page_leads_to_the_form(anna):
    make_asset(labels=("farm",))

    page = text(anna.get("/", {"q": "red", "label": "farm"}))

    assert f'href="{LIST}?q=red&amp;label=farm"' in page


def test_the_form_suggests_a_name_and_keeps_the_query(anna):
    make_asset(labels=("farm",))

    page = text(anna.get(LIST, {"q": "red barn", "label": "farm"}))

    assert 'name="name" value="red barn, farm"' in page
    assert '<input type="hidden" name="label" value="farm">' in page


def test_a_picture_is_suggested_by_its_title(anna):
    barn = make_asset(title="barn")

    assert 'value="like barn"' in text(anna.get(LIST, {"like": barn.pk}))


def test_without_a_query_there_is_no_form(anna):
    page = text(anna.get(LIST))

    assert "Save this search" not in page and "Nothing is saved yet" in page


def test_a_saved_search_opens_with_the_hits_of_today(anna, fake_encoder):
    make_asset(title="sea", colour="blue", embedded=True)
    address = saved(anna)
    make_asset(title="barn", colour="red", embedded=True)

    assert titles(anna.get(address)) == ["barn", "sea"]


def test_a_taken_name_gets_a_sentence_and_may_be_replaced(anna):
    saved(anna)

    refused = save(anna, q="blue")

    assert refused.status_code == 400
    assert "You have a saved search “reds” already: choose another name." in text(refused)
    assert 'name="replace" value="1"' in text(refused)
    assert save(anna, q="blue", replace="1").status_code == 302
    assert SavedSearch.objects.get().parameters == {"q": ["blue"]}


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"name": " ", "q": "red"}, "A saved search needs a name."),
        ({"name": "n" * 101, "q": "red"}, "This name is too long: 100 characters are enough."),
        ({"name": "a\0b", "q": "red"}, "a character that no text has (NUL)"),
        ({"name": "reds"}, "There is nothing to save yet"),
        ({"name": "reds", "q": "r" * 10_000}, "This is too long: 1,000 characters are enough."),
        ({"name": "reds", "q": "a\0b"}, "a character that no text has (NUL)"),
        ({"name": "reds", "q": "red", "like": "nonsense"}, "neither an asset nor a query picture"),
        ({"name": "reds", "q": "red", "label": "nowhere"}, "There is no label “nowhere”."),
        ({"name": "reds", "like": "0" * 32}, "please choose it again"),
        ({"q": "red"}, "A saved search needs a name."),
        ({}, "A saved search needs a name."),
    ],
)
def test_nonsense_is_refused_in_words(anna, sent, sentence):
    response = anna.post(LIST, sent)

    assert response.status_code == 400 and sentence in text(response)
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    "parameters", ["label=nowhere", "q=%00", "like=x", "page=x", "page=-1", "page=9999", "size=%ff"]
)
def test_nonsense_in_the_address_is_no_error(anna, parameters):
    assert anna.get(f"{LIST}?{parameters}").status_code == 200


def test_a_query_that_can_not_be_read_keeps_its_rest(anna):
    page = text(anna.get(LIST, {"q": "red", "label": "nowhere"}))

    assert "There is no label “nowhere”." in page
    assert '<input type="hidden" name="q" value="red">' in page


def test_saving_needs_an_account(client, settings):
    settings.PUBLIC_SEARCH = True

    assert save(client).url.startswith("/sign-in/")
    assert client.get(LIST).url.startswith("/sign-in/")


def test_a_foreign_site_saves_nothing(db):
    assert save(client_of("anna", enforce_csrf_checks=True)).status_code == 403


# The list


def test_a_card_says_what_matches_and_what_is_new(anna, calibrated):
    make_asset(title="barn", embedded=True)
    make_asset(title="sea", colour="blue", embedded=True)
    saved(anna)
    look_away(days=1)
    Asset.objects.update(created=timezone.now() - timedelta(days=3))
    make_asset(title="rose", embedded=True, thumbnail=True)

    page = text(anna.get(LIST))

    assert "2 matches" in page and "1 new since yesterday" in page
    assert page.count('class="saved-card__picture"') == 2


def test_what_was_seen_is_no_longer_new_in_the_list(anna, calibrated):
    address = saved(anna)
    look_away()
    make_asset(title="rose", embedded=True)

    opened = text(anna.get(address))

    assert "1 new since" in opened
    assert "new since" not in text(anna.get(LIST))


def test_opened_again_the_same_is_still_new(anna, calibrated):
    address = saved(anna)
    look_away()
    make_asset(title="rose", embedded=True)

    pages = [text(anna.get(address)) for _ in range(2)]

    assert all("1 new since" in page for page in pages)


def test_what_is_new_can_be_looked_at_by_itself(anna, calibrated):
    make_asset(title="barn", embedded=True)
    Asset.objects.update(created=timezone.now() - timedelta(days=3))
    address = saved(anna)
    look_away()
    make_asset(title="rose", embedded=True)

    opened = anna.get(address)
    newer = anna.get(f"/?{opened.context['newer'].url()}")

    assert titles(newer) == ["rose"]
    assert re.search(r"New since</span><bdi>[A-Z][a-z]+day</bdi>", text(newer))


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2024-05-31T14:05:00Z", 200),
        ("2024-05-31", 200),
        ("0001-01-01T00:00:00+23:59", 200),
        ("9999-12-31T23:59:59-23:59", 400),
        ("Tuesday", 400),
        ("2024-05-31T14:05:00\0", 400),
    ],
)
def test_any_moment_gets_hits_or_a_sentence(anna, moment, status):
    response = anna.get("/", {"new_since": moment})

    assert response.status_code == status
    assert status == 200 or response.context["form"].sentences()


def test_a_look_ahead_is_no_visit(anna):
    address = saved(anna)
    look_away()
    before = Visit.objects.get().visited

    anna.head(address)

    assert Visit.objects.get().visited == before


def test_a_card_shows_four_hits_at_most(anna, fake_encoder):
    for _ in range(6):
        make_asset(embedded=True, thumbnail=True)
    saved(anna)

    assert text(anna.get(LIST)).count('class="saved-card__picture"') == 4


def test_own_searches_come_before_those_of_others(anna, ben, fake_encoder):
    saved(ben, "a search of ben's", q="red", shared="1")
    saved(anna, "Zebras")
    saved(anna, "yaks")

    cards = anna.get(LIST).context["cards"]

    assert [card.search.name for card in cards] == ["yaks", "Zebras", "a search of ben's"]


def test_many_are_shown_a_page_at_a_time(anna, fake_encoder):
    for number in range(21):
        saved(anna, f"search {number:02}")

    first, second = anna.get(LIST), anna.get(LIST, {"page": 2})

    assert len(first.context["cards"]) == 20 and 'href="?page=2"' in text(first)
    assert [card.search.name for card in second.context["cards"]] == ["search 20"]


def test_a_card_costs_a_fixed_number_of_queries(anna, calibrated, django_assert_max_num_queries):
    for number in range(5):
        make_asset(embedded=True, thumbnail=True)
        saved(anna, f"search {number}")
    look_away()

    # One names who looks, in the history, and one ends that.
    with django_assert_max_num_queries(16 + 5 * 16):
        anna.get(LIST)


def test_cards_that_take_long_come_one_by_one(anna, monkeypatch, fake_encoder):
    make_asset(embedded=True)
    address = saved(anna)
    monkeypatch.setattr(views, "FIRST_SECONDS", 0)

    page, card = text(anna.get(LIST)), text(anna.get(f"{address}card/"))

    assert f'hx-get="{address}card/"' in page and "1 asset" not in page
    assert card.strip().startswith('<li class="saved-card"') and "1 asset" in card


def test_while_no_encoder_answers_the_cards_say_so(anna, monkeypatch):
    make_asset(embedded=True)
    saved(anna)

    def refuse(*args, **kwargs):
        raise MessageNotSent

    monkeypatch.setattr("search.query.vectors.encode_text.apply_async", refuse)

    assert "The encoder is not answering" in text(anna.get(LIST))


# What can't be read any more


@pytest.fixture
def lost_label(anna):
    """A search by words and a label that is no longer there."""
    make_asset(title="barn", labels=("farm",), embedded=True)
    address = saved(anna, q="red", label="farm")
    Label.objects.all().delete()
    return address


def test_a_deleted_label_gets_its_sentence_and_the_rest_is_there(anna, lost_label):
    page = anna.get(lost_label)

    assert page.status_code == 200
    assert "There is no label “farm”." in text(page) and 'href="/?q=red"' in text(page)


def test_its_card_says_so_too(anna, lost_label):
    page = text(anna.get(LIST))

    assert "There is no label “farm”." in page and "<bdi>red</bdi>" in page


def test_a_deleted_asset_gets_its_sentence(anna):
    barn = make_asset(embedded=True)
    address = saved(anna, like=str(barn.pk), q="red")
    barn.delete()

    for page in (anna.get(address), anna.get(LIST)):
        assert page.status_code == 200
        assert "This asset is not in the library." in text(page)


def test_a_filter_that_is_gone_gets_its_sentence(anna, fake_encoder):
    make_asset(title="barn", embedded=True)
    address = saved(anna)
    SavedSearch.objects.update(parameters={"q": ["red"], "mood_of_it": ["calm"]})

    for page in (anna.get(address), anna.get(LIST)):
        assert "“mood of it” is no longer a part of queries." in text(page)
    assert titles(anna.get(address)) == ["barn"]


# Sharing


def test_an_unshared_search_is_not_there_for_others(anna, ben):
    address = saved(anna)

    for response in (
        ben.get(address),
        ben.get(f"{address}card/"),
        ben.get(f"{address}change/"),
        change(ben, address),
        ben.post(f"{address}delete/"),
    ):
        assert response.status_code == 404
    assert "reds" not in text(ben.get(LIST))


def test_a_shared_search_is_there_by_the_name_of_its_owner(anna, ben, fake_encoder):
    make_asset(title="barn", embedded=True)
    address = saved(anna, q="red", shared="1")

    assert titles(ben.get(address)) == ["barn"]
    assert "Shared by <bdi>anna</bdi>" in text(ben.get(LIST))


def test_only_the_owner_changes_or_deletes_it(anna, ben):
    address = saved(anna, q="red", shared="1")

    for response in (
        ben.get(f"{address}change/"),
        change(ben, address, "mine"),
        ben.post(f"{address}delete/"),
    ):
        assert response.status_code == 403
        assert "Only anna may change this saved search." in text(response)
    assert SavedSearch.objects.get().name == "reds"
    assert f"{address}change/" not in text(ben.get(LIST))


def test_a_shared_search_shows_no_asset_that_the_viewer_may_not_see(
    anna, ben, monkeypatch, fake_encoder
):
    make_asset(title="barn", embedded=True, thumbnail=True, owner=make_user("anna"))
    make_asset(title="rose", embedded=True, thumbnail=True, owner=make_user("ben"))
    monkeypatch.setattr(
        "search.models.asset.AssetQuerySet.visible_to",
        lambda assets, user: assets.filter(owner=user.pk),
    )
    address = saved(anna, q="red", shared="1")
    look_away()

    assert titles(anna.get(address)) == ["barn"] and titles(ben.get(address)) == ["rose"]
    [card] = ben.get(LIST).context["cards"]
    assert [hit.asset.title for hit in card.answer.hits] == ["rose"] and card.new == 0


def test_an_example_that_the_viewer_may_not_see_gets_the_sentence(anna, ben, monkeypatch):
    barn = make_asset(title="barn", embedded=True, owner=make_user("anna"))
    address = saved(anna, like=str(barn.pk), shared="1")
    monkeypatch.setattr(
        "search.models.asset.AssetQuerySet.visible_to",
        lambda assets, user: assets.filter(owner=user.pk),
    )

    for page in (ben.get(address), ben.get(LIST)):
        assert "This asset is not in the library." in text(page)
        assert "barn" not in text(page)


def test_a_shared_picture_is_there_as_long_as_it_is_shared(anna, ben, fake_encoder):
    make_asset(title="barn", embedded=True)
    token = red_picture("anna")
    address = saved(anna, like=token, shared="1")
    picture = reverse("query_picture", args=[token])
    assert titles(ben.get(address)) == ["barn"] and ben.get(picture).status_code == 200

    change(anna, address)

    assert ben.get(address).status_code == 404 and ben.get(picture).status_code == 404
    assert "no longer kept" in text(ben.get("/", {"like": token}))


def test_the_owner_renames_and_shares(anna):
    address = saved(anna)

    assert change(anna, address, "all reds", shared="1").url == LIST

    search = SavedSearch.objects.get()
    assert (search.name, search.shared) == ("all reds", True)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "A saved search needs a name."),
        ("n" * 101, "This name is too long"),
        ("a\0b", "a character that no text has (NUL)"),
        ("blues", "You have a saved search “blues” already"),
    ],
)
def test_a_name_that_can_not_be_is_refused_in_words(anna, name, sentence):
    saved(anna, "blues", q="blue")
    address = saved(anna)

    response = change(anna, address, name)

    assert response.status_code == 400 and sentence in text(response)
    assert SavedSearch.objects.filter(name="reds").exists()


def test_a_deleted_search_is_gone(anna):
    address = saved(anna)

    assert anna.post(f"{address}delete/").url == LIST

    assert anna.get(address).status_code == 404


def test_names_are_shown_as_text(anna):
    saved(anna, "<b>reds</b>")

    assert "&lt;b&gt;reds" in text(anna.get(LIST))
