"""Wrong passwords are counted, by account and by address, and make both wait for a while."""

import logging
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.test import Client, RequestFactory
from django.utils import timezone

from search.access.addresses import client_address, describe_client
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
LIMIT = 10


def sign_in(password="wrong", name="reader", address="192.0.2.1", door="/sign-in/", **headers):
    client = Client(REMOTE_ADDR=address)
    return client.post(door, {"username": name, "password": password}, **headers)


def fail(times, **fields):
    return [sign_in(**fields).status_code for _ in range(times)]


def minutes_pass(minutes):
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=minutes))


def test_sixty_wrong_passwords_and_then_the_right_one_do_not_let_in():
    make_user("reader")

    assert fail(60) == [200] * (LIMIT - 1) + [429] * (60 - LIMIT + 1)
    response = sign_in("correct horse")

    assert response.status_code == 429
    assert response["Retry-After"] == "600"
    assert "please try again in 10 minutes" in response.content.decode()
    assert not response.wsgi_request.user.is_authenticated


def test_a_few_wrong_passwords_do_no_harm():
    make_user("reader")
    fail(LIMIT - 1)

    assert sign_in("correct horse").url == "/"


def test_after_the_wait_the_right_one_lets_in():
    make_user("reader")
    fail(60)
    minutes_pass(11)

    assert sign_in("correct horse").url == "/"


def test_trying_on_makes_the_wait_no_longer():
    make_user("reader")
    fail(LIMIT)
    minutes_pass(9)
    fail(3)

    eight_minutes_ago = timezone.now() - timedelta(minutes=8)
    assert not AccessAttempt.objects.filter(attempt_time__gt=eight_minutes_ago).exists()


def test_an_account_waits_wherever_the_attempts_come_from():
    make_user("reader")
    for number in range(LIMIT):
        sign_in(address=f"192.0.2.{number}")

    assert sign_in("correct horse", address="198.51.100.7").status_code == 429


def test_an_address_waits_whichever_accounts_it_tries():
    make_user("reader")
    for number in range(LIMIT):
        sign_in(name=f"reader{number}")

    assert sign_in("correct horse").status_code == 429


def test_others_sign_in_meanwhile():
    make_user("reader"), make_user("other")
    fail(LIMIT)

    assert sign_in("correct horse", name="other", address="198.51.100.7").url == "/"


def test_whoever_is_in_stays_in(reader_client):
    fail(LIMIT)

    assert reader_client.get("/").status_code == 200


def test_the_door_of_the_admin_is_the_same():
    make_user("reader", staff=True)

    response = sign_in("correct horse", door="/admin/login/")

    assert response.status_code == 302
    assert response.url.startswith("/sign-in/")
    assert not response.wsgi_request.user.is_authenticated


def test_a_locked_account_does_not_come_in_by_the_admin_either():
    make_user("reader", staff=True)
    fail(LIMIT)

    response = Client(REMOTE_ADDR="192.0.2.1").post(
        "/admin/login/", {"username": "reader", "password": "correct horse"}, follow=True
    )

    assert not response.wsgi_request.user.is_authenticated


def test_the_log_says_who_waits_on_one_line(caplog):
    with caplog.at_level(logging.WARNING, "axes"):
        fail(LIMIT, name="read\ner")

    assert "Locking out account 'read\\ner' from 192.0.2.1" in caplog.text
    assert "wrong" not in caplog.text


def test_little_is_kept_of_it():
    make_user("reader")
    fail(60)
    sign_in("correct horse", name="other", address="198.51.100.7")

    assert AccessAttempt.objects.filter(username="reader").count() == 1
    assert not AccessLog.objects.exists()
    assert "wrong" not in str(AccessAttempt.objects.values())


# Where a request comes from


def address_of(settings, https, **meta):
    settings.HTTPS = https
    return client_address(RequestFactory().get("/", **meta))


@pytest.mark.parametrize(
    ("https", "remote", "forwarded", "address"),
    [
        (False, "192.0.2.1", "", "192.0.2.1"),
        (False, "192.0.2.1", "198.51.100.7", "192.0.2.1"),  # Anyone may write the header.
        (True, "172.18.0.5", "198.51.100.7", "198.51.100.7"),
        (True, "172.18.0.5", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (True, "172.18.0.5", "nonsense", "172.18.0.5"),
        (True, "172.18.0.5", "", "172.18.0.5"),
        (False, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        (False, "", "", None),
    ],
)
def test_an_address_is_what_nobody_can_choose(settings, https, remote, forwarded, address):
    meta = {"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}

    assert address_of(settings, https, **meta) == address


def test_a_name_stays_on_its_line():
    assert "\n" not in describe_client("a\nb", None, "", "", None)
