"""One's own password: everybody with an account may change it."""

import pytest
from django.test import Client
from django.urls import reverse

from search.models import User
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/account/password/"
LIMIT = 10


def change(client, old="correct horse", new="battery staple", again=None):
    passwords = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post(PAGE, passwords)


def is_password(password):
    return User.objects.get(username="reader").check_password(password)


def text(response):
    return response.content.decode()


def test_a_viewer_changes_the_password_and_stays_signed_in(reader_client):
    assert f'href="{PAGE}"' in text(reader_client.get("/"))
    assert reader_client.get(PAGE).status_code == 200

    assert change(reader_client).url == f"{PAGE}changed/"
    assert is_password("battery staple")
    assert "Your password is changed" in text(reader_client.get(f"{PAGE}changed/"))


def test_other_browsers_are_signed_out_by_it(reader_client):
    other = Client()
    other.force_login(make_user("reader"))
    change(reader_client)

    assert other.get("/").status_code == 302


@pytest.mark.parametrize(
    ("passwords", "sentence"),
    [
        ({"old": "wrong"}, "That is not your password of now."),
        ({"again": "other"}, "The two password fields didn’t match."),
        ({"new": "12345678"}, "This password is too common."),
        ({"new": "reader1234"}, "The password is too similar to the username."),
        ({"new": "a\0bcdefgh"}, "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(reader_client, passwords, sentence):
    response = change(reader_client, **passwords)

    assert response.status_code == 200
    assert sentence in text(response)
    assert is_password("correct horse")


def test_wrong_guesses_are_counted_as_at_sign_in(reader_client):
    codes = [change(reader_client, old="wrong").status_code for _ in range(LIMIT + 2)]

    assert codes == [200] * (LIMIT - 1) + [429] * 3
    assert change(reader_client).status_code == 429
    assert is_password("correct horse")
    credentials = {"username": "reader", "password": "correct horse"}
    assert Client().post("/sign-in/", credentials).status_code == 429


def test_control_a_few_wrong_guesses_do_no_harm(reader_client):
    for _ in range(LIMIT - 1):
        change(reader_client, old="wrong")

    assert change(reader_client).status_code == 302


def test_strangers_sign_in_first(client):
    assert client.get(PAGE).url == f"/sign-in/?next={PAGE}"


def test_the_admin_has_no_second_door(staff_client):
    assert staff_client.get(reverse("admin:password_change")).url == PAGE
