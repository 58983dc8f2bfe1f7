"""Whose a session is, from where and since when, and how it ends."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from search.access.sessions import device, public_name
from search.models import Session, User
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:150.0) Gecko/20100101 Firefox/150.0"


def browser(user, agent=FIREFOX, address="192.0.2.1"):
    client = Client(REMOTE_ADDR=address, headers={"user-agent": agent})
    client.force_login(user)
    return client


def test_a_page_notes_whose_session_it_is_from_where_and_when():
    reader = make_user("reader")
    browser(reader).get("/saved/")

    session = Session.objects.get()
    assert (session.user, session.address, session.agent) == (reader, "192.0.2.1", FIREFOX)
    assert timezone.now() - session.last_use < timedelta(minutes=1)


OURS = ("UseOfSessions", "AccountMiddleware", "SecondFactorForStaff")


def test_once_it_is_noted_a_page_of_the_search_costs_no_query_more(settings):
    client = browser(make_user("reader"))
    client.get("/")
    with CaptureQueriesContext(connection) as noted:
        client.get("/")
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith(OURS)]
    with CaptureQueriesContext(connection) as without:
        client.get("/")

    assert len(noted) == len(without)


def test_some_minutes_later_it_is_noted_again(monkeypatch):
    client = browser(make_user("reader"))
    client.get("/saved/")
    before = Session.objects.get().last_use
    later = timezone.now() + timedelta(minutes=6)
    monkeypatch.setattr("search.access.sessions.timezone.now", lambda: later)
    client.get("/saved/")

    assert Session.objects.get().last_use - before > timedelta(minutes=5)


def test_of_strangers_nothing_is_noted(client):
    client.get("/sign-in/")

    assert not Session.objects.exists()


@pytest.mark.parametrize("change", [lambda user: user.save(), None])
def test_who_is_deactivated_has_no_session_left_whatever_does_it(change):
    client, other = browser(make_user("reader")), browser(make_user("other"))
    client.get("/saved/"), other.get("/saved/")
    if change:
        reader = User.objects.get(username="reader")
        reader.is_active = False
        change(reader)
    else:
        User.objects.filter(username="reader").update(is_active=False)

    assert Session.objects.get().user.username == "other"
    assert client.get("/saved/").status_code == 302


def test_an_account_is_deleted_with_its_sessions():
    client = browser(make_user("reader"))
    client.get("/saved/")
    User.objects.get(username="reader").delete()

    assert not Session.objects.exists()
    assert client.get("/saved/").status_code == 302


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537.36 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Safari/605.1", "Safari on Mac"),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_device_is_called_as_people_call_it(agent, words):
    assert device(agent) == words


def test_an_agent_of_any_form_is_stored(client):
    browser(make_user("reader"), agent="a\0" * 900).get("/saved/")

    assert len(Session.objects.get().agent) <= 300


# The page, and that of an administrator


def rows(client):
    page = client.get("/account/sessions/").content.decode()
    return page.count('class="ways__row"')


def test_a_person_sees_theirs_and_nobody_elses():
    reader = make_user("reader")
    here, there = browser(reader), browser(reader, address="198.51.100.7")
    browser(make_user("other")).get("/saved/"), there.get("/saved/"), here.get("/saved/")
    page = here.get("/account/sessions/").content.decode()

    assert rows(here) == 2
    assert "Firefox on Windows" in page and "198.51.100.7" in page
    assert page.count("this browser") == 1
    assert not any(key in page for key in Session.objects.values_list("pk", flat=True))


def test_one_is_ended_or_all_the_others():
    reader = make_user("reader")
    here, *others = (browser(reader) for _ in range(3))
    for each in (*others, here):
        each.get("/saved/")
    name = public_name(others[0].session.session_key)
    here.post("/account/sessions/", {"end": name})
    assert [each.get("/saved/").status_code for each in (here, *others)] == [200, 302, 200]

    here.post("/account/sessions/", {"end": "others"})
    assert [each.get("/saved/").status_code for each in (here, *others)] == [200, 302, 302]


@pytest.mark.parametrize("name", ["", "nonsense", "é", "a\0", None])
def test_nobody_ends_a_session_of_somebody_else(name):
    here, other = browser(make_user("reader")), browser(make_user("other"))
    here.get("/saved/"), other.get("/saved/")
    name = public_name(other.session.session_key) if name is None else name

    assert here.post("/account/sessions/", {"end": name}).status_code == 302
    assert other.get("/saved/").status_code == 200


def test_an_administrator_ends_all_of_an_account(staff_client):
    reader = make_user("reader")
    client = browser(reader)
    client.get("/saved/")
    path = f"/admin/search/user/{reader.pk}/sessions/"
    page = staff_client.get(path).content.decode()
    assert "Firefox on Windows" in page and client.session.session_key not in page

    response = staff_client.post(path, follow=True)

    assert "1 session of reader ended." in response.content.decode()
    assert client.get("/saved/").status_code == 302
    assert staff_client.get("/saved/").status_code == 200


def test_a_curator_does_not(curator_client):
    reader = make_user("reader")
    path = f"/admin/search/user/{reader.pk}/sessions/"

    assert {curator_client.get(path).status_code, curator_client.post(path).status_code} == {403}
