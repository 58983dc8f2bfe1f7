"""Sign-in by an OpenID provider that the tests run: the real exchange, over HTTP."""

import logging
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from config.sign_in import providers
from search.models import ClaimRule, Collection, Grant, Group, Invitation, User
from tests.support import openid
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db
START, BACK = "/sign-in/provider/", "/sign-in/provider/back/"
VERIFIED = {"email": "anna@example.org", "email_verified": True}


@pytest.fixture(scope="module")
def running():
    with openid.provider() as provider:
        yield provider


@pytest.fixture
def provider(running, settings):
    """As it is at first, and the one of this site."""
    url = running.url
    running.__init__()
    running.url = url
    settings.OIDC_ISSUER, settings.OIDC_NAME = url, "Example ID"
    settings.SOCIALACCOUNT_PROVIDERS = providers(
        url, openid.CLIENT, openid.SECRET, ["openid", "profile", "email"]
    )
    return running


def there(client, **parameters):
    """The address of the site that the provider sends this browser back to."""
    start = client.get(START, parameters)
    assert start.status_code == 302, start.content
    return requests.get(start.url, allow_redirects=False, timeout=5).headers["Location"]


def come_back(client, address):
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client, **parameters):
    return come_back(client, there(client, **parameters))


def person(client):
    """Who this browser is signed in as."""
    user = client.get("/healthz").wsgi_request.user
    return user.username if user.is_authenticated else None


def refused(client, response, sentence):
    return sentence in response.content.decode() and person(client) is None


UNTRUE = "This sign-in could not be completed"


# Getting in


def test_the_page_offers_the_provider_by_its_name(client, provider):
    page = client.get("/sign-in/?next=/saved/").content.decode()

    assert 'href="/sign-in/provider/?next=/saved/">Sign in by Example ID</a>' in page
    assert provider.url not in page  # No page of ours names or loads anything of another host.


def test_control_without_a_provider_there_is_no_such_way(client):
    assert "/sign-in/provider/" not in client.get("/sign-in/").content.decode()
    assert client.get(START).status_code == client.get(BACK).status_code == 404


def test_somebody_new_gets_an_account_and_is_in(client, provider):
    provider.claims |= VERIFIED | {"given_name": "Anna", "family_name": "Able"}

    assert sign_in(client).url == "/"
    assert person(client) == "anna"
    anna = User.objects.get(username="anna")
    assert (anna.email, anna.get_full_name()) == ("anna@example.org", "Anna Able")
    assert not anna.has_usable_password() and not anna.is_staff


def test_the_second_time_it_is_the_same_account_whatever_it_is_called_by_then(client, provider):
    sign_in(client)
    provider.claims |= {"preferred_username": "anne", "email": "anne@example.org"}
    other = Client()
    sign_in(other)

    assert person(other) == "anna"
    assert User.objects.count() == 1


def test_it_leads_to_where_one_was_going(client, provider):
    assert sign_in(client, next="/saved/?a=1").url == "/saved/?a=1"


@pytest.mark.parametrize("next", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_it_never_leads_elsewhere(client, provider, next):
    assert sign_in(client, next=next).url == "/"


def test_a_name_that_somebody_has_is_not_given_twice(client, provider):
    make_user("Anna"), make_user("anna2")
    sign_in(client)

    assert person(client) == "anna3"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "Ann Ä. b/c"}, "AnnÄ.bc"),
        ({"preferred_username": None, **VERIFIED}, "anna"),
        ({"preferred_username": ["x"], "given_name": 3, "email": {}}, "1"),
        ({"preferred_username": "a\0", "name": "\ud800", "x" * 300: "y"}, "1"),
        ({"preferred_username": "b" * 400, "given_name": "c" * 400}, "b" * 150),
    ],
)
def test_whatever_claims_there_are_an_account_comes_of_it(client, provider, claims, name):
    provider.claims = {k: v for k, v in (provider.claims | claims).items() if v is not None}

    assert sign_in(client).url == "/"
    assert person(client) == name


def test_of_two_first_sign_ins_at_a_time_one_makes_the_account_and_nothing_is_left_of_the_other(
    client, provider, monkeypatch
):
    def full_clean(user, **options):
        """The other one has just got through."""
        SocialAccount.objects.create(user=make_user("first"), provider="sso", uid="1")

    monkeypatch.setattr(User, "full_clean", full_clean)

    assert refused(client, sign_in(client), UNTRUE)
    assert list(User.objects.values_list("username", flat=True)) == ["first"]


# Accounts that are there before the first sign-in


def test_a_verified_address_leads_to_the_account_that_has_it(client, provider):
    there_before = make_user("reader")
    User.objects.update(email="Anna@example.org")
    provider.claims |= VERIFIED
    sign_in(client)

    assert person(client) == "reader"
    assert SocialAccount.objects.get().user == there_before
    # Whoever made that account for themselves, with somebody else's address, is out.
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_takes_no_account_over(client, provider, verified):
    make_user("reader")
    User.objects.update(email="anna@example.org")
    provider.claims |= {"email": "anna@example.org", "email_verified": verified}
    sign_in(client)

    assert person(client) == "anna"
    assert User.objects.get(username="anna").email == ""


@pytest.mark.parametrize("count", [1, 2])
def test_an_address_of_several_accounts_or_of_somebody_elses_leads_nowhere(client, provider, count):
    for number in range(count):
        make_user(f"reader{number}")
    User.objects.update(email="anna@example.org")
    if count == 1:
        SocialAccount.objects.create(user=User.objects.get(), provider="sso", uid="2")
    provider.claims |= VERIFIED

    assert refused(client, sign_in(client), "not certain to be yours")
    assert User.objects.count() == count


def test_without_new_accounts_whoever_has_none_is_told(client, provider, settings):
    settings.OIDC_CREATE_ACCOUNTS = False
    provider.claims |= VERIFIED

    assert refused(client, sign_in(client), "You have no account here yet")
    assert not User.objects.exists()

    make_user("reader")
    User.objects.update(email="anna@example.org")
    assert sign_in(client).url == "/"


def invited(client, settings, *, role: str = "curator") -> Invitation:
    """An invitation whose link this browser has opened, where nobody else gets an account."""
    settings.OIDC_CREATE_ACCOUNTS = False
    invitation = Invitation(name="Ann Smith", role=role)
    token = invitation.renew(make_user("boss", staff=True))
    invitation.groups.add(Group.objects.create(name="Press"))
    page = client.get(f"/invitation/{token}/").content.decode()
    assert 'href="/sign-in/provider/">Sign in by Example ID</a>' in page
    return invitation


def test_whoever_is_invited_makes_the_account_by_the_provider(client, provider, settings):
    invitation = invited(client, settings)
    sign_in(client)

    anna = User.objects.get(username="anna")
    assert person(client) == "anna"
    assert (anna.role, anna.groups.get().name) == ("curator", "Press")
    invitation.refresh_from_db()
    assert invitation.account == anna
    assert not anna.has_usable_password()


def test_an_invitation_that_is_revoked_meanwhile_lets_nobody_in(client, provider, settings):
    invited(client, settings)
    back = there(client)
    Invitation.objects.update(revoked=timezone.now())

    assert refused(client, come_back(client, back), "You have no account here yet")


def test_an_invitation_gives_nothing_to_an_account_that_is_there(client, provider, settings):
    provider.claims |= VERIFIED
    anna = make_user("anna")
    User.objects.filter(pk=anna.pk).update(email=VERIFIED["email"])
    invitation = invited(client, settings)
    sign_in(client)

    anna.refresh_from_db()
    invitation.refresh_from_db()
    assert (person(client), anna.role, str(invitation.state)) == ("anna", "viewer", "open")


def test_with_passwords_switched_off_an_invitation_offers_none(client, provider, settings):
    settings.LOCAL_SIGN_IN = False
    invitation = invited(client, settings)
    token = invitation.renew(User.objects.get(username="boss"))
    choice = {"username": "eve", "password1": "correct horse", "password2": "correct horse"}
    page = client.post(f"/invitation/{token}/", choice).content.decode()

    assert "password1" not in page
    assert not User.objects.filter(username="eve").exists()


def test_who_is_deactivated_does_not_come_in_by_the_provider(client, provider):
    sign_in(client)
    User.objects.update(is_active=False)
    other = Client()

    assert refused(other, sign_in(other), "This account is deactivated")


def test_with_passwords_switched_off_only_the_provider_is_left(client, provider, settings):
    make_user("reader")
    settings.LOCAL_SIGN_IN = False

    assert 'name="password"' not in client.get("/sign-in/").content.decode()
    response = client.post("/sign-in/", {"username": "reader", "password": "correct horse"})
    assert response.status_code == 403
    assert refused(client, response, "Please sign in by Example ID.")
    assert sign_in(client).url == "/"


# Answers that are not what they should be


@pytest.mark.parametrize(
    "spoilt",
    [
        {"aud": "another"},
        {"aud": [openid.CLIENT, "another"]},
        {"azp": "another"},
        {"iss": "https://another.example"},
        {"exp": 1_700_000_000},
        {"exp": "soon"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"nonce": 5},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"sub": "s" * 300},
        {"sub": "a\0"},
        {"sub": ["1"]},
        {"aud": None},
        {"exp": None},
        {"iat": None},
        {"iss": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_makes_no_session(client, provider, spoilt, caplog):
    provider.spoilt = spoilt

    response = sign_in(client)

    assert response.status_code == 403
    assert refused(client, response, UNTRUE)
    assert not User.objects.exists()
    assert "Sign-in by single sign-on failed" in caplog.text


@pytest.mark.parametrize(
    "sign",
    [
        openid.unsigned,
        openid.signed_by_another,
        openid.signed_by_the_public_key,
        lambda claims: "no.token.at-all",
        lambda claims: None,
        lambda claims: {"sub": "1"},
        lambda claims: openid.signed(claims)[:-8],
    ],
    ids=["none", "another key", "public key", "nonsense", "missing", "object", "cut off"],
)
def test_a_token_that_the_provider_has_not_signed_makes_no_session(client, provider, sign):
    provider.sign = sign

    assert refused(client, sign_in(client), UNTRUE)
    assert not User.objects.exists()


@pytest.mark.parametrize("keys", [{"keys": []}, {}, {"keys": [{"kid": "first"}]}, ["first"]])
def test_without_a_key_to_check_with_there_is_no_session(client, provider, keys):
    provider.keys = keys

    assert refused(client, sign_in(client), UNTRUE)


def test_an_answer_is_good_once(client, provider):
    address = there(client)
    assert come_back(client, address).url == "/"
    client.logout()

    assert refused(client, come_back(client, address), UNTRUE)


def test_a_code_is_good_once(client, provider):
    code = parse_qs(urlsplit(there(client)).query)["code"][0]
    form = {"code": code, "client_id": openid.CLIENT, "client_secret": "no", "code_verifier": ""}
    assert requests.post(f"{provider.url}/token", form, timeout=5).status_code == 400
    state = parse_qs(urlsplit(there(client)).query)["state"][0]

    response = client.get(BACK, {"code": code, "state": state})

    assert refused(client, response, UNTRUE)


def test_an_answer_is_good_in_the_browser_that_asked(client, provider):
    address, other = there(client), Client()

    assert refused(other, come_back(other, address), UNTRUE)


def test_a_code_of_another_sign_in_fits_no_state_of_this_browser(client, provider):
    """Someone leads a person into their own account: by their code, in the person's browser."""
    theirs = parse_qs(urlsplit(there(Client())).query)["code"][0]
    mine = parse_qs(urlsplit(there(client)).query)["state"][0]

    assert refused(client, client.get(BACK, {"code": theirs, "state": mine}), UNTRUE)


def test_an_answer_that_came_too_late_is_none(client, provider, monkeypatch):
    address, now = there(client), time.time()
    monkeypatch.setattr("allauth.socialaccount.internal.statekit.time.time", lambda: now + 601)

    assert refused(client, come_back(client, address), UNTRUE)


@pytest.mark.parametrize("query", [{}, {"code": "a"}, {"code": "a", "state": "b\0"}])
def test_an_answer_that_nobody_asked_for_is_none(client, provider, query):
    assert refused(client, client.get(BACK, query), UNTRUE)


def test_who_cancels_is_told_that_nothing_has_changed(client, provider):
    state = parse_qs(urlsplit(there(client)).query)["state"][0]

    response = client.get(BACK, {"error": "access_denied", "state": state})

    assert refused(client, response, "You have cancelled the sign-in")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/token", (400, {"error": "invalid_grant"})),
        ("/token", (200, ["access_token"])),
        ("/token", (200, {"access_token": 5})),
        ("/userinfo", (200, {"sub": "2"})),
        ("/userinfo", (200, {})),
        ("/userinfo", (200, [])),
        ("/jwks", (200, [])),
    ],
    ids=str,
)
def test_an_answer_of_the_wrong_form_makes_no_session(client, provider, path, answer):
    address = there(client)
    provider.answers[path] = answer

    assert refused(client, come_back(client, address), UNTRUE)


@pytest.mark.parametrize("answer", [(500, {}), (200, b"<html>"), (404, {})], ids=str)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/userinfo", "/jwks"])
def test_a_provider_out_of_order_is_said_to_be_so(client, provider, path, answer):
    address = there(client)
    provider.answers[path] = answer
    response = come_back(client, address)

    assert response.status_code == 503
    assert refused(client, response, "does not answer; please try again")


@pytest.mark.parametrize(
    "configuration",
    [[], {}, {"issuer": "https://another.example"}, {"issuer": 5}],
    ids=str,
)
def test_who_calls_themselves_otherwise_is_not_the_provider(client, provider, configuration):
    provider.answers["/.well-known/openid-configuration"] = (200, configuration)

    assert refused(client, client.get(START), UNTRUE)


def test_a_provider_that_is_away_is_said_to_be_so(client, provider, settings):
    settings.SOCIALACCOUNT_PROVIDERS = providers("http://127.0.0.1:9", "a", "b", ["openid"])

    assert client.get(START).status_code == 503


def test_what_a_link_adds_to_the_exchange_counts_for_nothing(client, provider):
    added = {"scope": "admin", "auth_params": "prompt=none", "process": "connect"}
    start = client.get(START, added)
    query = parse_qs(urlsplit(start.url).query)

    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    assert "prompt" not in query


def test_no_secret_is_in_the_log(client, provider, caplog):
    provider.answers["/token"] = (400, {"error": "invalid_client"})
    with caplog.at_level(logging.DEBUG):
        sign_in(client)

    assert openid.SECRET not in caplog.text


def test_the_claims_are_stored_without_those_of_the_exchange(client, provider):
    provider.claims |= {"department": "Press"}
    sign_in(client)

    stored = SocialAccount.objects.get().extra_data
    assert stored["department"] == "Press"
    assert not {"nonce", "iat", "exp"} & stored.keys()


# Groups by claims


def test_a_group_of_a_claim_gives_access_and_without_it_there_is_none(client, provider, settings):
    settings.LIBRARY_OPEN = False
    asset, press = make_asset(owner=make_user("owner")), Group.objects.create(name="Press")
    closed = Collection.objects.create(name="Embargo", slug="embargo", is_open=False)
    closed.assets.add(asset)
    Grant.objects.create(collection=closed, group=press)
    ClaimRule.objects.create(claim="groups", value="press", group=press)
    page = f"/assets/{asset.pk}/"

    provider.claims["groups"] = ["press"]
    sign_in(client)
    assert client.get(page).status_code == 200
    provider.claims["groups"] = []
    sign_in(client)
    assert client.get(page).status_code == 404
    provider.claims["groups"] = "press"
    sign_in(client)
    assert client.get(page).status_code == 200
    del provider.claims["groups"]
    sign_in(client)
    assert client.get(page).status_code == 404
