"""Signing in as a browser does it: by the provider that the tests run, and by a passkey."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.axe import assert_accessible
from tests.support.promises import only_in_full
from tests.support.stack import PASSWORD, USER
from tests.support.visits import listening

# A collection that the group Press alone sees, and the group by a claim.
PRESS = """
from search.models import *
press = Group.objects.create(name="Press")
closed = Collection.objects.create(name="Embargo", slug="embargo", is_open=False)
closed.assets.add(Asset.objects.order_by("created").first())
Grant.objects.create(collection=closed, group=press)
ClaimRule.objects.create(claim="groups", value="press", group=press)
"""
EMBARGO = "/?collection=embargo"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module", autouse=True)
def press(stack):
    stack.manage("shell", "-c", PRESS, check=True)


def sign_out(page):
    page.locator(".header__person .menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")


def sign_in_by_provider(page):
    page.get_by_role("link", name="Sign in by Example ID").click()


def test_a_group_of_the_provider_gives_access_and_without_it_there_is_none(opened, provider):
    provider.claims |= {"given_name": "Anna", "groups": ["press"]}
    page = opened(EMBARGO, storage_state=None)
    assert_accessible(page)
    sign_in_by_provider(page)
    page.wait_for_url(f"**{EMBARGO}")
    expect(page.locator(".header__person summary")).to_have_attribute("title", "anna")
    expect(page.locator("#hits .tile__link")).to_have_count(1)

    sign_out(page)
    provider.claims["groups"] = []
    page.goto(EMBARGO)
    sign_in_by_provider(page)
    page.wait_for_url(f"**{EMBARGO}")
    expect(page.locator("main")).to_contain_text("collection")
    expect(page.locator("#hits .tile__link")).to_have_count(0)


def test_an_answer_that_is_not_signed_makes_no_session(opened, provider):
    page = opened("/sign-in/", storage_state=None)
    provider.spoilt = {"aud": "another"}
    sign_in_by_provider(page)

    expect(page.locator("main")).to_contain_text("This sign-in could not be completed")
    provider.spoilt = {}
    page.goto("/saved/")
    assert "/sign-in/" in page.url


@pytest.fixture
def with_passkeys(stack, browser):
    """A browser that keeps passkeys; at localhost, since an address of digits has none."""
    base = stack.url.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=base)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    complaints = []
    with listening(page, complaints):
        yield page
    context.close()
    assert complaints == []


def by_password(page, address="/sign-in/"):
    page.goto(address)
    page.fill("[name=username]", USER)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@only_in_full
def test_a_passkey_is_made_and_asked_for_and_removed(with_passkeys):
    page = with_passkeys
    by_password(page, "/account/second-factor/")
    page.wait_for_url("**/account/second-factor/")
    assert_accessible(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.fill("[name=name]", "My telephone")
    assert_accessible(page)
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/codes/")
    assert page.locator(".ways__codes li").count() == 10

    sign_out(page)
    by_password(page)
    page.wait_for_url("**/sign-in/second-factor/")
    assert_accessible(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile(r"localhost:\d+/$"))

    page.goto("/account/second-factor/")
    page.get_by_role("link", name="Remove the passkey My telephone").click()
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/account/second-factor/")
    sign_out(page)
    by_password(page)
    page.wait_for_url(re.compile(r"localhost:\d+/$"))


@only_in_full
def test_the_pages_of_an_app_are_accessible(with_passkeys):
    page = with_passkeys
    by_password(page, "/account/second-factor/app/")
    page.fill("[name=password]", PASSWORD)
    assert_accessible(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="Square for the app")).to_be_visible()
    assert_accessible(page)
    for address in ("/account/sessions/", "/sign-in/forgotten/", "/sign-in/forgotten/sent/"):
        page.goto(address)
        assert_accessible(page)
