"""Screenshots of the pages, to look at: `SHOTS=folder pytest tests/support/shots.py`."""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import pictures
from tests.support.browser import ARGUMENTS, chromium
from tests.support.checkpoints import tiny_clip
from tests.support.stack import PASSWORD, USER, Stack
from workers.studio import captions, draw

WIDTHS = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}
THEMES = ("light", "dark")
CATALOGUE = 120
PAGES = {
    "search": "/",
    "words": "/?q=a red mug",
    "nothing": "/?label=nowhere",
    "404": "/404/",
    "compare": "/compare/?q=a red mug",
}

READY = "SELECT 1 FROM search_encoder WHERE state = 'ready'"


def test_shots(tmp_path: Path) -> None:
    folder = Path(os.environ["SHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    with Stack() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for name, page in pages(stack, browser):
            page.goto(f"{stack.url}/sign-in/")
            shoot(page, folder / f"sign-in-{name}.png")
            sign_in(page)
            shoot(page, folder / f"empty-{name}.png")
        stack.manage("catalogue", "--pictures", str(CATALOGUE), "--owner", USER, check=True)
        stack.manage("encoder", "add", str(tiny_clip(tmp_path / "tiny-clip")), check=True)
        assert stack.eventually(lambda: bool(stack.sql(READY)), 300)
        for name, page in pages(stack, browser):
            page.goto(f"{stack.url}/sign-in/")
            sign_in(page)
            visit(page, stack.url, folder, name)
        browser.close()


def pages(stack: Stack, browser: Browser) -> Iterator[tuple[str, Page]]:
    """A page of each width in each theme."""
    for (width, (x, y)), theme in product(WIDTHS.items(), THEMES):
        size = {"width": x, "height": y}
        page = browser.new_page(viewport=size, color_scheme=theme, device_scale_factor=1)
        yield f"{width}-{theme}", page
        page.close()


def sign_in(page: Page) -> None:
    page.fill("[name=username]", USER)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")


def visit(page: Page, url: str, folder: Path, name: str) -> None:
    for title, address in PAGES.items():
        page.goto(url + address)
        shoot(page, folder / f"{title}-{name}.png")
    page.goto(url)
    page.locator(".tile__link").nth(2).click()
    shoot(page, folder / f"asset-{name}.png")
    page.goto(f"{url}/?like={page.url.rstrip('/').split('/')[-1]}")
    page.locator(".tile").nth(1).hover()
    shoot(page, folder / f"similar-{name}.png")
    page.goto(f"{url}/upload/")
    shoot(page, folder / f"upload-{name}.png")
    page.set_input_files("#files", uploads())
    page.wait_for_timeout(4000)
    shoot(page, folder / f"uploaded-{name}.png")


def uploads() -> list[dict[str, object]]:
    drawn = draw.catalogue(6, 7, side=800)
    files = [(f"{captions.title(s)}.jpg", pictures.saved(picture, "JPEG")) for s, picture in drawn]
    files.insert(2, ("notes.jpg", b"just words"))
    return [{"name": n, "mimeType": "image/jpeg", "buffer": data} for n, data in files]


def shoot(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)
