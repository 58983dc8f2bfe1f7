"""Near-duplicates on an asset's page, and what staff say of them."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from search.library import near_duplicates
from search.models import Asset, NotDuplicate
from search.views import assets
from tests.support.factories import make_asset, make_user
from tests.support.placed import put

pytestmark = pytest.mark.django_db
HASH = "01" * 32


def make(title, **fields):
    asset = make_asset(title=title, **{"phash": HASH, "layout": bytes(192)} | fields)
    while near_duplicates.compare_next():
        pass
    return asset


@pytest.fixture
def two():
    return make("barn"), make("shed")


def page(client, asset):
    return client.get(asset.get_absolute_url()).content.decode()


def block(client, asset):
    """The part of the page that tells of near-duplicates."""
    _, after = page(client, asset).split('id="near-duplicates">')
    return after.split("</section>")[0]


def say(client, asset, other, name="tell_apart"):
    return client.post(reverse(name, args=[asset.pk]), {"other": getattr(other, "pk", other)})


def are_together():
    return Asset.objects.values("cluster").distinct().count() == 1


# Shown


def test_the_page_shows_what_looks_the_same(reader_client, two):
    assert "shed" in block(reader_client, two[0])
    assert "barn" in block(reader_client, two[1])


def test_they_stand_above_what_is_similar(reader_client, two):
    html = page(reader_client, two[0])

    assert html.index('id="near-duplicates"') < html.index('id="similar"')


def test_what_is_similar_begins_beyond_them(reader_client, monkeypatch):
    monkeypatch.setattr(assets, "SIMILAR", 2)
    barn, *_ = [put(n / 10, title=title) for n, title in enumerate(("barn", "shed", "hut", "inn"))]
    Asset.objects.filter(title__in=["barn", "shed"]).update(cluster=barn.pk)

    html = reader_client.get(barn.get_absolute_url()).context["answer"]

    assert [hit.asset.title for hit in html.hits] == ["hut", "inn"]


def test_without_any_nothing_is_said(reader_client):
    assert block(reader_client, make("barn")) == ""


def test_a_near_copy_says_what_differs(reader_client):
    barn = make("barn", size=(600, 400))
    shed = make("shed", size=(300, 200))
    Asset.objects.filter(pk=shed.pk).update(format="WebP", bytes=48_000)

    html = block(reader_client, barn)

    for words in ("300 × 200 px", "WebP", "48 kB"):
        assert words in html
    assert "Exact copy" not in html


def test_what_is_the_same_is_not_repeated(reader_client, two):
    assert "60 × 40 px" not in block(reader_client, two[0])
    assert "PNG" not in block(reader_client, two[0])


def test_equal_bytes_are_an_exact_copy(reader_client):
    barn = make("barn", sha256="1" * 64)
    make("shed", sha256="1" * 64, owner=make_user("bert"))

    html = block(reader_client, barn)

    assert "Exact copy" in html and "by <bdi>bert</bdi>" in html


def test_of_many_some_are_shown(reader_client, monkeypatch):
    monkeypatch.setattr(assets, "DUPLICATES", 2)
    barn = [make(title) for title in ("barn", "one", "two", "three")][0]

    html = block(reader_client, barn)

    assert "two" in html and "three" not in html
    assert f"?like={barn.pk}&amp;duplicates=1" in html


def test_only_what_a_person_may_see_is_shown(reader_client, two, monkeypatch):
    def all_but_shed(self, user):
        return self.exclude(title="shed")

    monkeypatch.setattr(type(Asset.objects.all()), "visible_to", all_but_shed)

    assert block(reader_client, two[0]) == ""


def test_titles_are_shown_as_text(staff_client):
    barn, other = make("barn"), make("<script>alert(1)</script>")
    before = block(staff_client, barn)
    say(staff_client, barn, other)

    assert "<script>" not in before + block(staff_client, barn)


def test_more_of_them_take_no_more_queries(staff_client, two, django_assert_max_num_queries):
    with django_assert_max_num_queries(100) as few:
        page(staff_client, two[0])
    for title in "abcdef":
        make(title)
    with django_assert_max_num_queries(len(few)):
        page(staff_client, two[0])


# Told apart


def test_staff_say_what_is_no_duplicate(staff_client, two):
    assert "Not a duplicate" in block(staff_client, two[0])

    response = say(staff_client, *two)

    assert response.url == f"{two[0].get_absolute_url()}#near-duplicates"
    assert not are_together()
    assert NotDuplicate.objects.get().person.username == "curator"


def test_what_was_told_apart_is_named_to_staff_alone(staff_client, reader_client, two):
    say(staff_client, *two)

    html = block(staff_client, two[1])

    assert "Told apart from" in html and "barn" in html and "Not a duplicate" not in html
    assert block(reader_client, two[1]) == ""


def test_it_can_be_taken_back_from_either_page(staff_client, two):
    say(staff_client, *two)

    assert say(staff_client, two[1], two[0], "take_back").status_code == 302

    assert are_together() and not NotDuplicate.objects.exists()


@pytest.mark.parametrize("name", ["tell_apart", "take_back"])
def test_saying_it_twice_changes_nothing(staff_client, two, name):
    say(staff_client, *two)
    for _ in range(2):
        assert say(staff_client, *two, name).status_code == 302

    assert NotDuplicate.objects.exists() is (name == "tell_apart")


@pytest.mark.parametrize("name", ["tell_apart", "take_back"])
def test_only_staff_are_asked_and_heard(reader_client, two, name):
    response = say(reader_client, *two, name)

    assert response.status_code == 403
    assert "Only curators may" in response.content.decode()
    assert "<form" not in block(reader_client, two[0])
    assert are_together()


@pytest.mark.parametrize("name", ["tell_apart", "take_back"])
@pytest.mark.parametrize("other", ["", "shed", "\0", "1" * 10_000, uuid4(), "itself"])
def test_an_asset_that_is_none_is_not_found(staff_client, two, name, other):
    given = two[0] if other == "itself" else other

    assert say(staff_client, two[0], given, name).status_code == 404
    assert say(staff_client, Asset(pk=uuid4()), two[0], name).status_code == 404
    assert not NotDuplicate.objects.exists()


@pytest.mark.parametrize("hidden", ["barn", "shed"])
def test_what_a_person_may_not_see_is_not_found(staff_client, two, monkeypatch, hidden):
    def others(self, user):
        return self.exclude(title=hidden)

    monkeypatch.setattr(type(Asset.objects.all()), "visible_to", others)

    assert say(staff_client, *two).status_code == 404
    assert are_together()


def test_a_link_changes_nothing(staff_client, two):
    response = staff_client.get(reverse("tell_apart", args=[two[0].pk]), {"other": two[1].pk})

    assert response.status_code == 405 and are_together()


def test_a_foreign_site_says_nothing(two):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("curator", staff=True))

    assert say(client, *two).status_code == 403
    assert are_together()


def test_a_stranger_is_asked_to_sign_in(client, two):
    assert say(client, *two).url.startswith("/sign-in/")
    assert are_together()
