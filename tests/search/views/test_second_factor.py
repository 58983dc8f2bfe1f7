"""The second step of a sign-in: codes of an app and recovery codes. Passkeys: tests/e2e/reading."""

import re
import time

import pytest
import requests
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.socialaccount.models import SocialAccount
from axes.models import AccessAttempt
from django.test import Client, override_settings

from config.sign_in import providers
from search.models import ClaimRule, Session, User
from tests.support import openid
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
PAGE, ASK = "/account/second-factor/", "/sign-in/second-factor/"
SECRET = "JBSWY3DPEHPK3PXP"
LIMIT = 10


def code(secret=SECRET, later=0):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


@pytest.fixture
def reader():
    return make_user("reader")


@pytest.fixture
def with_app(reader):
    data = {"secret": get_adapter().encrypt(SECRET)}
    Authenticator.objects.create(user=reader, type=Authenticator.Type.TOTP, data=data)
    return reader


def password_step(client, **fields):
    form = {"username": "reader", "password": "correct horse"} | fields
    return client.post("/sign-in/", form)


def text(response):
    return response.content.decode()


def is_in(client):
    return client.get("/saved/").status_code == 200


def confirm(client, **form):
    form = form or {"password": "correct horse"}
    return client.post("/account/confirm/", form | {"next": PAGE})


# Signing in


def test_who_has_an_app_is_in_after_its_code_and_not_before(client, with_app):
    assert password_step(client, next="/saved/").url == ASK
    assert not is_in(client)
    assert "Code of your app" in text(client.get(ASK))

    assert client.post(ASK, {"code": code()}).url == "/saved/"
    assert is_in(client)


def test_control_who_has_none_is_in_after_the_password(client, reader):
    assert password_step(client).url == "/"


@pytest.mark.parametrize("wrong", ["000000", "", "abc", "1" * 30, "12345\0", "１２３４５６"])
def test_a_wrong_code_lets_nobody_in(client, with_app, wrong):
    password_step(client)
    response = client.post(ASK, {"code": wrong})

    assert response.status_code == 200
    assert 'role="alert"' in text(response)
    assert not is_in(client)


def test_a_code_is_good_once(client, with_app):
    digits = code()
    password_step(client)
    client.post(ASK, {"code": digits})
    other = Client()
    password_step(other)

    assert "has been used already" in text(other.post(ASK, {"code": digits}))
    assert not is_in(other)


def test_a_code_of_long_ago_is_none(client, with_app):
    password_step(client)
    client.post(ASK, {"code": code(later=-3)})

    assert not is_in(client)


def test_wrong_codes_are_counted_like_wrong_passwords(client, with_app):
    password_step(client)
    statuses = [client.post(ASK, {"code": "000000"}).status_code for _ in range(LIMIT)]
    assert statuses == [200] * (LIMIT - 1) + [429]

    response = client.post(ASK, {"code": code()})
    assert response.status_code == 429
    assert "too many wrong passwords" in text(response)
    assert not is_in(client)
    assert password_step(Client(REMOTE_ADDR="198.51.100.7")).status_code == 429


def test_control_a_few_wrong_codes_do_no_harm(client, with_app):
    password_step(client)
    for _ in range(LIMIT - 1):
        client.post(ASK, {"code": "000000"})

    assert client.post(ASK, {"code": code()}).url == "/"


def test_the_second_step_alone_is_none(client, with_app):
    assert client.get(ASK).url == client.post(ASK, {"code": code()}).url == "/sign-in/"
    assert not is_in(client)


def test_the_second_step_of_an_account_that_is_deactivated_meanwhile_is_none(client, with_app):
    password_step(client)
    User.objects.update(is_active=False)
    client.post(ASK, {"code": code()})

    assert not is_in(client)


def test_without_the_store_of_used_codes_nobody_is_let_in(client, with_app, monkeypatch):
    from redis.exceptions import ConnectionError

    def away(*args, **options):
        raise ConnectionError("away")

    password_step(client)
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.cache.add", away)

    assert client.post(ASK, {"code": code()}).status_code == 503
    assert not is_in(client)


def test_who_comes_by_a_provider_is_asked_too_and_has_what_claims_give_after(
    client, with_app, settings
):
    with openid.provider() as provider:
        settings.OIDC_ISSUER = provider.url
        options = (openid.CLIENT, openid.SECRET, ["openid"])
        settings.SOCIALACCOUNT_PROVIDERS = providers(provider.url, *options)
        SocialAccount.objects.create(user=with_app, provider="sso", uid="1")
        ClaimRule.objects.create(claim="groups", value="press", role=User.Role.CURATOR)
        provider.claims["groups"] = ["press"]
        start = client.get("/sign-in/provider/", {"next": "/saved/"})
        back = requests.get(start.url, allow_redirects=False, timeout=5).headers["Location"]
        assert client.get(back).url == ASK
    assert not is_in(client) and not User.objects.get().is_staff

    assert client.post(ASK, {"code": code()}).url == "/saved/"
    assert is_in(client) and User.objects.get().is_staff


# Recovery codes


def recovery_codes(client):
    page = text(client.get(f"{PAGE}codes/"))
    return re.findall(r"<li>(\d{8})</li>", page)


def test_a_recovery_code_lets_in_once(client, with_app):
    client.force_login(with_app)
    confirm(client)
    client.post(f"{PAGE}codes/new/")
    first, second, *_ = recovery_codes(client)
    for recovery, lets_in in ((first, True), (first, False), (second, True)):
        other = Client()
        password_step(other)
        other.post(ASK, {"code": recovery})
        assert is_in(other) == lets_in


def test_new_ones_replace_the_old(client, with_app):
    client.force_login(with_app)
    confirm(client)
    client.post(f"{PAGE}codes/new/")
    old = recovery_codes(client)
    client.post(f"{PAGE}codes/new/")

    assert len(old) == len(set(old + recovery_codes(client))) / 2 == 10


# Setting up, and removing


def test_an_app_is_set_up_by_its_first_code_after_the_password(client, reader):
    client.force_login(reader)
    assert client.get(f"{PAGE}app/").url.startswith("/account/confirm/")
    assert confirm(client).url == PAGE
    page = text(client.get(f"{PAGE}app/"))
    secret = re.search(r'<code class="ways__key">(\w+)</code>', page)[1]
    assert "<svg" in page and "data:" not in page

    assert "This is not right" in text(client.post(f"{PAGE}app/", {"code": "000000"}))
    assert client.post(f"{PAGE}app/", {"code": code(secret)}).url == f"{PAGE}codes/"

    assert len(recovery_codes(client)) == 10
    assert "It makes your codes since" in text(client.get(PAGE))
    # What the database holds makes no codes.
    assert secret not in str(Authenticator.objects.values())


def test_an_app_is_removed_after_the_password_and_the_codes_go_with_it(client, with_app):
    client.force_login(with_app)
    confirm(client)
    client.post(f"{PAGE}codes/new/")
    assert "Remove the app?" in text(client.get(f"{PAGE}app/remove/"))
    client.post(f"{PAGE}app/remove/")

    assert not Authenticator.objects.exists()
    assert password_step(Client()).url == "/"


@pytest.mark.parametrize("path", ["app/", "app/remove/", "codes/", "codes/new/", "passkey/"])
def test_nothing_is_shown_or_changed_without_the_password(client, with_app, path):
    client.force_login(with_app)
    client.get(PAGE)
    Authenticator.objects.create(user=with_app, type="recovery_codes", data={"seed": ""})

    assert client.get(PAGE + path).status_code == 302
    assert client.post(PAGE + path, {"code": code()}).status_code in (302, 405)
    assert Authenticator.objects.count() == 2


def test_wrong_passwords_and_codes_are_counted_there_too(client, with_app):
    client.force_login(with_app)
    assert "That is not your password." in text(confirm(client, password="wrong"))
    client.post("/account/confirm/code/", {"code": "000000"})

    assert AccessAttempt.objects.get().failures_since_start == 2


def test_a_code_confirms_as_well_as_the_password(client, with_app):
    client.force_login(with_app)
    client.post("/account/confirm/code/", {"code": code(), "next": PAGE})

    assert client.get(f"{PAGE}app/remove/").status_code == 200


def test_who_comes_by_a_provider_alone_confirms_by_signing_in_again(client, reader):
    reader.set_unusable_password()
    reader.save()
    client.force_login(reader)

    response = client.get(f"{PAGE}app/")
    assert response.status_code == 403
    assert "Please sign out and in again" in text(response)


@pytest.mark.parametrize(
    "credential", ["", "nonsense", "[]", "{}", '{"id": "x"}', '{"rawId": "AA", "response": {}}']
)
def test_a_passkey_of_nonsense_is_refused_in_words(client, with_app, credential):
    client.force_login(with_app)
    confirm(client)
    assert client.get(f"{PAGE}passkey/").status_code == 200
    form = {"name": "x", "credential": credential}

    assert 'role="alert"' in text(client.post(f"{PAGE}passkey/", form))
    other = Client()
    password_step(other)
    other.get(ASK)
    assert other.post(ASK, {"credential": credential}).status_code == 200
    assert not is_in(other)


def test_nobody_removes_a_passkey_of_somebody_else(client, with_app):
    other = make_user("other")
    passkey = Authenticator.objects.create(user=other, type="webauthn", data={"name": "x"})
    client.force_login(with_app)
    confirm(client)

    assert client.post(f"{PAGE}passkey/{passkey.pk}/remove/").status_code == 404


def test_a_factor_that_was_stored_under_another_secret_key_fits_no_code(client, with_app):
    with override_settings(SECRET_KEY="another " * 8):
        password_step(client)
        client.post(ASK, {"code": code()})
        assert not is_in(client)


def test_an_old_secret_key_among_the_fallbacks_is_enough(client, with_app, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another " * 8
    password_step(client)

    assert client.post(ASK, {"code": code()}).url == "/"


# Where staff need one


@pytest.fixture
def required(settings):
    settings.SECOND_FACTOR_FOR_STAFF = True


def test_staff_without_one_are_led_to_where_they_set_it_up(required, curator_client):
    for path in ("/", "/saved/", "/admin/search/asset/", "/account/sessions/"):
        assert curator_client.get(path).url == PAGE
    assert "Here curators and administrators need" in text(curator_client.get(PAGE))
    fragment = curator_client.get("/waiting/", headers={"HX-Request": "true"})
    assert fragment["HX-Redirect"] == PAGE
    assert curator_client.get("/account/password/").status_code == 200
    assert curator_client.post("/sign-out/").status_code == 302


def test_with_one_they_go_on(required, curator_client):
    curator = User.objects.get(username="curator")
    Authenticator.objects.create(user=curator, type="totp", data={"secret": ""})

    assert curator_client.get("/saved/").status_code == 200
    Authenticator.objects.all().delete()
    curator_client.get(PAGE)  # As after its removal.
    assert curator_client.get("/saved/").url == PAGE


def test_recovery_codes_alone_are_none(required, curator_client):
    curator = User.objects.get(username="curator")
    Authenticator.objects.create(user=curator, type="recovery_codes", data={"seed": ""})

    assert curator_client.get("/saved/").url == PAGE


def test_others_and_strangers_need_none(required, client, reader_client):
    assert reader_client.get("/saved/").status_code == 200
    assert client.get("/sign-in/").status_code == 200
    assert client.get("/healthz").status_code == 200


def test_an_administrator_takes_away_what_somebody_has_lost(staff_client, with_app):
    reader = Client()
    reader.force_login(with_app)
    reader.get("/saved/")
    path = f"/admin/search/user/{with_app.pk}/second-factor/"
    assert "has TOTP Authenticator" in text(staff_client.get(path))
    staff_client.post(path)

    assert not Authenticator.objects.exists()
    assert not Session.objects.filter(user=with_app).exists()
    assert password_step(Client()).url == "/"


def test_a_curator_takes_nothing_away(curator_client, with_app):
    path = f"/admin/search/user/{with_app.pk}/second-factor/"

    assert {curator_client.get(path).status_code, curator_client.post(path).status_code} == {403}
    assert Authenticator.objects.exists()
