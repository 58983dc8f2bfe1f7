"""One stack, with a library and a browser in front of it, for all that leave it in one piece."""

import re

import pytest
from playwright.sync_api import sync_playwright

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


@pytest.fixture
def opened(stack, browser, signed_in):
    """Opens pages as a curator; none of them may complain of a script, a style or a policy."""
    complaints, contexts = [], []

    def open_page(address, **options):
        options = {"base_url": stack.url, "storage_state": signed_in} | options
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # Browsers and htmx write what was refused, a lost connection and an animation between two
    # pages that did not take place to the console.
    expected = re.compile(
        r"Failed to load resource: (the server.* status of 4|net::ERR_INTERNET)"
        r"|Response Status Error Code 4|.*Transition was (skipped|aborted)"
    )
    assert [text for text in complaints if not expected.match(text)] == []
