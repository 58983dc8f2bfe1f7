"""One stack, with a library and a browser in front of it, for all that leave it in one piece."""

from contextlib import ExitStack

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support import openid
from tests.support.browser import ARGUMENTS, chromium
from tests.support.snapshot import Snapshot
from tests.support.stack import PASSWORD, USER, Stack
from tests.support.visits import listening

VIEWPORT = {"width": 1280, "height": 720}


@pytest.fixture(scope="package")
def provider():
    """The OpenID provider of the stack."""
    with openid.provider() as provider:
        yield provider


@pytest.fixture(scope="package")
def running(provider):
    env = {"BELL_SECONDS": "1", "MAX_UPLOAD_MB": "2", "OIDC_NAME": "Example ID"}
    env |= {"OIDC_ISSUER": provider.url, "OIDC_CLIENT_ID": openid.CLIENT}
    env["OIDC_CLIENT_SECRET"] = openid.SECRET
    with Stack(env=env, catalogue=True) as stack:
        yield stack, Snapshot(stack)


@pytest.fixture(scope="module")
def stack(running):
    """Each module begins with the catalogue alone, and nobody signed in."""
    stack, snapshot = running
    yield stack
    snapshot.restore()


@pytest.fixture(scope="package")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def signed_in(stack, browser):
    """The cookies of a curator who has signed in by the page."""
    page = browser.new_page()
    page.goto(f"{stack.url}/?q=mug")
    page.fill("[name=username]", USER)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    assert page.url == f"{stack.url}/?q=mug"
    state = page.context.storage_state()
    page.context.close()
    return state


@pytest.fixture(scope="package")
def browsers(browser):
    """Browsers by what they are told. All modules share them: each has its pictures in its cache,
    of which a page of 48 would cost the site half a CPU-second.
    """
    contexts = {}
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="module")
def at_home(stack, browser, browsers, signed_in):
    """Gives a curator's browser that has been told this, and which has seen pictures before."""
    cookies, signed = signed_in["cookies"], set()

    def context_of(**options):
        name = repr(sorted(options.items()))
        if name not in browsers:
            browsers[name] = browser.new_context(base_url=stack.url, **options)
        if name not in signed:
            signed.add(name)
            browsers[name].clear_cookies()
            browsers[name].add_cookies(cookies)
        return browsers[name]

    return context_of


@pytest.fixture
def opened(stack, browser, signed_in, at_home):
    """Opens pages as a curator; none of them may complain of a script, a style or a policy.

    A page begins without anything that another one has left in the browser but its cache. Who is
    to be somebody else, or to change cookies, gets a browser alone.
    """
    complaints, pages, alone = [], [], []
    listeners = ExitStack()

    def page_of(context):
        free = [page for page in context.pages if page not in pages]
        return free[0] if free else context.new_page()

    def open_page(address, *, viewport=VIEWPORT, color_scheme="light", **options):
        if "storage_state" in options or options.get("java_script_enabled"):
            options = {"base_url": stack.url, "storage_state": signed_in} | options
            context = browser.new_context(**options)
            alone.append(context)
        else:
            context = at_home(**options)
        pages.append(page := page_of(context))
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=color_scheme)
        page.set_default_timeout(20_000)
        listeners.enter_context(listening(page, complaints))
        page.goto(address)
        return page

    yield open_page
    for page in pages:
        page.context.set_offline(False)
        if page.context not in alone:
            leave(page)
    listeners.close()
    for context in alone:
        context.close()
    assert complaints == []


def leave(page):
    """One page stays, for the next test, and nothing of this one in the browser."""
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
    if page is not page.context.pages[0]:
        return page.close()
    page.mouse.move(0, 0)
    page.goto("about:blank")


@pytest.fixture
def opened_at_the_field(opened):
    """Opens pages on which the field has the focus, which comes just after the page is there."""

    def open_page(address):
        page = opened(address)
        expect(page.get_by_role("combobox")).to_be_focused()
        return page

    return open_page
