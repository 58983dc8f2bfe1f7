"""A library keeps an administrator who can sign in, on whatever path the last one would go."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from search.models import User
from search.models.user import flags
from tests.support.factories import make_user

LIST = reverse("admin:search_user_changelist")
SENTENCE = "This would leave no administrator who can sign in"
NO_ADMINISTRATOR = "there_is_an_administrator"


def page(name: str, person: User) -> str:
    return reverse(f"admin:search_user_{name}", args=[person.pk])


def form(role: str = "administrator", **fields) -> dict[str, object]:
    return {"username": "boss", "role": role} | fields


@pytest.fixture
def boss(db) -> User:
    return make_user("boss", role="administrator")


@pytest.fixture
def client(boss) -> Client:
    client = Client()
    client.force_login(boss)
    return client


@pytest.mark.parametrize(
    "fields", [form("curator", is_active="on"), form("viewer", is_active="on"), form()]
)
def test_the_last_one_is_neither_demoted_nor_deactivated(client, boss, fields):
    answer = client.post(page("change", boss), fields)
    assert SENTENCE in answer.content.decode()
    boss.refresh_from_db()
    assert (boss.role, boss.is_active) == ("administrator", True)


@pytest.mark.parametrize("bulk", [False, True])
def test_the_last_one_is_not_deleted(client, boss, bulk):
    action = {"action": "delete_selected", "_selected_action": [boss.pk], "post": "yes"}
    answer = client.post(LIST, action) if bulk else client.get(page("delete", boss))
    assert SENTENCE in answer.content.decode()
    client.post(page("delete", boss), {"post": "yes"})
    assert User.objects.filter(pk=boss.pk).exists()


def test_all_administrators_at_once_are_not_deleted_either(client, boss):
    other = make_user("other", role="administrator")
    action = {"action": "delete_selected", "_selected_action": [boss.pk, other.pk], "post": "yes"}
    assert SENTENCE in client.post(LIST, action).content.decode()
    assert User.objects.administrators().count() == 2


def test_an_account_that_cannot_sign_in_is_no_other_administrator(client, boss):
    User.objects.create(username="gone", is_active=False, **flags("administrator"))
    assert SENTENCE in client.post(page("change", boss), form("viewer")).content.decode()


def test_one_of_two_may_go(client, boss):
    other = make_user("other", role="administrator")
    client.post(page("change", other), form("curator", username="other", is_active="on"))
    other.refresh_from_db()
    assert other.role == "curator"


@pytest.mark.parametrize(
    "deed",
    [
        lambda: User.objects.update(is_active=False),
        lambda: User.objects.update(**flags("viewer")),
        lambda: User.objects.all().delete(),
    ],
)
def test_no_statement_leaves_none(boss, deed):
    with pytest.raises(IntegrityError, match="no administrator"):
        deed()


@pytest.mark.django_db(transaction=True)
def test_the_second_of_two_waits_for_the_first_and_is_refused():
    ann, bob = (make_user(name, role="administrator") for name in ("ann", "bob"))
    refusals = []

    def demote(person: User) -> None:
        User.objects.filter(pk=person.pk).update(**flags("viewer"))

    def demote_at_once() -> None:
        try:
            demote(bob)
        except IntegrityError as refusal:
            refusals.append(refusal.__cause__.diag.constraint_name)
        connection.close()

    second = threading.Thread(target=demote_at_once)
    with transaction.atomic():
        demote(ann)
        second.start()
        second.join(0.3)
        assert second.is_alive()
    second.join()
    assert refusals == [NO_ADMINISTRATOR]
    assert User.objects.administrators().get() == bob


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """What each deed, in a transaction of its own, ends in; they begin together."""
    start, results = threading.Barrier(len(deeds)), []

    def do(deed: Callable[[], object]) -> None:
        start.wait()
        results.append(deed())
        connection.close()

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_two_who_demote_each_other_at_the_same_moment_leave_one():
    people = [make_user(name, role="administrator") for name in ("ann", "bob")]
    clients = [Client(), Client()]
    for client, person in zip(clients, people, strict=True):
        client.force_login(person)

    def demote(client: Client, person: User) -> Callable[[], object]:
        fields = form("viewer", username=person.username, is_active="on")
        return lambda: client.post(page("change", person), fields).status_code

    statuses = at_once(demote(clients[0], people[1]), demote(clients[1], people[0]))
    assert User.objects.administrators().count() == 1
    assert max(statuses) < 500
