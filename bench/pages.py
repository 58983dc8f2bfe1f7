"""How light are the pages: how many requests and bytes until what is seen, and how soon?

    .venv/bin/python -m bench.pages [--pictures 120] [--times 7]

A demo with the sample catalogue, and Chromium without windows, 1440 by 900 pixels, signed in as the
curator. Each page is opened with an empty cache, several times; *Back* leads from an asset back to
the hits. Bytes are those of the line, heads included; pictures are renditions, of which only those
are loaded that are seen or nearly. Nothing else may run meanwhile. Writes a table to
bench/results/. Takes 4 minutes.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.site import Site
from bench.support import parser_of, report, say, table
from tests.support.browser import ARGUMENTS, chromium

DESK: Any = {"width": 1440, "height": 900}
PAGES = {
    "hits": "/?q=a+red+mug",
    "start": "/",
    "asset": "/assets/{asset}/",
    "upload": "/upload/",
    "admin, assets": "/admin/search/asset/",
}
BACK = "back to the hits"
RENDITIONS = ("/thumbnail/", "/preview/")
# Milliseconds from the beginning of the navigation: the first byte of the page, what is painted
# first, and its largest part so far.
PAINT = """() => new Promise((resolve) => {
    const [navigation] = performance.getEntriesByType("navigation");
    let largest = 0;
    const note = (list) => list.getEntries().forEach((entry) => (largest = entry.startTime));
    new PerformanceObserver(note).observe({ type: "largest-contentful-paint", buffered: true });
    const look = () => {
        const [first] = performance.getEntriesByName("first-contentful-paint");
        if (!first) return setTimeout(look, 20);
        setTimeout(() => resolve([navigation.responseStart, first.startTime, largest]), 100);
    };
    look();
})"""
# Whether the page itself came back, and how long it took until it was painted.
SHOWN = """addEventListener("pageshow", ({ persisted, timeStamp }) =>
    requestAnimationFrame(() => setTimeout(() => {
        window.shown = [persisted, performance.now() - timeStamp];
    })))"""


class Visit(NamedTuple):
    """Of one page: requests and bytes, of pictures and beside them, and milliseconds."""

    requests: int
    size: int
    pictures: int
    pictures_size: int
    first_byte: float
    paint: float  # After the first byte.
    largest: float


class Line:
    """Listens to what a page requests."""

    def __init__(self, page: Page) -> None:
        self.urls: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self.sent)
        session.on("Network.loadingFinished", self.finished)
        session.send("Network.enable")

    def sent(self, event: Any) -> None:
        if event["request"]["url"].startswith("http"):
            self.urls[event["requestId"]] = event["request"]["url"]

    def finished(self, event: Any) -> None:
        self.sizes[event["requestId"]] = int(event["encodedDataLength"])

    def counts(self) -> tuple[int, int, int, int]:
        """Requests and bytes beside the pictures, then of the pictures; without a cache's."""
        sizes = {True: [0], False: [0]}
        for request, url in self.urls.items():
            if size := self.sizes.get(request, 0):
                sizes[url.endswith(RENDITIONS)].append(size)
        beside, pictures = sizes[False], sizes[True]
        return len(beside) - 1, sum(beside), len(pictures) - 1, sum(pictures)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--pictures", type=int, default=120)
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="sl-") as name:
        var = Path(name).resolve() / "var"
        with Site(var, pictures=options.pictures) as site, browser() as launched:
            site.seconds_until_embedded(options.pictures)
            site.settle()
            visits = visit_all(site, launched, options.times)
    report("pages", page_of(options.times, visits))


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=chromium(),
            args=ARGUMENTS,
            # So that Back does what it does for people.
            ignore_default_args=["--disable-back-forward-cache"],
        )


def visit_all(site: Site, launched: Browser, times: int) -> dict[str, list[Visit]]:
    """All pages in turn, each time by a browser that has seen nothing."""
    asset, cookies = site.sql("SELECT id FROM search_asset")[0], signed_in(site, launched)
    addresses = {name: site.url + path.format(asset=asset) for name, path in PAGES.items()}
    visits: dict[str, list[Visit]] = {name: [] for name in (*addresses, BACK)}
    for number in range(times + 1):
        for name, address in addresses.items():
            with opened(launched, cookies) as page:
                visits[name].append(visit(page, address))
        with opened(launched, cookies) as page:
            visits[BACK].append(back(page, addresses["hits"]))
        say(f"{number} of {times}")
    return {name: several[1:] for name, several in visits.items()}  # The first warms the site.


def signed_in(site: Site, launched: Browser) -> Any:
    """The cookies of the curator."""
    name, password = site.account()
    page = launched.new_page()
    page.goto(f"{site.url}/sign-in/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    state = page.context.storage_state()
    page.context.close()
    return state


@contextmanager
def opened(launched: Browser, state: Any) -> Iterator[Page]:
    context: BrowserContext = launched.new_context(viewport=DESK, storage_state=state)
    context.add_init_script(SHOWN)
    yield context.new_page()
    context.close()


def visit(page: Page, address: str) -> Visit:
    line = Line(page)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    first_byte, paint, largest = page.evaluate(PAINT)
    return Visit(*line.counts(), first_byte, paint - first_byte, largest - first_byte)


def back(page: Page, address: str) -> Visit:
    """From an asset back to the hits; its paint is from the moment that the page comes up."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.locator(".tile__link").nth(1).click()
    page.wait_for_load_state("networkidle")
    line = Line(page)
    page.go_back()
    page.wait_for_load_state("networkidle")
    page.wait_for_function("window.shown")
    kept, paint = page.evaluate("window.shown")
    return Visit(*line.counts(), 0.0 if kept else page.evaluate(PAINT)[0], paint, 0.0)


# What is shown -----------------------------------------------------------------------------------


def page_of(times: int, visits: dict[str, list[Visit]]) -> str:
    heads = ["page", "requests", "kB", "pictures", "kB of them", "first byte, ms"]
    rows = [[*heads, "paint after it, ms", "largest, ms"]]
    for name, several in visits.items():
        middle = Visit(*(median(field) for field in zip(*several, strict=True)))
        kilobytes = [f"{size / 1000:.0f}" for size in (middle.size, middle.pictures_size)]
        counts = [f"{middle.requests:.0f}", kilobytes[0], f"{middle.pictures:.0f}", kilobytes[1]]
        rows.append([name, *counts, *(f"{each:.0f}" for each in middle[4:])])
    return (
        "# How light the pages are\n\nChromium without windows, 1440 by 900 pixels, an empty cache;"
        f" medians of {times}, {os.cpu_count()} cores. Requests and kB are those beside the"
        f" pictures, as they come over the line. Made by `python -m bench.pages`.\n\n{table(rows)}"
    )


if __name__ == "__main__":
    main()
