"""What there is to see of pages without a deed of anybody's, found out in one visit of each."""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from playwright.sync_api import CDPSession, Page, ViewportSize

from tests.support.axe import violations

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
NARROW = (320, 390, 820, 1440)
# Maximum of cumulative layout shift: a line of text above the pictures (web.dev calls 0.1 good).
MOST = 0.02
# Bytes a second at which a page comes in pieces that are painted one after another. At 100,000
# columns whose number was not known beforehand jumped in 5 of 5 loads, by 0.31; at 200,000 in some.
SLOW, FAST = 100_000, -1
SHIFT = """() => new Promise((resolve) => {
    let sum = 0;
    const add = (list) => list.getEntries().forEach((entry) => (sum += entry.value));
    new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(sum), 250);
})"""
# Browsers and htmx write what was refused, a lost connection, an animation between two pages that
# did not take place and what a sign-out has cleared to the console.
EXPECTED = re.compile(
    r"Failed to load resource: (the server.* status of 4|net::ERR_INTERNET)"
    r"|Response Status Error Code 4|.*Transition was (skipped|aborted)"
    r'|Clear-Site-Data header on .*: Cleared data types: "cache"\.$'
)


@dataclass(slots=True)
class Visit:
    """What there was to see of a page."""

    shift: float = 0
    too_wide: list[int] = field(default_factory=list)  # Windows over whose edge it hangs.
    violations: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Visits = dict[tuple[str, int], Visit]


def visit_all(page: Page, addresses: Iterable[str]) -> Visits:
    """Each page on a phone, where the cache is empty, and on a desk, where it is not."""
    visits, line = {}, page.context.new_cdp_session(page)
    for size, address in product((PHONE, DESK), addresses):
        page.set_viewport_size(size)
        visits[address, size["width"]] = visit(page, line, address, size)
    return visits


def visit(page: Page, line: CDPSession, address: str, size: ViewportSize) -> Visit:
    """One page; on a desk also by the rules of accessibility, if it is not of the admin."""
    there = Visit()
    # Its icons are a font, which on a slow line comes after the words: 0.022 on a phone.
    is_admin = address.startswith("/admin/")
    with listening(page, there.complaints):
        page.goto("about:blank")  # No transition from the page before.
        let_pass(line, FAST if is_admin else SLOW)
        page.goto(address, wait_until="domcontentloaded")
        let_pass(line, FAST)
        page.wait_for_load_state()
        there.shift = shift(page)
        if size == PHONE:
            there.too_wide = [width for width in NARROW if hangs_over(page, width)]
        elif not is_admin:
            there.violations = violations(page)
    return there


def shift(page: Page) -> float:
    """How much of the page has jumped without a deed of the person, since it was opened."""
    return float(page.evaluate(SHIFT))


def hangs_over(page: Page, width: int) -> bool:
    """Whether the page is wider than a window of this width."""
    page.set_viewport_size({"width": width, "height": PHONE["height"]})
    return bool(page.evaluate("document.documentElement.scrollWidth") > width)


def let_pass(line: CDPSession, throughput: int) -> None:
    """As many bytes a second as this."""
    speed = {"downloadThroughput": throughput, "uploadThroughput": throughput}
    line.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0} | speed)


@contextmanager
def listening(page: Page, complaints: list[str]) -> Iterator[None]:
    """Meanwhile what the page complains of is added, but for what is expected."""
    listeners: dict[str, Any] = {
        "pageerror": lambda error: add(str(error), complaints),
        "console": lambda message: add(message.text, complaints),
    }
    for event, listener in listeners.items():
        page.on(event, listener)  # type: ignore[call-overload]
    yield
    for event, listener in listeners.items():
        page.remove_listener(event, listener)


def add(text: str, complaints: list[str]) -> None:
    """Add what is not expected."""
    if not EXPECTED.match(text):
        complaints.append(text)


def report(visits: Visits) -> None:
    """Print how much of each page jumped, where pytest's workers let it through."""
    for (address, width), there in visits.items():
        print(f"\n{width:5} px: {there.shift:.4f} {address}", end="", file=sys.stderr)
