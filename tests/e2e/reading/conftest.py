"""One stack, with a library and a browser in front of it, for all that leave it in one piece."""

import re

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.browser import ARGUMENTS, chromium
from tests.support.snapshot import Snapshot
from tests.support.stack import PASSWORD, USER, Stack


@pytest.fixture(scope="package")
def running():
    env = {"BELL_SECONDS": "1", "MAX_UPLOAD_MB": "2"}
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


@pytest.fixture(scope="module")
def at_home(stack, browser, signed_in):
    """A curator's browser, which has seen some of the pictures before."""
    context = browser.new_context(base_url=stack.url, storage_state=signed_in)
    yield context
    context.close()


@pytest.fixture
def opened(stack, browser, signed_in, at_home):
    """Opens pages as a curator; none of them may complain of a script, a style or a policy.

    A page begins without anything that another one has left in the browser but its cache: a new
    browser for each costs 0.2 CPU-seconds more. What only a browser can be told gets one.
    """
    complaints, pages, contexts = [], [], []

    def open_page(address, **options):
        context = at_home
        if not set(options) <= {"viewport", "color_scheme"}:
            options = {"base_url": stack.url, "storage_state": signed_in} | options
            contexts.append(context := browser.new_context(**options))
        pages.append(page := context.new_page())
        if viewport := options.get("viewport"):
            page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=options.get("color_scheme"))
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(address)
        return page

    yield open_page
    at_home.set_offline(False)
    for page in pages:
        if page.context is at_home:
            page.evaluate("localStorage.clear()")
            page.close()
    for context in contexts:
        context.close()
    # Browsers and htmx write what was refused, a lost connection and an animation between two
    # pages that did not take place to the console.
    expected = re.compile(
        r"Failed to load resource: (the server.* status of 4|net::ERR_INTERNET)"
        r"|Response Status Error Code 4|.*Transition was (skipped|aborted)"
    )
    assert [text for text in complaints if not expected.match(text)] == []


@pytest.fixture
def opened_at_the_field(opened):
    """Opens pages on which the field has the focus, which comes just after the page is there."""

    def open_page(address):
        page = opened(address)
        expect(page.get_by_role("combobox")).to_be_focused()
        return page

    return open_page
