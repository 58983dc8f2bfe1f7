"""One style sheet and one script for each kind of page."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings as ours
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template import Context, Template
from django.templatetags.static import static
from django.test import override_settings

from search.bundles import BUNDLES, SCRIPTS, STYLES

FOLDER = Path(ours.BASE_DIR) / "search" / "static" / "search"
APART = {"theme.js"}  # Before anything is painted.
ADMIN = "admin*.*"
BUNDLED = {"staticfiles": {"BACKEND": "search.bundles.BundledStaticFilesStorage"}}


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A folder in which all has been collected; nothing is to change in it."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=folder, STORAGES=ours.STORAGES | BUNDLED):
        collect()
    return folder


@pytest.fixture
def collected(settings, once):
    settings.STATIC_ROOT = once
    settings.STORAGES = settings.STORAGES | BUNDLED
    return once


@pytest.fixture
def collected_anew(collected, settings, tmp_path):
    """Collects into a copy, where the settings are now."""
    settings.STATIC_ROOT = shutil.copytree(collected, tmp_path / "static")
    settings.STORAGES = {**settings.STORAGES}
    return collect


def collect() -> None:
    call_command("collectstatic", interactive=False, verbosity=0)


def links(kind: str) -> list[str]:
    """The addresses of a page's style sheets and scripts."""
    html = Template("{% load bundles %}{% styles kind %}{% scripts kind %}")
    return re.findall('(?:href|src)="([^"]*)"', html.render(Context({"kind": kind})))


def read(collected: Path, address: str) -> str:
    return (collected / address.removeprefix("/static/")).read_text()


@pytest.mark.parametrize("kind", sorted(SCRIPTS))
def test_a_page_loads_one_style_sheet_and_one_script(collected, kind):
    assert [Path(link).suffix for link in links(kind)] == [".css", ".js"]


@pytest.mark.parametrize("bundle", ["search/bundles/search.css", "search/bundles/search.js"])
def test_it_holds_its_sources_one_after_another(collected, bundle):
    text, end = read(collected, static(bundle)), 0
    for source in BUNDLES[bundle]:
        content = Path(finders.find(source)).read_text()
        end = text.index(content, end) + len(content)


def test_its_address_changes_with_a_source(collected_anew, monkeypatch):
    before = static("search/bundles/saved.css")
    monkeypatch.setitem(BUNDLES, "search/bundles/saved.css", ["search/saved.css"])

    collected_anew()

    assert static("search/bundles/saved.css") != before


def test_it_is_compressed(collected):
    assert (collected / f"{static('search/bundles/page.css')}.gz".removeprefix("/static/")).exists()


def test_what_no_page_uses_is_empty(collected):
    assert read(collected, static("unfold/js/chart/chart.js")) == ""


def test_before_anything_is_collected_the_sources_are_served():
    sources = [*BUNDLES["search/bundles/upload.css"], *BUNDLES["search/bundles/upload.js"]]
    assert links("upload") == [f"/static/{source}" for source in sources]


def test_while_debug_is_on_the_sources_are_served(settings):
    settings.DEBUG = True
    settings.STORAGES = settings.STORAGES | BUNDLED
    assert "/static/search/tokens.css" in links("page")


def test_every_source_is_on_some_page():
    listed = {Path(source).name for sources in BUNDLES.values() for source in sources}
    sources = {path.name for path in [*FOLDER.glob("*.css"), *FOLDER.glob("*.js")]}
    assert sources - {path.name for path in FOLDER.glob(ADMIN)} - APART <= listed
    assert set(SCRIPTS) <= set(STYLES)
