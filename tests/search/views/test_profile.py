"""One's own account and groups."""

import re

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from search.models import Collection, Grant, Group, User
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db
ACCOUNT, GROUPS = "/account/", "/account/groups/"


def reader() -> User:
    return User.objects.get(username="reader")


def text(response) -> str:
    return response.content.decode()


def change(client: Client, **fields):
    given = {"first_name": "", "last_name": "", "email": "", "password": ""}
    return client.post(ACCOUNT, given | fields)


def link() -> str:
    return re.search(r"http://testserver(/account/address/\S+)", mail.outbox[-1].body)[1]


# The account ---------------------------------------------------------------------------------


def test_it_says_role_groups_and_what_one_has_uploaded(reader_client):
    reader().groups.add(Group.objects.create(name="Press"))
    make_asset(owner=reader())
    page = text(reader_client.get(ACCOUNT))
    for words in ("Viewer: may search", "Press", "1 asset, ", "?owner=reader"):
        assert words in page, words


def test_one_changes_one_s_name_without_a_password(reader_client):
    assert change(reader_client, first_name="Ann", last_name="Smith").status_code == 302
    assert reader().get_full_name() == "Ann Smith"


def test_a_new_address_counts_once_its_link_is_opened(reader_client):
    change(reader_client, email="ann@x.org", password="correct horse")
    assert mail.outbox[-1].to == ["ann@x.org"]
    assert reader().email == ""
    reader_client.get(link())
    assert reader().email == "ann@x.org"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "ann@x.org"}, "A new address needs your password."),
        ({"email": "ann@x.org", "password": "no"}, "this is not it"),
        ({"email": "ann@"}, "Enter a valid email address"),
        ({"first_name": "x" * 151}, "at most 150 characters"),
        ({"first_name": "a\0b"}, "Null characters"),
    ],
)
def test_what_is_wrong_is_told_in_words_and_changes_nothing(reader_client, fields, sentence):
    answer = change(reader_client, **fields)
    assert answer.status_code == 400
    assert sentence in text(answer)
    assert (reader().email, reader().first_name) == ("", "")
    assert mail.outbox == []


def test_who_has_no_password_is_told_whom_to_ask_for_another_address(reader_client):
    person = reader()
    person.set_unusable_password()
    person.save()
    reader_client.force_login(person)
    answer = change(reader_client, email="ann@x.org")
    assert answer.status_code == 400 and "ask an administrator" in text(answer)


def test_wrong_passwords_are_counted_as_at_sign_in(reader_client, settings):
    settings.AXES_FAILURE_LIMIT = 2
    for _ in range(2):
        answer = change(reader_client, email="ann@x.org", password="no")
    assert answer.status_code == 429


def test_an_address_is_taken_away_at_once(reader_client):
    User.objects.update(email="old@x.org")
    change(reader_client, password="correct horse")
    assert reader().email == ""


def test_the_link_is_of_one_account_and_used_once(reader_client):
    change(reader_client, email="ann@x.org", password="correct horse")
    other = Client()
    other.force_login(make_user("eve"))
    assert other.get(link()).status_code == 404
    reader_client.get(link())
    User.objects.filter(username="reader").update(email="later@x.org")
    assert reader_client.get(link()).status_code == 404
    assert reader().email == "later@x.org"


def test_a_link_that_nobody_signed_is_none(reader_client):
    assert reader_client.get("/account/address/WzEsIiIsImFAeC5vcmciXQ:1:x/").status_code == 404


def test_where_no_mail_goes_the_address_stays(reader_client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = change(reader_client, email="ann@x.org", password="correct horse")
    assert "ask an administrator" in text(answer)
    assert reader().email == ""


@pytest.mark.parametrize(
    "field", ["role", "is_staff", "is_superuser", "username", "is_contributor"]
)
def test_nobody_gives_themselves_more(reader_client, field):
    change(reader_client, **{field: "administrator"})
    assert (reader().role, reader().username) == ("viewer", "reader")


# Groups --------------------------------------------------------------------------------------


@pytest.fixture
def press() -> Group:
    group = Group.objects.create(name="Press")
    spring = Collection.objects.create(name="Spring campaign", slug="spring", is_open=False)
    Grant.objects.create(collection=spring, group=group, level="manage")
    for name, active in (("ann", True), ("gone", False)):
        person = make_user(name)
        person.is_active = active
        person.save()
        person.groups.add(group)
    return group


def test_whoever_is_in_a_group_reads_what_it_may_and_who_else_is_in_it(reader_client, press):
    reader().groups.add(press)
    page = text(reader_client.get(GROUPS))
    for words in ("Press", "Spring campaign", "may manage it", "ann"):
        assert words in page, words
    assert "gone" not in page  # Without “Active”.


def test_whoever_is_not_in_it_reads_nothing_of_it(reader_client, press):
    page = text(reader_client.get(GROUPS))
    assert "You are in no group" in page
    for words in ("Press", "Spring campaign", ">ann<"):
        assert words not in page, words


def test_what_is_given_by_name_is_there_too(reader_client, press):
    Grant.objects.create(collection=Collection.objects.get(), person=reader())
    page = text(reader_client.get(GROUPS))
    assert "You by name" in page and "may view it" in page
    assert "Press" not in page


def test_of_a_large_group_the_number_is_told(reader_client, press, monkeypatch):
    monkeypatch.setattr("search.views.profile.MOST_NAMES", 0)
    reader().groups.add(press)
    page = text(reader_client.get(GROUPS))
    assert "1 other." in page and ">ann<" not in page


def test_a_group_that_is_deleted_is_gone_at_the_next_request(reader_client, press):
    reader().groups.add(press)
    assert reader_client.get("/?collection=spring").context["form"].sentences() == []
    press.delete()
    assert "Spring" not in text(reader_client.get(GROUPS))
    answer = reader_client.get("/?collection=spring")
    assert answer.context["form"].sentences() == ["There is no collection “spring”."]


def test_the_number_of_queries_does_not_grow_with_the_groups(
    reader_client, press, django_assert_num_queries
):
    reader().groups.add(press)
    reader_client.get(GROUPS)  # The first request of a session notes its use.
    with CaptureQueriesContext(connection) as few:
        reader_client.get(GROUPS)
    for n in range(10):
        group = Group.objects.create(name=f"group {n}")
        reader().groups.add(group)
        Grant.objects.create(collection=Collection.objects.get(), group=group)
    with django_assert_num_queries(len(few)):
        reader_client.get(GROUPS)
