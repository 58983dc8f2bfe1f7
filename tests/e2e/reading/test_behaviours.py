"""What the search page does under the hands: region, keys, quick look, paging, suggestions."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.axe import assert_accessible
from tests.support.pages import DROP, UPLOADS, held, titles
from tests.support.prepared import PASSWORD, PICTURES, USER
from tests.support.visits import shift

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SIDES = ("left", "top", "width", "height")
FIRST_PAGE = 48
FOCUSED = "[...document.querySelectorAll('.tile__link')].indexOf(document.activeElement)"
# Of a box from (30, 30) to (70, 70): what it is when a handle goes by ten to the left and up.
HANDLES = {
    (30, 30): (20, 20, 50, 50),
    (50, 30): (30, 20, 40, 50),
    (70, 30): (30, 20, 30, 50),
    (70, 50): (30, 30, 30, 40),
    (70, 70): (30, 30, 30, 30),
    (50, 70): (30, 30, 40, 30),
    (30, 70): (20, 30, 50, 30),
    (30, 50): (20, 30, 50, 40),
}
LETTERBOXED = """() => {
    const picture = document.querySelector(".region img");
    Object.assign(picture.style, { width: "500px", height: "300px", objectFit: "contain" });
}"""


@pytest.fixture
def an_asset(stack):
    """The id of an asset whose picture is wider than high."""
    return stack.sql("SELECT id FROM search_asset WHERE width > height ORDER BY title")[0][0]


@pytest.fixture
def region(opened, an_asset):
    """Opens the page of hits like an asset, with the tool for a part of its picture."""

    def open_tool(**options):
        page = opened(f"/?like={an_asset}", **options)
        page.locator(".example summary").click()
        expect(page.locator(".region img")).to_be_visible()
        return page

    return open_tool


def sides(page):
    return [float(page.locator(f".region [name={side}]").input_value()) for side in SIDES]


def drawn(page):
    """Left, top, width and height of the box on the picture as it is seen, in percent."""
    return page.evaluate(
        """() => {
            const picture = document.querySelector(".region img");
            const box = document.querySelector(".region__box").getBoundingClientRect();
            let { left, top, width, height } = picture.getBoundingClientRect();
            const ratio = picture.naturalWidth / picture.naturalHeight;
            const [w, h] = [Math.min(width, height * ratio), Math.min(height, width / ratio)];
            [left, top] = [left + (width - w) / 2, top + (height - h) / 2];
            const [x, y] = [box.left - left, box.top - top];
            return [x / w, y / h, box.width / w, box.height / h].map((share) => 100 * share);
        }"""
    )


def drag(page, *points):
    """Press at the first point of the picture (in percent), go to the others and let go."""
    around = page.locator(".region__stage").bounding_box()
    spots = [
        (around["x"] + x / 100 * around["width"], around["y"] + y / 100 * around["height"])
        for x, y in points
    ]
    page.mouse.move(*spots[0])
    page.mouse.down()
    for spot in spots[1:]:
        page.mouse.move(*spot)
    page.mouse.up()


def near(*expected, within=0.5):
    return pytest.approx(expected, abs=within)


# A part of a picture


def test_a_box_that_is_drawn_is_the_query(region, an_asset):
    page = region()
    drag(page, (20, 30), (50, 50), (60, 90))
    assert sides(page) == near(20, 30, 40, 60)
    page.get_by_role("button", name="Search by this part").click()

    page.wait_for_url(re.compile(f"like={an_asset}@"))

    canonical = re.compile(rf"\?like={an_asset}(@|%40)0\.2(,|%2C)0\.3(,|%2C)0\.4(,|%2C)0\.6&")
    expect(page.locator("[data-more]").first).to_have_attribute("href", canonical)
    page.locator(".example summary").click()
    assert sides(page) == near(20, 30, 40, 60)


def test_the_box_moves_and_stays_in_the_picture(region):
    page = region()
    drag(page, (20, 30), (60, 90))
    drag(page, (40, 60), (60, 70), (90, 20))

    assert sides(page) == near(60, 0, 40, 60)


def test_each_handle_moves_its_own_edges(region):
    page = region()
    for handle, expected in HANDLES.items():
        drag(page, (30, 30), (70, 70))
        drag(page, handle, (handle[0] - 10, handle[1] - 10))
        assert sides(page) == near(*expected), handle
        page.keyboard.press("Escape")
        assert sides(page) == [0, 0, 100, 100]


def test_a_click_draws_nothing_and_no_box_is_too_small(region):
    page = region()
    drag(page, (50, 50), (50, 50))
    assert sides(page) == [0, 0, 100, 100]

    drag(page, (30, 30), (70, 70))
    drag(page, (70, 70), (5, 5))
    assert sides(page) == near(30, 30, 2, 2)


def test_the_fields_move_the_box(region):
    page = region()
    for side, value in zip(SIDES, (10.5, 20, 30, 40), strict=True):
        page.locator(f".region [name={side}]").fill(str(value))

    assert drawn(page) == near(10.5, 20, 30, 40)


def test_what_reaches_beyond_the_picture_is_put_right_in_the_field(region):
    page = region()
    page.locator(".region [name=left]").fill("80")
    page.locator(".region [name=top]").focus()

    assert sides(page) == [80, 0, 20, 100]


def test_keys_move_resize_and_clear_the_box(region):
    page = region()
    drag(page, (20, 20), (60, 60))
    before = sides(page)
    for key in ("ArrowRight", "Shift+ArrowDown", "Control+ArrowUp", "Alt+ArrowLeft"):
        page.keyboard.press(key)
    moved = [after - was for after, was in zip(sides(page), before, strict=True)]
    assert moved == near(0.9, -0.1, 0, 1, within=0.01)

    page.keyboard.press("Escape")
    assert sides(page) == [0, 0, 100, 100]


def test_the_box_says_where_it_is_and_enter_searches(region):
    page = region()
    page.locator(".region__box").focus()
    page.keyboard.press("Shift+ArrowLeft")

    expect(page.locator("[data-region-status]")).to_have_text(re.compile("Width 99 %"))
    expect(page.locator(".region__box")).to_have_attribute("aria-label", re.compile("Width 99 %"))
    page.keyboard.press("Enter")
    page.wait_for_url("**@0,0,0.99,1")


@pytest.mark.parametrize(("scale", "direction"), [(1, "ltr"), (2, "rtl"), (1.5, "ltr")])
def test_the_box_fits_a_picture_between_bars(region, scale, direction):
    page = region(device_scale_factor=scale)
    page.evaluate(f"document.querySelector('.region').dir = '{direction}'")
    page.evaluate(LETTERBOXED)
    page.wait_for_timeout(200)
    drag(page, (20, 30), (60, 90))

    assert sides(page) == near(20, 30, 40, 60)
    assert drawn(page) == near(20, 30, 40, 60, within=1)


def test_a_finger_draws_and_the_page_does_not_scroll(region):
    page = region(**PHONE)
    around = page.locator(".region__stage").bounding_box()
    fingers = page.context.new_cdp_session(page)
    for kind, spots in [
        ("Start", [(25, 25)]),
        ("Move", [(50, 60)]),
        ("Move", [(75, 80)]),
        ("End", []),
    ]:
        points = [
            {
                "x": around["x"] + x / 100 * around["width"],
                "y": around["y"] + y / 100 * around["height"],
            }
            for x, y in spots
        ]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    assert sides(page) == near(25, 25, 50, 55, within=1)
    assert page.evaluate("scrollY") == 0


def test_without_script_the_region_is_four_fields(region, an_asset):
    page = region(java_script_enabled=False)
    for side, value in zip(SIDES, (10, 20, 30, 40), strict=True):
        page.locator(f".region [name={side}]").fill(str(value))
    page.get_by_role("button", name="Search by this part").click()

    page.wait_for_load_state()

    page.locator(".example summary").click()
    assert sides(page) == [10, 20, 30, 40]


# Keys


@pytest.mark.parametrize(("key", "address"), [("s", "like"), ("m", "like"), ("l", "unlike")])
def test_a_letter_acts_on_the_tile_in_focus(opened, key, address):
    page = opened("/?q=mug&everything=1")
    asset = page.locator(".tile__link").nth(1).get_attribute("href").split("/")[2]
    page.locator(".tile__link").nth(1).focus()
    page.keyboard.press(key)

    page.wait_for_url(f"**?*{address}={asset}*")

    assert ("q=mug" in page.url) == (key != "s")


def test_letters_do_nothing_while_typing_or_with_other_keys(opened):
    page = opened("/?q=mug&everything=1")
    page.keyboard.press("s")
    page.locator(".tile__link").first.focus()
    for keys in ("Control+s", "Alt+m"):
        page.keyboard.press(keys)
    page.wait_for_timeout(300)

    assert page.url.endswith("/?q=mug&everything=1")


def test_the_list_of_the_keys_opens_and_switches_them_off(opened):
    page = opened("/")
    page.locator(".tile__link").first.focus()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()

    page.locator(".tile__link").first.focus()
    page.keyboard.press("/")
    assert page.evaluate(FOCUSED) == 0

    # And the way back needs none of them.
    page.locator(".header__person summary").click()
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_label("Single keys are on")).not_to_be_checked()


def test_up_and_down_lead_to_the_tile_that_lies_nearest(opened):
    page = opened("/")
    page.locator(".tile__link").nth(1).focus()
    page.keyboard.press("ArrowDown")
    below = page.evaluate(FOCUSED)
    page.keyboard.press("ArrowUp")

    boxes = [page.locator(".tile__link").nth(n).bounding_box() for n in (1, below)]
    upper, lower = boxes
    assert lower["y"] >= upper["y"] + upper["height"]
    assert lower["x"] < upper["x"] + upper["width"] and upper["x"] < lower["x"] + lower["width"]


# A quick look


def test_space_opens_a_look_and_arrows_go_on(opened):
    page = opened("/")
    names = titles(page)
    page.locator(".tile__link").first.focus()
    page.keyboard.press("Space")
    for name in names[:3]:
        expect(page.locator("#look h2")).to_have_text(name)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")

    # The dialog is hidden before its "close" event, which moves the focus.
    expect(page.locator("#look")).to_be_hidden()
    expect(page.locator(".tile__link").nth(2)).to_be_focused()


def test_a_look_goes_on_past_the_last_hit_of_the_page(opened):
    page = opened("/")
    page.evaluate("localStorage.setItem('endless', 'off')")
    page.reload()
    page.locator(".tile__link").nth(FIRST_PAGE - 1).focus()
    page.keyboard.press("Space")
    expect(page.locator(".tile")).to_have_count(PICTURES)
    page.keyboard.press("ArrowRight")

    expect(page.locator("#look h2")).to_have_text(titles(page)[FIRST_PAGE])


def test_a_look_leads_on_from_the_query(opened):
    page = opened("/?q=mug&everything=1")
    page.locator(".tile").first.hover()
    page.get_by_title("Quick look").first.click()
    expect(page.locator("#look h2")).to_have_text(titles(page)[0])
    page.keyboard.press("m")

    page.wait_for_url("**/?q=mug&*like=*")


def test_without_script_a_look_is_the_page_of_the_asset(opened):
    page = opened("/", java_script_enabled=False)
    page.locator(".tile").first.hover()
    page.get_by_title("Quick look").first.click()

    page.wait_for_url("**/assets/*/")


def test_a_look_that_cannot_come_says_so(opened):
    page = opened("/")
    page.context.set_offline(True)
    page.locator(".tile__link").first.focus()
    page.keyboard.press("Space")

    expect(page.locator("#look")).to_contain_text("You are offline")


# More hits


def test_who_signs_out_leaves_no_hits_behind(opened):
    page = opened("/", storage_state=None)
    page.fill("[name=username]", USER)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")  # And the transition between the pages is over.
    scroll_to_the_end(page)
    expect(page.locator(".tile")).to_have_count(PICTURES)
    page.locator(".header__person summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")

    assert "hits" not in page.evaluate("Object.keys(sessionStorage).join()")
    page.go_back()  # The cache would have shown them.
    page.wait_for_url("**/sign-in/**")


def scroll_to_the_end(page):
    page.mouse.move(300, 500)
    page.mouse.wheel(0, 20_000)


def test_more_hits_come_as_their_place_comes_near(opened):
    page = opened("/")
    first = titles(page)
    scroll_to_the_end(page)

    expect(page.locator(".tile")).to_have_count(PICTURES)
    assert titles(page)[: len(first)] == first
    assert len(set(titles(page))) == PICTURES


def test_more_hits_wait_for_a_press_where_that_was_chosen(opened):
    page = opened("/")
    page.evaluate("localStorage.setItem('endless', 'off')")
    page.reload()
    scroll_to_the_end(page)
    page.wait_for_timeout(500)
    expect(page.locator(".tile")).to_have_count(FIRST_PAGE)

    page.get_by_role("link", name="More", exact=True).press("Enter")

    expect(page.locator(".tile")).to_have_count(PICTURES)
    page.wait_for_function(f"{FOCUSED} === {FIRST_PAGE}")


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_back_returns_to_the_same_hits_at_the_same_place(opened, device):
    page = opened("/", **device)
    page.locator(".more").scroll_into_view_if_needed()
    expect(page.locator(".tile")).to_have_count(PICTURES)
    names, link = titles(page), page.locator(".tile__link").nth(FIRST_PAGE + 6)
    link.scroll_into_view_if_needed()
    place = link.bounding_box()["y"]
    page.evaluate("window.isTheSamePage = true")
    link.click()
    page.wait_for_url("**/assets/*/")
    page.go_back()

    expect(page.locator(".tile")).to_have_count(PICTURES)
    page.wait_for_function(f"{FOCUSED} === {FIRST_PAGE + 6}")
    assert not page.evaluate("window.isTheSamePage")  # The browser did not keep the page itself.
    assert titles(page) == names
    assert link.bounding_box()["y"] == pytest.approx(place, abs=1)
    assert shift(page) < 0.001


def test_the_same_address_opened_anew_begins_at_the_top(opened):
    page = opened("/")
    scroll_to_the_end(page)
    expect(page.locator(".tile")).to_have_count(PICTURES)
    page.locator(".tile__link").last.click()
    page.wait_for_url("**/assets/*/")
    page.locator(".brand").click()
    page.wait_for_url(re.compile("/$"))

    assert page.evaluate("scrollY") == 0
    expect(page.locator(".tile")).to_have_count(FIRST_PAGE)


def test_nothing_jumps_while_hits_come(opened):
    page = opened("/")
    for _ in range(8):
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(100)
    expect(page.locator(".tile")).to_have_count(PICTURES)

    assert shift(page) < 0.01


# Suggestions


@pytest.fixture
def suggested(opened, stack):
    """A page on which the beginning of an asset's title has been typed, and that title."""

    def type_it(words=None, **options):
        title = stack.sql("SELECT title FROM search_asset ORDER BY title")[0][0]
        page = opened("/", **options)
        page.locator(".field__words").focus()
        page.keyboard.type(words or title[:8], delay=20)
        expect(page.get_by_role("option").first).to_be_visible()
        return page

    return type_it


def field(page):
    return page.get_by_role("combobox")


def test_an_option_that_is_chosen_is_the_query(suggested):
    page = suggested()
    page.keyboard.press("ArrowDown")
    option = page.get_by_role("option").first
    expect(option).to_have_attribute("aria-selected", "true")
    expect(field(page)).to_have_attribute("aria-activedescendant", option.get_attribute("id"))
    value = option.get_attribute("data-value")
    page.keyboard.press("Enter")

    page.wait_for_url("**/?q=*")
    expect(page.locator(".field__words")).to_have_value(value)


def test_enter_without_a_choice_asks_for_what_was_typed(suggested):
    page = suggested()
    typed = field(page).input_value()
    page.keyboard.press("Enter")

    page.wait_for_url("**/?q=*")
    expect(page.locator(".field__words")).to_have_value(typed)


def test_escape_gives_back_what_was_typed(suggested):
    page = suggested()
    typed = field(page).input_value()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")

    expect(page.get_by_role("option")).to_have_count(0)
    expect(field(page)).to_have_value(typed)
    expect(field(page)).to_be_focused()


def test_arrows_walk_round_the_options_and_through_the_field(suggested):
    page = suggested()
    typed = field(page).input_value()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")

    expect(field(page)).to_have_value(typed)


def test_a_finger_chooses_an_option(suggested):
    page = suggested(**PHONE)
    value = page.get_by_role("option").first.get_attribute("data-value")
    page.get_by_role("option").first.tap()

    page.wait_for_url("**/?q=*")
    expect(page.locator(".field__words")).to_have_value(value)


def test_suggestions_close_when_the_field_is_left(suggested):
    page = suggested()
    page.keyboard.press("Tab")

    expect(page.get_by_role("option")).to_have_count(0)


TYPE = """(field, text) => {
  for (let end = 1; end <= text.length; end++) {
    field.value = text.slice(0, end);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""


def test_only_the_last_question_is_answered(opened):
    page = opened("/")
    requests = []
    page.on(
        "request", lambda request: "/completions/" in request.url and requests.append(request.url)
    )
    # All at once: a busy machine may pause between keys for as long as a person does.
    page.get_by_role("combobox").evaluate(TYPE, "a blue bicycle")
    page.wait_for_timeout(500)

    assert len(requests) == 1 and requests[0].endswith("q=a+blue+bicycle")


def test_nothing_is_suggested_offline(opened_at_the_field):
    page = opened_at_the_field("/")
    page.context.set_offline(True)
    page.keyboard.type("blue")
    page.wait_for_timeout(400)

    expect(page.get_by_role("option")).to_have_count(0)


# Pictures


def test_several_pictures_that_are_dropped_all_become_examples(opened):
    page = opened("/?q=mug&everything=1")
    files = [(f"{title}.jpg", data) for title, data in UPLOADS[:2]]
    page.evaluate(DROP, [held(*files), "main"])

    page.wait_for_url("**/?q=mug&*like=*")
    expect(page.locator(".example")).to_have_count(2)


@pytest.mark.parametrize(("device", "offered"), [({}, 0), (PHONE, 1)], ids=["desktop", "phone"])
def test_the_camera_is_offered_where_there_may_be_one(opened, device, offered):
    page = opened("/", **device)
    page.get_by_title("Search by a picture").click()

    expect(page.get_by_role("button", name="Take a picture").filter(visible=True)).to_have_count(
        offered
    )
    expect(page.locator("[data-camera]")).to_have_attribute("capture", "environment")


# Everybody


def test_what_opens_keeps_the_rules_of_accessibility(region):
    page = region()
    drag(page, (20, 30), (60, 90))
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    page.locator(".tile__link").first.focus()
    page.keyboard.press("Space")
    expect(page.locator("#look h2")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")

    page.keyboard.press("?")
    assert_accessible(page)


def test_suggestions_keep_the_rules_of_accessibility(suggested):
    page = suggested()
    page.keyboard.press("ArrowDown")

    assert_accessible(page)
