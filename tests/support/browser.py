"""Finds a Chromium for the browser tests; as a command it gets one where there is none."""

import os
import shutil
import subprocess
import sys
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


def get_chromium() -> None:
    """By apt where that is there and we may, else by Playwright's own installer."""
    is_root = os.geteuid() == 0
    if shutil.which("apt-get") and is_root:
        apt = ["apt-get", "--quiet", "--yes"]
        unattended = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*apt, "update"], check=True, env=unattended)
        for package in (HEADLESS, "chromium"):
            command = [*apt, "install", "--no-install-recommends", package]
            if subprocess.run(command, env=unattended).returncode == 0:
                return
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run([*playwright, *(["--with-deps"] if is_root else [])], check=True)


if __name__ == "__main__":
    if chromium() is None:
        print("No Chromium here: getting one for the browser tests.", flush=True)
        get_chromium()
    if chromium() is None:
        sys.exit("There is no Chromium for the browser tests: install one and try again.")
