"""Accounts that leave: what another one gets of them, and what becomes of the account."""

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from search.library import ownership
from search.models import (
    Asset,
    Collection,
    Departure,
    Grant,
    JudgedQuery,
    Judgement,
    SavedSearch,
    TrainingRun,
    User,
)
from search.models.lease import MAX_ATTEMPTS
from tests.support.factories import make_asset, make_user
from workers.tasks import departures

pytestmark = pytest.mark.django_db
SAME = "1" * 64


@pytest.fixture
def boss(client) -> Client:
    client.force_login(make_user("boss", role="administrator"))
    return client


@pytest.fixture
def ana() -> User:
    ana = make_user("ana", role="contributor")
    for title in ("barn", "sea", "sun"):
        make_asset(title=title, owner=ana)
    return ana


@pytest.fixture
def bo() -> User:
    return make_user("bo", role="curator")


@pytest.fixture
def slowly(monkeypatch) -> None:
    """Two assets at a time, and one is too many for a request."""
    monkeypatch.setattr(ownership, "STEP", 2)
    monkeypatch.setattr("search.admin.departure.ring", lambda *args: None)


def leave(client: Client, person: User, heir: User, then: str) -> str:
    path = reverse("admin:search_user_hand_over", args=[person.pk])
    return client.post(path, {"to": heir.pk, "then": then}, follow=True).content.decode()


def owners() -> set[str]:
    return {asset.owner.username for asset in Asset.objects.all()}


def test_all_that_an_account_has_becomes_the_other_s(ana, bo):
    closed, both = (Collection.objects.create(name=n, slug=n, is_open=False) for n in "ab")
    for collection, person, level in (
        (closed, ana, "view"),
        (both, ana, "manage"),
        (both, bo, "view"),
    ):
        Grant.objects.create(collection=collection, person=person, level=level)
    TrainingRun.objects.create(person=ana)
    for name, is_shared in (("ours", True), ("mine", False)):
        SavedSearch.objects.create(owner=ana, name=name, parameters={}, shared=is_shared)
    judged = JudgedQuery.objects.create(key="1", words="sea")
    Judgement.objects.create(query=judged, asset=Asset.objects.first(), grade=1, person=ana)

    assert ownership.hand_over(ana, bo) == 0
    assert owners() == {"bo"}
    grants = {(grant.collection.name, grant.person, grant.level) for grant in Grant.objects.all()}
    assert grants == {("a", bo, "view"), ("b", bo, "manage")}
    assert (TrainingRun.objects.get().person, Judgement.objects.get().person) == (bo, bo)
    assert {search.name: search.owner for search in SavedSearch.objects.all()} == {
        "ours": bo,
        "mine": ana,
    }


def test_the_page_says_what_will_move(boss, ana):
    page = boss.get(reverse("admin:search_user_hand_over", args=[ana.pk])).content.decode()
    for words in ("ana</bdi> owns 3 assets", "0 saved searches that are shared", "It is deleted"):
        assert words in page, words


@pytest.mark.parametrize(("then", "active"), [("stays", True), ("deactivated", False)])
def test_the_account_stays_or_can_no_longer_sign_in(boss, ana, bo, then, active):
    session = Client()
    session.force_login(ana)
    assert "3 assets of ana are bo’s now." in leave(boss, ana, bo, then)
    ana.refresh_from_db()
    assert ana.is_active == active
    assert session.get("/").status_code == (200 if active else 302)
    assert not Departure.objects.exists()


def test_the_account_is_deleted_with_what_is_nobody_else_s(boss, ana, bo):
    SavedSearch.objects.create(owner=ana, name="mine", parameters={})
    assert "3 assets of ana are bo’s now." in leave(boss, ana, bo, "deleted")
    assert not User.objects.filter(username="ana").exists()
    assert owners() == {"bo"}
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize("many", [False, True])
def test_where_both_have_a_file_nothing_is_deleted_and_nothing_moves(
    boss, ana, bo, many, monkeypatch
):
    monkeypatch.setattr(ownership, "STEP", 1 if many else 100)
    make_asset(owner=ana, sha256=SAME)
    make_asset(owner=bo, sha256=SAME)
    assert "1 of its assets are of files that bo has too" in leave(boss, ana, bo, "deleted")
    ana.refresh_from_db()
    assert ana.is_active and ana.assets.count() == 4
    assert not Departure.objects.exists()


def test_the_last_administrator_does_not_leave(boss, bo):
    person = User.objects.get(username="boss")
    make_asset(owner=person)
    for then in ("deactivated", "deleted"):
        assert "This would leave no administrator" in leave(boss, person, bo, then)
    assert owners() == {"boss"}


# Many assets ---------------------------------------------------------------------------------


def test_of_many_assets_a_worker_hands_over_some_at_a_time(boss, ana, bo, slowly):
    assert "A worker hands 3 assets over to bo." in leave(boss, ana, bo, "deleted")
    ana.refresh_from_db()
    assert not ana.is_active
    assert departures.waits()
    numbers = []
    while departures.waits():
        departures.do()
        numbers.append(Asset.objects.filter(owner=bo).count())
    assert numbers == [2, 3, 3]
    assert not User.objects.filter(username="ana").exists()
    assert not departures.do()


def test_meanwhile_the_page_says_how_far_it_is(boss, ana, bo, slowly):
    leave(boss, ana, bo, "deleted")
    departures.do()
    page = boss.get(reverse("admin:search_user_hand_over", args=[ana.pk])).content.decode()
    assert "1 asset is left." in page


def test_a_worker_that_dies_leaves_the_rest_to_another(ana, bo, slowly):
    Departure.objects.create(person=ana, heir=bo, then="deleted")
    dead = Departure.objects.claim()
    ownership.depart(dead)
    Departure.objects.update(leased_until=dead.created)
    while departures.do():
        pass
    assert owners() == {"bo"}
    assert not User.objects.filter(username="ana").exists()


def test_one_that_kills_its_workers_is_given_up_in_a_sentence(ana, bo):
    Departure.objects.create(person=ana, heir=bo, attempts=MAX_ATTEMPTS)
    assert not departures.do()
    assert "The worker stopped 3 times" in Departure.objects.get().sentence


def test_what_the_heir_got_meanwhile_keeps_the_account_and_says_so(boss, ana, bo, slowly):
    leave(boss, ana, bo, "deleted")
    asset = Asset.objects.filter(owner=ana).first()
    make_asset(owner=bo, sha256=asset.sha256)
    while departures.do():
        pass
    assert "are of files that bo has too" in Departure.objects.get().sentence
    assert User.objects.filter(username="ana").exists()


def test_a_heir_to_be_is_not_deleted(boss, ana, bo, slowly):
    leave(boss, ana, bo, "stays")
    page = boss.get(reverse("admin:search_user_delete", args=[bo.pk])).content.decode()
    assert "bo is to get everything of ana" in page


def test_nobody_is_their_own_heir(ana):
    with pytest.raises(IntegrityError, match="nobody_is_their_own_heir"):
        Departure.objects.create(person=ana, heir=ana)


# In the list ---------------------------------------------------------------------------------


def test_many_are_deactivated_at_once_and_let_in_again(boss, ana, bo):
    rows = {"_selected_action": [ana.pk, bo.pk]}
    session = Client()
    session.force_login(ana)
    boss.post(reverse("admin:search_user_changelist"), rows | {"action": "deactivate"})
    assert session.get("/").status_code == 302
    assert User.objects.filter(is_active=True).get().username == "boss"
    boss.post(reverse("admin:search_user_changelist"), rows | {"action": "reactivate"})
    assert User.objects.filter(is_active=True).count() == 3
    assert session.get("/").status_code == 302  # Its session has ended.


def test_nobody_deactivates_all_administrators_at_once(boss):
    pks = [User.objects.get(username="boss").pk]
    path = reverse("admin:search_user_changelist")
    action = {"action": "deactivate", "_selected_action": pks}
    page = boss.post(path, action, follow=True).content.decode()
    assert "This would leave no administrator" in page
    assert User.objects.get(username="boss").is_active


@pytest.mark.parametrize("page", ["delete", "hand_over"])
def test_an_administrator_of_two_deletes_themselves_and_is_signed_out(boss, bo, page):
    make_user("other", role="administrator")
    person = User.objects.get(username="boss")
    path = reverse(f"admin:search_user_{page}", args=[person.pk])
    answer = boss.post(path, {"post": "yes", "to": bo.pk, "then": "deleted"})
    assert answer.status_code == 302
    assert not User.objects.filter(username="boss").exists()
    assert boss.get("/").status_code == 302


@pytest.mark.parametrize("bulk", [False, True])
def test_an_administrator_of_two_deactivates_themselves_and_is_signed_out(boss, bulk):
    make_user("other", role="administrator")
    pk = User.objects.get(username="boss").pk
    path = reverse("admin:search_user_change", args=[pk])
    fields: dict[str, object] = {"username": "boss", "role": "administrator"}
    if bulk:
        path = reverse("admin:search_user_changelist")
        fields = {"action": "deactivate", "_selected_action": [pk]}
    assert boss.post(path, fields).url == "/sign-in/"
    assert not User.objects.get(pk=pk).is_active
    assert boss.get("/").status_code == 302
