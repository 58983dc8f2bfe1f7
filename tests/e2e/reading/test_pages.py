"""The pages in a browser, in front of the whole of Sightline."""

import re
from itertools import count

import psutil
import pytest
from playwright.sync_api import expect

from tests.support import pictures
from tests.support.faults import settled
from tests.support.pages import DROP, UPLOADS, held, titles
from tests.support.prepared import PICTURES
from workers.studio import captions, draw

SCORE = re.compile(r"[Ss]core 0\.\d{3}$")
NUMBERS = count()  # Each new picture is another one.
PASTE = """([[name, data]]) => {
    const held = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    held.items.add(new File([bytes], name, { type: "image/jpeg" }));
    document.body.dispatchEvent(
        new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: held }));
}"""


@pytest.fixture
def a_picture(stack):
    """A picture of the catalogue as it lies on somebody's disk, and its title."""
    scene, picture = next(draw.catalogue(1, 2026))
    return captions.title(scene), ("mine.jpg", pictures.saved(picture, "JPEG"))


def row(page, name):
    return page.locator(".row", has_text=name)


# Search


def test_words_find_what_they_say(opened_at_the_field, a_picture):
    page = opened_at_the_field("/")
    page.keyboard.type(a_picture[0])
    page.keyboard.press("Enter")

    page.wait_for_url("**/?q=*")

    assert a_picture[0] in titles(page)[:10]
    expect(page.locator("#hits .tile__link").first).to_have_attribute("title", SCORE)
    assert not re.search(r"\d\.\d{3}", page.locator("#hits").inner_text())
    assert page.locator("#hits h2").all_inner_texts()[:1] == ["Strong matches"]


def test_hits_come_in_the_first_answer_without_any_script(opened):
    page = opened("/", java_script_enabled=False)
    page.fill("[name=q]", "a blue bicycle")
    page.press("[name=q]", "Enter")

    page.wait_for_url("**/?q=a+blue+bicycle")
    page.goto("/?q=a+blue+bicycle&everything=1")

    assert len(titles(page)) == 48


def test_more_appends_the_next_page(opened):
    page = opened("/?q=bicycle&everything=1")
    first = titles(page)

    page.get_by_role("link", name="More", exact=True).click()

    expect(page.locator(".tile")).to_have_count(PICTURES)
    assert titles(page)[: len(first)] == first
    expect(page.locator(".more")).to_have_count(0)


def test_more_without_script_is_the_next_page(opened):
    page = opened("/?q=bicycle&everything=1", java_script_enabled=False)
    page.get_by_role("link", name="More", exact=True).click()

    page.wait_for_url("**/?q=bicycle&everything=1&page=2")

    assert len(titles(page)) == PICTURES - 48


def test_similar_starts_from_the_asset(opened):
    page = opened("/")
    tile = page.locator(".tile").first
    tile.hover()
    tile.get_by_title("Similar").click()

    page.wait_for_url("**/?like=*")

    expect(page.locator(".example")).to_be_visible()
    expect(page.locator("#hits .tile__link").first).to_have_attribute("title", SCORE)


def test_filters_narrow_and_are_removed(opened):
    page = opened("/")
    page.get_by_text("Collection", exact=True).click()
    page.get_by_role("link", name="Things to wear").click()
    page.wait_for_url("**/?collection=things-to-wear")
    narrowed = len(titles(page))

    page.get_by_title("Remove this filter").click()
    page.wait_for_url("**/?")

    assert 0 < narrowed < len(titles(page))


# A picture as the query


def assert_finds_itself(page, title):
    page.wait_for_url("**/?like=*")
    assert titles(page)[0] == title
    tooltip = page.locator("#hits .tile__link").first.get_attribute("title")
    assert tooltip.startswith("Strong match") and float(tooltip.split()[-1]) > 0.99
    expect(page.locator(".example img").first).to_be_visible()


def test_a_chosen_picture_finds_itself_first(opened, a_picture):
    title, (name, data) = a_picture
    page = opened("/")
    page.get_by_title("Search by a picture").click()
    page.set_input_files(
        "#query-picture-file", {"name": name, "mimeType": "image/jpeg", "buffer": data}
    )

    assert_finds_itself(page, title)


def test_a_picture_dropped_anywhere_finds_itself_first(opened, a_picture):
    title, file = a_picture
    page = opened("/")
    page.evaluate(DROP, [held(file), "#hits"])

    assert_finds_itself(page, title)


def test_a_pasted_picture_finds_itself_first(opened, a_picture):
    title, file = a_picture
    page = opened("/")
    page.evaluate(PASTE, held(file))

    assert_finds_itself(page, title)


def test_a_picture_without_script_finds_itself_first(opened, a_picture):
    title, (name, data) = a_picture
    page = opened("/", java_script_enabled=False)
    page.get_by_title("Search by a picture").click()
    page.set_input_files(
        "#query-picture-file", {"name": name, "mimeType": "image/jpeg", "buffer": data}
    )
    page.get_by_role("button", name="Search by this picture").click()

    assert_finds_itself(page, title)


def test_new_words_join_the_picture(opened, a_picture):
    page = opened("/")
    page.evaluate(PASTE, held(a_picture[1]))
    page.wait_for_url("**/?like=*")
    page.fill("[name=q]", "mug")
    page.press("[name=q]", "Enter")

    page.wait_for_url("**/?q=mug&like=*")

    expect(page.locator(".example")).to_have_count(1)


def test_a_file_that_is_no_picture_is_refused_by_name(opened):
    page = opened("/")
    page.evaluate(DROP, [held(("notes.jpg", b"just words")), "main"])

    expect(page.get_by_role("alert")).to_have_text(re.compile("notes.jpg.*This is text, not a"))


# Upload


def test_dropped_pictures_become_searchable_by_themselves(opened):
    """One of them comes twice: it keeps the name that was sent, and says that it is there."""
    files = [(f"{title}.jpg", data) for title, data in UPLOADS[:4]]
    files.append(("again.jpg", UPLOADS[0][1]))
    page = opened("/upload/")
    page.evaluate(DROP, [held(*files), ".drop"])

    expect(page.locator("#summary")).to_contain_text("5 searchable", timeout=30_000)
    same = re.compile(f"Already in the library, as (again|{UPLOADS[0][0]})")
    expect(page.locator(".row", has_text=same)).to_have_count(1)
    assert page.locator(".row__name").all_inner_texts() == [name for name, _ in files]
    expect(page.locator(".row").first.locator("img[src*=thumbnail]")).to_be_visible()

    page.goto(f"/?q={UPLOADS[0][0]}")
    assert UPLOADS[0][0] in titles(page)[:5]


def test_a_refusal_stands_beside_its_file_and_offers_no_retry_that_can_not_help(opened):
    page = opened("/upload/")
    page.evaluate(DROP, [held(("notes.jpg", b"just words"), ("none.png", b"")), ".drop"])
    expect(row(page, "notes.jpg")).to_contain_text("This is text, not a picture.")
    expect(row(page, "none.png")).to_contain_text("This file is empty.")

    expect(page.locator("#summary")).to_contain_text("2 refused")
    expect(row(page, "notes.jpg").get_by_title("Retry")).to_be_hidden()
    expect(page.locator("[data-retry-all]")).to_be_hidden()


def test_who_is_signed_out_meanwhile_is_told_and_a_retry_goes_on(opened):
    title, data = UPLOADS[7]
    page = opened("/upload/", java_script_enabled=True)  # In a browser of its own.
    session = next(c for c in page.context.cookies() if c["name"] == "sessionid")
    page.context.clear_cookies(name="sessionid")
    page.evaluate(DROP, [held((f"{title}.jpg", data)), ".drop"])
    expect(row(page, title)).to_contain_text("You are signed out")
    page.context.add_cookies([session])

    page.get_by_role("button", name="Retry what may pass").click()

    expect(row(page, title)).to_contain_text("Searchable", timeout=30_000)


def test_a_connection_that_is_lost_is_told_and_a_retry_goes_on(opened):
    title, data = UPLOADS[4]
    page = opened("/upload/")
    page.context.set_offline(True)
    page.evaluate(DROP, [held((f"{title}.jpg", data)), ".drop"])
    expect(row(page, title)).to_contain_text("The connection was lost")
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)

    row(page, title).get_by_title("Retry").click()

    expect(row(page, title)).to_contain_text("Searchable", timeout=30_000)


def test_upload_without_script_answers_with_a_row_for_each_file(opened):
    page = opened("/upload/", java_script_enabled=False)
    sent = [(f"{title}.jpg", data) for title, data in UPLOADS[5:7]] + [("notes.jpg", b"words")]
    files = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in sent]
    page.set_input_files("#files", files)
    page.get_by_role("button", name="Upload", exact=True).click()

    expect(page.locator(".row")).to_have_count(3)
    expect(row(page, "notes.jpg")).to_contain_text("This is text, not a picture.")


def test_a_request_that_carries_too_much_is_answered_in_a_sentence(stack):
    answer = stack.session().upload(("big.jpg", bytes(45_000_000)))

    assert answer.status_code == 413
    assert "please send fewer pictures at once" in answer.text


# What waits

NO_RENDITIONS = """
UPDATE search_rendition SET file = '', sha256 = '', fulfilled = NULL
WHERE asset_id = (SELECT id FROM search_asset ORDER BY created DESC LIMIT 1)
"""


@pytest.fixture
def waiting(stack):
    """A new asset, before a paused ingest worker; called, it lets the worker go on.

    Its renditions wait as well, as those of very large pictures do.
    """
    assert stack.eventually(lambda: settled(stack))  # What other tests have uploaded.
    paused = stack.pause("ingest")
    stack.session().upload(("new.jpg", pictures.jpeg((300, 200 + next(NUMBERS)))))
    stack.sql(NO_RENDITIONS)

    def go_on():
        if stack.worker_child("ingest").status() == psutil.STATUS_STOPPED:
            stack.resume(paused)

    yield go_on
    go_on()


def test_what_waits_is_counted_until_it_is_searchable(opened, waiting):
    page = opened("/")
    tile = page.locator(".tile").first
    expect(page.get_by_text("1 asset is still being embedded")).to_be_visible()
    expect(tile.locator("img")).to_have_count(0)

    waiting()

    expect(tile.locator("img")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("still being embedded")).to_have_count(0, timeout=30_000)


def test_an_asset_that_waits_becomes_searchable_before_one_s_eyes(opened, waiting):
    page = opened("/")
    page.locator(".tile__link").first.click()
    expect(page.locator("#embeddings")).to_contain_text("Waiting to be embedded")
    expect(page.locator("#similar")).to_contain_text("still being embedded")

    waiting()

    expect(page.locator("#embeddings")).to_contain_text("Searchable", timeout=30_000)
    expect(page.locator("#similar .tile")).to_have_count(12)
    expect(page.locator(".asset__preview img")).to_be_visible(timeout=30_000)


# One asset


def test_an_asset_leads_to_its_file_and_to_similar_ones(opened):
    page = opened("/")
    title = titles(page)[0]
    page.locator(".tile__link").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator(".asset__preview img")).to_be_visible()
    expect(page.locator(".similar .tile")).to_have_count(12)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".jpg")


# Keys and themes


def test_the_keyboard_walks_through_the_hits_and_back(opened_at_the_field):
    page = opened_at_the_field("/")
    focused = "document.activeElement.closest('.tile')?.querySelector('.tile__title').textContent"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == titles(page)[0]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == titles(page)[1]
    page.keyboard.press("ArrowDown")
    assert titles(page).index(page.evaluate(focused)) > 2
    page.keyboard.press("/")
    expect(page.locator("[name=q]")).to_be_focused()


def test_enter_opens_the_asset_in_focus(opened_at_the_field):
    page = opened_at_the_field("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url("**/assets/*/")


def test_escape_closes_a_menu(opened):
    page = opened("/")
    page.get_by_title("Search by a picture").click()
    expect(page.locator("#query-picture")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#query-picture")).to_be_hidden()


def test_the_first_tab_leads_past_the_header(opened):
    page = opened("/upload/")
    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="To the pictures")).to_be_focused()


@pytest.mark.parametrize(("scheme", "other"), [("light", "dark"), ("dark", "light")])
def test_the_theme_follows_the_system_until_it_is_chosen(opened, scheme, other):
    page = opened("/", color_scheme=scheme)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    system = page.evaluate(ground)

    page.get_by_title("Light or dark").click()
    chosen = page.evaluate(ground)
    page.reload()

    assert page.evaluate("document.documentElement.dataset.theme") == other
    assert page.evaluate(ground) == chosen != system
    page.goto("/admin/search/label/")
    expect(page.locator("html")).to_have_class(other)
