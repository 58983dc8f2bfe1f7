"""One question made of anything, in a browser in front of the whole of Sightline."""

import io
import json
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.support import pictures
from tests.support.axe import assert_accessible
from tests.support.pages import DROP, held, titles
from workers.studio import captions, draw
from workers.studio.scenes import Group, Scene, Thing

COUNT = re.compile(r"([\d,]+)")
# The library holds no such thing, and the encoder knows none.
ABSENT = "a helicopter"


@pytest.fixture(scope="module", autouse=True)
def calibrated(stack):
    stack.manage("calibrate", check=True)


@pytest.fixture(scope="module")
def drawings():
    """The scenes of the library, by their titles, and their pictures."""
    return {captions.title(scene): picture for scene, picture in draw.catalogue(60, 2026)}


def ask(page, words):
    page.fill(".field__words", words)
    page.press(".field__words", "Enter")
    page.wait_for_load_state()


def ids(page):
    return page.locator("#hits > .tile").evaluate_all("tiles => tiles.map(t => t.dataset.asset)")


def counted(page):
    return int(COUNT.match(page.locator(".count").inner_text())[1].replace(",", ""))


def two_pictures(left, right):
    """Two pictures side by side, each on one half."""
    both = Image.new("RGB", (1200, 600))
    both.paste(left.convert("RGB").resize((600, 600)), (0, 0))
    both.paste(right.convert("RGB").resize((600, 600)), (600, 0))
    return pictures.saved(both, "JPEG")


# 1 One query


def test_the_page_and_the_command_give_the_same_order(stack, opened):
    page = opened("/?q=red&everything=1")

    expected = json.loads(
        stack.manage("search", "red", "--everything", "--limit", "48", "--json").stdout
    )

    assert [hit["id"] for hit in expected["hits"]] == ids(page)


# 2 Filters


def test_a_filter_typed_in_the_box_becomes_a_chip_that_can_be_removed(opened):
    page = opened("/")
    ask(page, "in the snow label:red")
    expect(page.locator(".query-parts .chip")).to_have_text(re.compile("red"))
    expect(page.locator(".field__words")).to_have_value("in the snow")

    page.locator(".query-parts .chip").click()

    page.wait_for_url("**/?q=in+the+snow")


def test_an_unknown_label_is_named_and_the_rest_stays(opened):
    page = opened("/?q=mug&label=nothing-like-it")
    expect(page.get_by_role("alert")).to_have_text("There is no label “nothing-like-it”.")

    page.get_by_role("link", name="Search without it").click()

    page.wait_for_url("**/?q=mug")


# 3 Words


def test_a_file_name_puts_its_asset_first_and_says_why(stack, opened):
    [(name, pk)] = stack.sql("SELECT filename, id FROM search_asset ORDER BY filename LIMIT 1")
    page = opened("/")

    ask(page, name)

    assert ids(page)[0] == str(pk)
    expect(page.locator(".tile__why").first).to_contain_text("file name")


# 4 Matches


def test_what_the_library_lacks_is_said_with_the_nearest_below(opened):
    page = opened("/")
    ask(page, ABSENT)
    expect(page.locator(".state")).to_contain_text("Nothing here matches")
    expect(page.locator(".nearest .tile")).not_to_have_count(0)

    page.get_by_role("link", name="Show what is nearest anyway").click()

    page.wait_for_url("**everything=1")
    expect(page.locator("#hits > .tile")).not_to_have_count(0)


def test_below_the_matches_one_line_shows_the_rest(opened):
    page = opened("/?q=red")
    matched = counted(page)
    assert len(ids(page)) <= matched < 60

    page.get_by_role("link", name="Show anyway").click()

    page.wait_for_url("**everything=1")
    assert counted(page) == 60


# 5 Sort and count


def test_matches_are_sorted_by_title_among_themselves(opened):
    page = opened("/?q=red")
    matched = set(ids(page))
    page.get_by_title("The order of the hits").click()

    page.get_by_role("link", name="By title").click()

    page.wait_for_url("**sort=name")
    assert set(ids(page)) == matched
    assert titles(page) == sorted(titles(page))


def test_a_facet_leads_to_as_many_hits_as_it_says(opened):
    page = opened("/?q=red")
    choice = page.locator(".facet__choice").first
    expected = int(choice.locator(".facet__count").inner_text())

    choice.click()

    expect(page.locator(".query-parts .chip")).to_be_visible()
    assert counted(page) == expected


# 6 A picture of one's own, and a region


def test_a_picture_a_part_cut_out_of_it_and_a_copy_find_it_as_a_strong_match(opened, drawings):
    title, drawn = list(drawings.items())[3]
    whole = drawn.convert("RGB")
    width, height = whole.size
    part = whole.crop((width // 5, height // 5, width * 3 // 5, height * 3 // 5))
    copy = whole.resize((width // 2, height // 2))
    page = opened("/")
    for image, quality in ((whole, 95), (part, 80), (copy, 30)):
        jpeg = pictures.saved(image, "JPEG", quality=quality)
        page.goto("/")
        page.get_by_title("Search by a picture").click()
        upload = {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": jpeg}
        page.set_input_files("#query-picture-file", upload)
        page.wait_for_url("**/?like=*")

        expect(page.locator("#hits .grid__heading").first).to_have_text("Strong matches")
        assert titles(page)[0] == title


def test_a_part_of_a_query_picture_finds_what_is_on_it(opened, drawings):
    (left, on_the_left), (_, on_the_right) = list(drawings.items())[:2]
    page = opened("/")
    page.get_by_title("Search by a picture").click()
    upload = {"name": "two.jpg", "mimeType": "image/jpeg"}
    page.set_input_files(
        "#query-picture-file", {**upload, "buffer": two_pictures(on_the_left, on_the_right)}
    )
    page.wait_for_url("**/?like=*")

    page.locator(".example summary").click()
    page.fill(".region [name=width]", "50")
    page.get_by_role("button", name="Search by this part").click()

    page.wait_for_url("**like=*@*")
    assert left in titles(page)[:3]


def test_a_robot_beside_a_book_is_found_by_the_half_with_the_robot(opened):
    things = Thing("robot", "turquoise", "plain"), Thing("book", "blue", "plain")
    drawn = [
        draw.draw(Scene((Group(thing),), "alone", "on a white background", 0), (600, 600))
        for thing in things
    ]
    page = opened("/?everything=1")
    page.get_by_title("Search by a picture").click()
    upload = {"name": "two.jpg", "mimeType": "image/jpeg", "buffer": two_pictures(*drawn)}
    page.set_input_files("#query-picture-file", upload)
    page.wait_for_url("**like=*")
    page.locator(".example summary").click()
    page.fill(".region [name=width]", "50")

    page.get_by_role("button", name="Search by this part").click()

    page.wait_for_url("**like=*@*")
    assert "robot" in titles(page)[0].lower()


def test_without_script_a_region_is_four_fields(stack, opened):
    [(pk,)] = stack.sql("SELECT id FROM search_asset ORDER BY title LIMIT 1")
    page = opened(f"/?like={pk}", java_script_enabled=False)
    page.locator(".example summary").click()
    page.fill(".region [name=width]", "50")

    page.get_by_role("button", name="Search by this part").click()

    page.wait_for_url("**like=*@*")
    assert page.locator(".region [name=width]").input_value() == "50"


# 7 Composed


def test_more_and_less_like_a_hit_go_into_the_address_and_back_undoes_them(opened):
    page = opened("/?q=red&everything=1")
    first = ids(page)
    page.locator(".tile").nth(1).hover()
    page.locator(".tile").nth(1).locator("[data-more]").click()
    page.wait_for_url(f"**like={first[1]}**")
    page.locator(".tile").nth(2).hover()
    page.locator(".tile").nth(2).locator("[data-less]").click()
    page.wait_for_url("**unlike=*")
    expect(page.locator(".example")).to_have_count(2)

    page.go_back()
    page.go_back()

    assert ids(page) == first


def test_the_weight_of_words_against_a_picture_is_a_slider(stack, opened):
    [(pk,)] = stack.sql("SELECT id FROM search_asset ORDER BY title LIMIT 1")
    page = opened(f"/?q=red&like={pk}&everything=1")
    evenly = ids(page)

    page.locator("[name=balance]").fill("1")

    page.wait_for_url("**balance=1**")
    assert ids(page) != evenly


# 8 Near-duplicates


def test_a_near_duplicate_collapses_until_it_is_called_none(stack, opened, drawings):
    title, picture = list(drawings.items())[5]
    smaller = picture.convert("RGB").resize((picture.width // 2, picture.height // 2))
    stack.session().upload(("copy.jpg", pictures.saved(smaller, "JPEG")))
    copies = (
        "SELECT count(fulfilled) FROM search_embedding JOIN search_asset a ON a.id = asset_id"
        " WHERE filename = 'copy.jpg' AND cluster <> a.id"
    )
    assert stack.eventually(lambda: stack.sql(copies) == [(1,)])
    page = opened(f"/?q={title}")
    badge = page.locator(".tile", has=page.locator(".tile__duplicates")).first
    expect(badge.locator(".tile__duplicates")).to_have_text(re.compile(r"\+1"))

    badge.locator(".tile__duplicates").click()
    page.get_by_role("button", name="Not a duplicate").first.click()

    page.goto(f"/?q={title}")
    expect(page.locator(".tile__duplicates")).to_have_count(0)


# 9 Saved


def test_a_query_is_kept_and_asked_anew(opened):
    page = opened("/?q=red&sort=name")
    page.get_by_role("link", name="Save").click()
    page.fill("[name=name]", "Red things")
    page.get_by_role("button", name="Save").click()

    page.goto("/saved/")

    expect(page.get_by_role("link", name="Red things").first).to_be_visible()


def test_a_saved_search_tells_what_is_new_in_it(stack, opened):
    page = opened("/saved/?format=WEBP")
    page.fill("[name=name]", "From the web")
    page.get_by_role("button", name="Save", exact=True).click()
    stack.session().upload(("new.webp", pictures.saved(Image.new("RGB", (90, 60)), "WEBP")))

    page.goto("/saved/")

    expect(page.locator(".saved-card__new")).to_contain_text("1 new since")
    page.get_by_role("link", name="From the web", exact=True).click()
    expect(page.locator("#hits .tile")).to_have_count(1)
    expect(page.locator(".saved-line__new")).to_contain_text("1 new since")
    assert_accessible(page)


# 10 The page


@pytest.mark.parametrize("address", ["/?q=red", f"/?q={ABSENT}"])
def test_what_matches_and_what_does_not_keep_to_wcag(opened, address):
    assert_accessible(opened(address))


def test_several_dropped_pictures_are_one_query(opened, drawings):
    files = []
    for picture in list(drawings.values())[:2]:
        data = io.BytesIO()
        picture.convert("RGB").resize((300, 200)).save(data, "JPEG")
        files.append((f"{len(files)}.jpg", data.getvalue()))
    page = opened("/")

    page.evaluate(DROP, [held(*files), "body"])

    page.wait_for_url("**/?like=*&like=*")
    expect(page.locator(".example")).to_have_count(2)
