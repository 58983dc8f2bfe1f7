"""What every page keeps to: rows fill the width, nothing jumps, nothing hangs over the edge."""

import sys

import pytest
from playwright.sync_api import expect

from tests.support.visits import MOST, report, shift, visit_all

WIDTHS = (320, 390, 600, 768, 820, 1024, 1280, 1440, 1920)
# Of every ten assets one is a panorama and one a tower, so that rows are hard to fill.
EXTREMES = """
WITH numbered AS (SELECT id, row_number() OVER (ORDER BY created) n FROM search_asset)
UPDATE search_asset a SET width = CASE n %% 10 WHEN 3 THEN 4000 ELSE 400 END,
    height = CASE n %% 10 WHEN 3 THEN 700 ELSE 2400 END
FROM numbered WHERE numbered.id = a.id AND n %% 10 IN (3, 7)
"""
# Of each row but the last: tiles (a panorama counts as two), pixels left over, height against the
# one wanted.
ROWS = """() => {
    const grid = document.getElementById("hits");
    const wanted = parseFloat(getComputedStyle(grid).getPropertyValue("--row"));
    const right = grid.getBoundingClientRect().right;
    const rows = new Map();
    for (const link of grid.querySelectorAll(".tile__link")) {
        const box = link.getBoundingClientRect();
        const row = rows.get(box.top) ?? { tiles: 0, high: box.height / wanted };
        const weight = getComputedStyle(link).getPropertyValue("--ratio") < 2 ? 1 : 2;
        rows.set(box.top, { ...row, tiles: row.tiles + weight, left: right - box.right });
    }
    return [...rows.values()].slice(0, -1);
}"""
PUSH = "document.querySelector('main').style.marginTop = '200px'"


@pytest.fixture(scope="module", autouse=True)
def extremes(stack):
    stack.sql(EXTREMES)


@pytest.fixture(scope="module")
def addresses(stack):
    """A page of every kind, whoever is signed in; encoders side by side have their own test."""
    stack.session().post("/saved/", {"q": "red", "name": "Red things"})
    ((saved,),) = stack.sql("SELECT id::text FROM search_savedsearch")
    ((asset,),) = stack.sql("SELECT id::text FROM search_asset ORDER BY created LIMIT 1")
    search = ["/", "/?q=red&everything=1", "/?label=nowhere", f"/assets/{asset}/"]
    saved_searches = ["/saved/?q=mug", f"/saved/{saved}/", f"/saved/{saved}/change/"]
    others = ["/account/", "/account/groups/", "/upload/", "/admin/search/evaluation/", "/nowhere/"]
    return [*search, *saved_searches, *others]


@pytest.fixture(scope="module")
def visits(stack, browser, signed_in, addresses):
    """Visits of each page by a curator, and of the page to sign in by a stranger."""
    visits = {}
    for state, pages in ((signed_in, addresses), (None, ["/sign-in/", "/invitation/nowhere/"])):
        context = browser.new_context(base_url=stack.url, storage_state=state)
        visits |= visit_all(context.new_page(), pages)
        context.close()
    return visits


def rows_at(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(50)  # A frame, without a script.
    return page.evaluate(ROWS)


def test_rows_fill_every_width_whatever_shapes_the_pictures_have(opened, capsys):
    page, without_script = opened("/"), opened("/", java_script_enabled=False)
    expect(page.locator(".tile img").first).to_be_visible()
    for width in WIDTHS:
        rows = rows_at(page, width)
        left, high = ([row[fact] for row in rows] for fact in ("left", "high"))
        alone = sum(row["tiles"] == 1 for row in rows)
        with capsys.disabled():
            print(
                f"\n{width:5} px: {sum(left) / len(left) / width:.2%} of the width unused,"
                f" {len(rows)} rows, {alone} of one picture that is no panorama,"
                f" {min(high):.2f} to {max(high):.2f} times as high as wanted",
                end="",
                file=sys.stderr,
            )
        assert max(map(abs, left)) <= 1
        assert min(high) > 0.5 and max(high) < 1.6
        assert alone <= len(rows) / 4
        assert max(abs(row["left"]) for row in rows_at(without_script, width)) <= 1


def test_no_page_jumps_while_it_loads(visits, opened, capsys):
    with capsys.disabled():
        report(visits)

    assert {page: there.shift for page, there in visits.items() if there.shift > MOST} == {}
    page = opened("/")
    page.evaluate(PUSH)
    assert shift(page) > MOST


def test_nothing_hangs_over_the_edge(visits):
    assert {page: there.too_wide for page, there in visits.items() if there.too_wide} == {}


def test_pages_keep_the_rules_of_accessibility(visits):
    assert [line for there in visits.values() for line in there.violations] == []


def test_no_page_complains_of_a_script_a_style_or_a_policy(visits):
    assert [text for there in visits.values() for text in there.complaints] == []
