"""Finds a Chromium for the browser tests; tests/support/programs.py gets one."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

# First the one without windows: a page costs it 0.35 CPU-seconds, where the others take 1.1.
HEADLESS = "chromium-headless-shell"
NAMES = (
    HEADLESS,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# --no-sandbox: root has no sandbox; the tests open nothing but our own pages.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def chromium() -> str | None:
    """The path of a Chromium: the machine's own, else Playwright's, else None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        candidates = [ON_MACOS, Path(playwright.chromium.executable_path)]
    return next((str(path) for path in candidates if path.exists()), None)
