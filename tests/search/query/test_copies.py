"""A picture that the library holds, asked by: certain, whatever vectors and thresholds say."""

import pytest
from PIL import Image

from search.formats.facts import inspect_own
from search.formats.region import Region
from search.library.near_duplicates import compare_next
from search.query import Example, Query, answer, saved
from search.query.answer import NOTHING_CLOSE
from tests.support.copies import add, by, file_of, matches
from tests.support.drawn import drawing
from tests.support.factories import make_asset, make_user
from tests.support.placed import put, set_thresholds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def knows_colours(fake_encoder):
    pass


@pytest.fixture(autouse=True)
def nothing_passes(monkeypatch):
    """Thresholds that no vector reaches, not even that of the picture itself."""
    set_thresholds(monkeypatch, -1, -0.5)


def recompressed(image: Image.Image) -> Image.Image:
    return Image.open(file_of(image.resize((200, 150)), format="JPEG", quality=40))


@pytest.mark.parametrize("change", [lambda image: image, recompressed], ids=["itself", "copy"])
def test_a_picture_of_the_library_is_a_strong_match_to_itself(change):
    add(drawing(), title="mine")
    add(drawing(2), title="other", distance=0.1)
    assert matches(by(change(drawing()))) == {"mine": "strong"}


def test_a_plain_picture_is_a_strong_match_to_itself():
    add(Image.new("RGB", (60, 40), (200, 30, 30)), title="mine")
    add(Image.new("RGB", (60, 40), (200, 50, 30)), title="another red")
    assert matches(by(Image.new("RGB", (60, 40), (200, 30, 30)))) == {"mine": "strong"}


def test_near_duplicates_of_an_asset_are_strong_matches_to_it():
    mine = add(drawing(), title="mine")
    add(recompressed(drawing()), title="copy")
    assert matches(Query(like=(Example(asset=mine.pk),))) == {"copy": "strong"}


def test_a_picture_that_waits_for_its_vector_is_found_by_its_copy():
    facts = inspect_own(file_of(drawing()))
    put(0.1, title="other")
    make_asset(title="mine", size=(320, 240), phash=facts.phash, layout=facts.layout)
    while compare_next():
        pass
    assert matches(by(drawing())) == {"mine": "strong"}


@pytest.mark.parametrize("of", ["asset", "upload"])
def test_a_part_that_nothing_is_close_to_shows_the_ranking(of):
    mine, region = add(drawing(), title="mine"), Region(0.1, 0.1, 0.4, 0.4)
    put(0.1, title="other")
    example = Example(asset=mine.pk, region=region)
    query = Query(like=(example,)) if of == "asset" else by(drawing(), region=region)
    result = answer(query, make_user())
    assert result.is_far and {hit.asset.title for hit in result.hits} == {"mine", "other"}


def test_beside_words_a_picture_is_but_an_example():
    add(drawing(), title="mine")
    like = by(drawing()).like
    assert answer(Query.of("nonsense", like=like), make_user()).hits == ()


def test_a_copy_that_a_filter_leaves_out_is_no_answer():
    add(drawing(), title="mine")
    add(drawing(2), title="other", labels=("kept",))
    assert "mine" not in matches(by(drawing()).but(filters=(("label", "kept"),)))


@pytest.mark.parametrize("against", [False, True])
def test_a_picture_that_nothing_is_close_to_shows_the_ranking(against):
    distances = [number / 30 for number in range(20)]
    titles = [put(distance).title for distance in distances]
    example = by(Image.new("RGB", (60, 40), (220, 40, 40))).like
    query = Query(unlike=example) if against else Query(like=example)

    result = answer(query, make_user())

    order = [hit.asset.title for hit in result.hits]
    assert order == (titles[::-1] if against else titles)
    assert (result.count, result.is_far, result.sentence) == (20, True, NOTHING_CLOSE)


def test_the_ranking_that_nothing_is_close_in_comes_in_pages():
    titles = [put(number / 30).title for number in range(20)]
    query = by(Image.new("RGB", (60, 40), (220, 40, 40)))

    pages = [answer(query, make_user(), page=number, size=8) for number in (1, 2, 3)]

    assert [hit.asset.title for page in pages for hit in page.hits] == titles
    assert [page.has_more for page in pages] == [True, True, False]


def test_what_is_not_close_is_no_news_to_a_saved_search():
    query, user = by(drawing()), make_user()
    before = put(0.1).created
    put(0.2)
    assert answer(saved.new_to(query, before), user).is_far
    assert saved.count_new(query, user, before) == 0


def test_words_that_nothing_matches_still_say_so():
    put(0.1)
    result = answer(Query.of("red"), make_user())
    assert (result.hits, result.is_far) == ((), False)
