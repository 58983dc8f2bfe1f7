"""Gets the programs that the tests run beside our own, where they are missing; as a command.

A Chromium for the browser tests, and nginx, which docker-compose.yml puts in front of the site.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.browser import HEADLESS, chromium

APT = ["apt-get", "--quiet", "--yes"]
# Unpacked and not installed: as a package it would begin to serve on port 80.
UNPACKED = Path(sys.prefix) / "nginx"


def nginx() -> str | None:
    """The path of nginx: the machine's own, else the one that was unpacked here, else None."""
    unpacked = UNPACKED / "usr" / "sbin" / "nginx"
    return shutil.which("nginx") or (str(unpacked) if unpacked.exists() else None)


def may_install() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def apt(*words: str, cwd: str | None = None) -> bool:
    unattended = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run([*APT, *words], env=unattended, cwd=cwd).returncode == 0


def get_chromium() -> None:
    """By apt where that is there and we may, else by Playwright's own installer."""
    if may_install():
        for package in (HEADLESS, "chromium"):
            if apt("install", "--no-install-recommends", package):
                return
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run([*playwright, *(["--with-deps"] if may_install() else [])], check=True)


def get_nginx() -> None:
    """By apt; elsewhere its test is skipped and says so."""
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # apt downloads as an account of its own.
        if may_install() and apt("download", "nginx", cwd=folder):
            (package,) = Path(folder).glob("*.deb")
            subprocess.run(["dpkg-deb", "--extract", package, UNPACKED], check=True)


def main() -> None:
    wanting = {"Chromium": (chromium, get_chromium), "nginx": (nginx, get_nginx)}
    wanting = {name: (find, get) for name, (find, get) in wanting.items() if find() is None}
    if wanting:
        print(f"Getting what the tests need: {', '.join(wanting)}.", flush=True)
    if wanting and may_install():
        apt("update")
    for _, get in wanting.values():
        get()
    if chromium() is None:
        sys.exit("There is no Chromium for the browser tests: install one and try again.")


if __name__ == "__main__":
    main()
