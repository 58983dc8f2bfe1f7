import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from psycopg.errors import LockNotAvailable, QueryCanceled

from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


def sign_in(client, **fields):
    given = {"username": "reader", "password": "correct horse"} | fields
    return client.post("/sign-in/", given)


# Sign-in and sign-out


def test_signing_in_leads_to_the_search(client):
    make_user("reader")

    assert sign_in(client).url == "/"


def test_signing_in_leads_back_to_where_one_was_going(client):
    make_user("reader")

    assert sign_in(client, next="/?q=red").url == "/?q=red"


@pytest.mark.parametrize("next", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_signing_in_never_leads_elsewhere(client, next):
    make_user("reader")

    assert sign_in(client, next=next).url == "/"


@pytest.mark.parametrize("wrong", [{"password": "no"}, {"username": "a\0b"}, {"username": ""}])
def test_a_wrong_name_or_password_is_told_in_words(client, wrong):
    make_user("reader")

    response = sign_in(client, **wrong)

    assert response.status_code == 200
    assert 'role="alert"' in text(response)


def test_signing_out_ends_the_session(reader_client):
    assert reader_client.post("/sign-out/").url == "/sign-in/"
    assert reader_client.get("/").status_code == 302


def test_a_link_cannot_sign_anyone_out(reader_client):
    assert reader_client.get("/sign-out/").status_code == 405


def test_a_fragment_asked_for_after_the_session_ended_reloads_the_page(client):
    response = client.get("/?page=2", headers={"HX-Request": "true"}, follow=True)

    assert response["HX-Refresh"] == "true"


# What goes wrong


@pytest.fixture
def broken(reader_client, monkeypatch):
    """A client whose searches end in the exception it is given."""
    reader_client.raise_request_exception = False

    def search(exception):
        def fail(*args, **kwargs):
            raise exception

        monkeypatch.setattr("search.views.search.answer", fail)
        return reader_client.get("/", {"q": "red"})

    return search


@pytest.mark.parametrize("exception", [OperationalError("gone"), InterfaceError("closed")])
def test_while_the_database_restarts_the_page_says_so(broken, exception):
    response = broken(exception)

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "The library is restarting" in text(response)


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        (QueryCanceled(), "This took longer than 15 seconds and was stopped"),
        (LockNotAvailable(), "Somebody else is changing the same"),
    ],
)
def test_what_takes_too_long_ends_with_a_sentence(broken, cause, sentence):
    error = OperationalError("ended")
    error.__cause__ = cause
    response = broken(error)

    assert response.status_code == 503
    assert sentence in text(response)


def test_that_page_needs_no_database(broken, django_assert_num_queries):
    broken(OperationalError("gone"))

    from search.views.errors import server_error

    with django_assert_num_queries(0):
        server_error(None)


def test_a_fault_of_ours_is_a_friendly_500(broken):
    response = broken(ZeroDivisionError())

    assert response.status_code == 500
    assert "This is a fault of ours" in text(response)


def test_an_unknown_address_is_a_friendly_404(client):
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert "There is nothing at this address" in text(response)
    assert '<form class="field__form" role="search" method="get" action="/">' in text(response)
    assert '<a class="brand" href="/">' in text(response)


def test_a_page_that_was_open_for_too_long_says_so():
    response = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "reader"})

    assert response.status_code == 403
    assert "open for too long" in text(response)


def test_a_second_sign_in_tab_leads_in_once_the_first_has_signed_in():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("reader"))

    response = client.post("/sign-in/?next=/saved/", {"username": "reader"}, follow=True)

    assert [url for url, _ in response.redirect_chain] == ["/sign-in/?next=/saved/", "/saved/"]
    assert response.status_code == 200


def test_control_any_other_page_that_was_open_for_too_long_is_still_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("reader"))

    assert client.post("/sign-out/").status_code == 403


# What every page carries


@pytest.mark.parametrize("address", ["/", "/upload/", "/sign-in/", "/nowhere/"])
def test_pages_run_nothing_that_is_not_a_file_of_ours(staff_client, address):
    response = staff_client.get(address)

    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "style=" not in text(response)
    assert "<style" not in text(response)
    assert "<script>" not in text(response)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
