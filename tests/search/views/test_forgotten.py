"""A new password by mail, and the way in that a command makes."""

import re
import time

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from search.access import mail as sending
from search.models import User
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/sign-in/forgotten/"
NEW = "battery staple"


@pytest.fixture(autouse=True)
def sent_at_once(monkeypatch):
    monkeypatch.setattr("search.access.password_reset.send_later", sending._send)


@pytest.fixture
def reader():
    reader = make_user("reader")
    reader.email = "Reader@example.org"
    reader.save()
    return reader


def ask(client, address="reader@example.org"):
    return client.post(PAGE, {"email": address}, follow=True)


def link():
    return re.search(r"http://testserver(/\S+)", mail.outbox[-1].body)[1]


def set_password(client, path, new=NEW):
    form = client.get(path, follow=True)
    return client.post(form.request["PATH_INFO"], {"new_password1": new, "new_password2": new})


def text(response):
    return response.content.decode()


def signs_in(password):
    form = {"username": "reader", "password": password}
    return Client().post("/sign-in/", form).status_code == 302


def test_the_sign_in_leads_to_it(client):
    assert f'href="{PAGE}"' in text(client.get("/sign-in/"))
    assert client.get(PAGE).status_code == 200


def test_a_mail_brings_a_link_and_the_link_a_new_password(client, reader):
    browser = Client()
    browser.force_login(reader)
    assert "Look into your mail" in text(ask(client))
    (message,) = mail.outbox
    assert message.to == ["Reader@example.org"]
    assert "your account reader" in message.body

    assert set_password(client, link()).url == "/sign-in/password/set/"
    assert signs_in(NEW) and not signs_in("correct horse")
    assert browser.get("/").status_code == 302  # Signed out wherever one was.


def test_a_link_is_good_once(client, reader):
    ask(client)
    set_password(client, link())

    assert "leads nowhere any more" in text(Client().get(link(), follow=True))


def test_a_link_runs_out(client, reader, settings):
    ask(client)
    settings.PASSWORD_RESET_TIMEOUT = -1

    assert "leads nowhere any more" in text(client.get(link(), follow=True))


@pytest.mark.parametrize("path", ["MQ/abc-def", "x/y", "%00/abc", "999999999999999999999/a-b"])
def test_a_link_that_nobody_sent_leads_nowhere(client, path):
    assert "leads nowhere any more" in text(client.get(f"/sign-in/password/{path}/", follow=True))


@pytest.mark.parametrize(
    ("new", "sentence"), [("12345678", "too common"), ("reader1234", "too similar")]
)
def test_a_poor_password_is_refused_here_too(client, reader, new, sentence):
    ask(client)

    assert sentence in text(set_password(client, link(), new))
    assert signs_in("correct horse")


def work(client, address):
    with CaptureQueriesContext(connection) as queries:
        response = ask(client, address)
    return text(response), len(queries)


def test_of_an_address_of_nobody_the_answer_is_the_same_and_costs_as_much(client, reader):
    client.get(PAGE)
    theirs, nobodys = work(client, "reader@example.org"), work(client, "nobody@example.org")

    hidden = re.compile(r'csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"')
    assert hidden.sub("", theirs[0]) == hidden.sub("", nobodys[0])
    assert theirs[1] == nobodys[1]
    assert len(mail.outbox) == 1


def test_an_answer_does_not_wait_for_the_mail_server(client, reader, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr("search.access.mail._send", lambda message: time.sleep(1))
    begun = time.monotonic()
    ask(client)

    assert time.monotonic() - begun < 0.9


def test_a_mail_server_that_refuses_is_in_the_log(client, reader, settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    assert "Look into your mail" in text(ask(client))
    assert "could not be sent" in caplog.text


def test_who_asks_again_and_again_sends_no_flood(client, reader):
    for _ in range(8):
        assert "Look into your mail" in text(ask(client))

    assert len(mail.outbox) == 5


@pytest.mark.parametrize("change", ["is_active", "password"])
def test_no_mail_goes_to_whom_a_password_lets_not_in(client, reader, change):
    if change == "password":
        reader.set_unusable_password()
    reader.is_active = change != "is_active"
    reader.save()
    ask(client)

    assert mail.outbox == []


@pytest.mark.parametrize("address", ["", "no address", "a\0b@example.org", "a" * 300 + "@x.org"])
def test_what_is_no_address_is_said_to_be_none(client, address):
    response = ask(client, address)

    assert 'role="alert"' in text(response)
    assert mail.outbox == []


def test_where_there_are_no_passwords_there_is_no_such_page(client, settings):
    settings.LOCAL_SIGN_IN = False

    assert client.get(PAGE).status_code == client.get("/sign-in/password/a/b/").status_code == 404


# The way in for an administrator


def way_in(capsys, name="root"):
    call_command("way_in", name, site="http://testserver/")
    return capsys.readouterr().out.strip().removeprefix("http://testserver")


def is_in(client):
    return client.get("/saved/").status_code == 200


def test_a_command_lets_an_administrator_in_without_anything_else(client, settings, capsys):
    make_user("root", staff=True)
    settings.LOCAL_SIGN_IN = False
    path = way_in(capsys)

    assert "signs you in as" in text(client.get(path)) and not is_in(client)
    assert client.post(path).url == "/"
    assert is_in(client)
    assert client.post(path).status_code == 404  # Once.


def test_no_one_else_comes_in_by_it(client, capsys):
    root = make_user("root", staff=True)
    make_user("second", staff=True)
    path = way_in(capsys)
    User.objects.filter(pk=root.pk).update(is_superuser=False)

    assert client.post(path).status_code == 404
    with pytest.raises(CommandError, match="root is no administrator .* There are: second"):
        way_in(capsys)


def test_a_link_of_a_mail_is_no_way_in(client, reader):
    make_user("second", staff=True)
    reader.role = User.Role.ADMINISTRATOR
    reader.save()
    ask(client)

    assert client.post(link().replace("password", "way-in")).status_code == 404


@pytest.mark.parametrize("path", ["MQ/abc-def", "x/y", "%00/a", "OTk5OTk5OTk5OTk5OTk5OTk5OTk/a-b"])
def test_a_way_in_that_no_command_made_is_none(client, path):
    assert client.post(f"/sign-in/way-in/{path}/").status_code == 404
