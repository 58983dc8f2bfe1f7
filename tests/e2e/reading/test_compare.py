"""Encoders side by side in a browser, in front of the whole of Sightline."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support import pictures
from tests.support.checkpoints import tiny_clip
from tests.support.factories import picture
from tests.support.prepared import PICTURES
from tests.support.visits import MOST, report, visit_all

BUNDLED, OTHER = "studio-siglip2", "tiny-clip"


@pytest.fixture(scope="module", autouse=True)
def two_encoders(stack, tmp_path_factory):
    checkpoint = tiny_clip(tmp_path_factory.mktemp("checkpoints") / OTHER)
    stack.manage("encoder", "add", str(checkpoint), "--slug", OTHER, check=True)
    assert stack.eventually(lambda: both_are_complete(stack), 120), stack.logs()
    yield
    stack.manage("encoder", "remove", OTHER, check=True)


def both_are_complete(stack) -> bool:
    listed = json.loads(stack.manage("encoder", "list", "--json", check=True).stdout)
    done = {row["slug"]: row["searchable"] for row in listed if row["state"] != "building"}
    return done == {BUNDLED: PICTURES, OTHER: PICTURES}


@pytest.fixture(scope="module")
def an_asset(stack) -> str:
    return stack.sql("SELECT id::text FROM search_asset ORDER BY created LIMIT 1")[0][0]


def column(page, slug):
    return page.get_by_role("region", name=slug)


def pressed(page):
    return page.locator(".columns [aria-pressed=true], .pairs [aria-pressed=true]")


def a_shared_spot(page):
    """The first picture of the first column that the other one has too, and its place there."""
    first, other = column(page, BUNDLED), column(page, OTHER)
    for spot in first.locator(".spot").all():
        there = other.locator(f".spot[data-asset='{spot.get_attribute('data-asset')}']")
        if there.count():
            return spot, there
    raise AssertionError("The two answers have nothing in common.")


def test_the_search_page_leads_to_both_answers(opened):
    page = opened("/?q=a+red+mug")
    page.get_by_title("The encoder that answers").click()
    page.get_by_role("link", name="Compare encoders").click()
    page.wait_for_url("**/compare/?q=a+red+mug")

    for slug in (BUNDLED, OTHER):
        expect(column(page, slug).locator(".spot")).to_have_count(12)
    expect(page.locator(".pair")).to_contain_text(re.compile(r"have \d+ of 12 in common"))


def test_the_first_column_is_the_search_page_s_answer(opened, an_asset):
    page = opened(f"/?like={an_asset}&everything=1")
    hits = page.locator("#hits .tile__title").all_inner_texts()[:12]
    page.goto(f"/compare/?like={an_asset}")

    assert column(page, BUNDLED).locator(".tile__title").all_inner_texts() == hits


def test_an_asset_is_compared_and_stands_on_top(opened, an_asset):
    page = opened(f"/compare/?like={an_asset}")

    expect(page.locator(".comparison-query__picture img")).to_be_visible()
    expect(page.locator(f".spot[data-asset='{an_asset}']")).to_have_count(0)
    expect(column(page, OTHER).locator(".spot")).to_have_count(12)


def test_a_picture_chosen_here_is_compared(opened):
    page = opened("/compare/?q=mug")
    page.get_by_title("Search by a picture").click()
    mine = {"name": "mine.jpg", "mimeType": "image/jpeg"}
    page.set_input_files("[name=picture]", mine | {"buffer": pictures.saved(picture(), "JPEG")})
    page.wait_for_url("**/compare/?q=mug&like=*")

    expect(page.get_by_alt_text("Your picture").last).to_be_visible()
    expect(column(page, OTHER).locator(".spot")).to_have_count(12)


def test_a_tie_is_kept_and_taken_back(opened, stack):
    page = opened("/compare/?q=a+blue+bicycle")
    page.get_by_role("button", name="Tie").click()
    expect(pressed(page)).to_have_text("Tie")
    page.reload()
    expect(pressed(page)).to_have_text("Tie")
    assert stack.sql("SELECT verdict FROM search_preference") == [("tie",)]

    page.get_by_role("button", name="Tie").click()
    expect(pressed(page)).to_have_count(0)
    assert stack.sql("SELECT verdict FROM search_preference") == []


def test_what_fits_fits_in_every_column(opened, an_asset):
    page = opened(f"/compare/?like={an_asset}")
    spot, there = a_shared_spot(page)

    spot.get_by_role("button", name="Fits", exact=True).click()

    for place in (spot, there):
        expect(place.locator("[aria-pressed=true]")).to_have_text("Fits")
    page.reload()
    expect(pressed(page)).to_have_count(2)


def test_the_focus_stays_on_the_key_that_judged(opened):
    page = opened("/compare/?q=a+yellow+lamp")
    button = page.get_by_role("button", name="Does not fit").first
    button.focus()
    page.keyboard.press("Enter")

    expect(page.locator("[aria-pressed=true]").first).to_be_focused()


def test_judging_works_without_any_script(opened):
    page = opened("/compare/?q=a+green+chair", java_script_enabled=False)
    page.get_by_role("button", name="Left is better").click()
    page.wait_for_url("**/compare/?q=a+green+chair")
    page.get_by_role("button", name="Fits", exact=True).first.click()
    page.wait_for_url("**/compare/?q=a+green+chair")

    assert page.locator(".verdict [aria-pressed=true]").inner_text() == "Left is better"
    assert page.locator(".fits [aria-pressed=true]").count() >= 1


@pytest.mark.parametrize("reach", ["hover", "focus"])
def test_a_picture_is_marked_where_it_stands_in_the_other_column(opened, an_asset, reach):
    page = opened(f"/compare/?like={an_asset}")
    spot, there = a_shared_spot(page)

    getattr(spot.locator(".tile__link"), reach)()

    expect(page.locator(".spot--same")).to_have_count(1)
    expect(there).to_have_class(re.compile("spot--same"))


def test_what_is_gone_when_it_is_judged_reloads_the_page(opened, stack, an_asset):
    page = opened("/compare/?q=a+bag")
    spot = column(page, BUNDLED).locator(".spot").first
    pk = spot.get_attribute("data-asset")
    delete = f"from search.models import Asset; Asset.objects.get(pk='{pk}').delete()"
    stack.manage("shell", "-c", delete, check=True)

    spot.get_by_role("button", name="Fits", exact=True).click()

    expect(page.locator(f"[data-asset='{pk}']")).to_have_count(0)


def test_other_encoders_are_chosen_in_the_menu(opened):
    page = opened("/compare/?q=mug")
    page.get_by_text("2 encoders", exact=True).click()
    page.get_by_role("checkbox", name=OTHER).uncheck()
    page.get_by_role("button", name="Compare these").click()

    expect(page.get_by_role("alert")).to_have_text("Choose two or three encoders in the menu.")


@pytest.fixture(scope="module")
def visits(stack, browser, signed_in, two_encoders):
    context = browser.new_context(base_url=stack.url, storage_state=signed_in)
    yield visit_all(context.new_page(), ["/compare/", "/compare/?q=a+red+mug"])
    context.close()


def test_nothing_jumps_while_the_columns_come(visits, capsys):
    with capsys.disabled():
        report(visits)

    assert {page: there.shift for page, there in visits.items() if there.shift > MOST} == {}


def test_nothing_hangs_over_the_edge(visits):
    assert {page: there.too_wide for page, there in visits.items() if there.too_wide} == {}


def test_the_comparison_keeps_the_rules_of_accessibility(visits):
    assert [line for there in visits.values() for line in there.violations] == []
