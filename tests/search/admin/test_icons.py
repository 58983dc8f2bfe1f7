"""The admin's icons: a part of Unfold's font, which has all that its pages and ours name."""

import re
from pathlib import Path

import unfold
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "search" / "static" / "search"
ICON = re.compile(r'class="[^"]*\bmaterial-symbols-outlined\b[^>]*>\s*([a-z0-9_]+)\s*<')


def named_in(folder: Path) -> set[str]:
    return {name for file in folder.rglob("*.html") for name in ICON.findall(file.read_text())}


def test_every_icon_that_a_page_names_is_there():
    groups = settings.UNFOLD["SIDEBAR"]["navigation"]
    ours = {item["icon"] for group in groups for item in group["items"]}
    ours |= {settings.UNFOLD["SITE_SYMBOL"]} | named_in(Path(settings.BASE_DIR) / "templates")
    theirs = named_in(Path(unfold.__file__).parent / "templates")
    assert {"search", "filter_list"} <= theirs

    assert ours | theirs <= set((FOLDER / "admin_icons.txt").read_text().split())


def test_they_are_a_small_part():
    assert (FOLDER / "admin_icons.woff2").stat().st_size < 25_000
