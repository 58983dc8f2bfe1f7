"""A picture that was cut out of one of the library: that one is a strong match."""

import pytest

from search.models import Rendition
from search.query import Query, answer
from search.query.cutouts import NEAREST
from tests.support.copies import add, by, file_of, matches
from tests.support.drawn import drawing
from tests.support.factories import make_user
from tests.support.placed import set_thresholds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_passes(fake_encoder, monkeypatch):
    """Thresholds that no vector reaches."""
    set_thresholds(monkeypatch, -1, -0.5)


def put_pattern(number: int, **fields):
    """An asset that looks like this drawing, with its thumbnail."""
    asset = add(drawing(number), **fields)
    for rendition in Rendition.objects.filter(asset=asset):
        assert rendition.store(file_of(drawing(number), format="JPEG").getvalue())
    return asset


def crop(number: int = 1):
    return drawing(number).crop((50, 40, 210, 160))


def test_what_a_picture_was_cut_out_of_is_a_strong_match():
    put_pattern(1, title="whole")
    put_pattern(2, title="nearer", distance=0.1)
    assert matches(by(crop(), format="JPEG", quality=60)) == {"whole": "strong"}


def test_control_a_part_of_something_else_is_of_none():
    put_pattern(1, title="whole")
    result = answer(by(crop(3)), make_user())
    assert result.is_far and [hit.match for hit in result.hits] == [""]


def test_it_comes_first_among_all_that_are_shown():
    put_pattern(1, title="whole")
    put_pattern(2, title="nearer", distance=0.1)
    hits = answer(by(crop()).but(everything=True), make_user()).hits
    assert [(hit.asset.title, hit.match) for hit in hits] == [
        ("whole", "strong"),
        ("nearer", "none"),
    ]


def test_its_near_duplicate_stands_behind_it():
    put_pattern(1, title="whole")
    add(drawing(1).resize((160, 120)), title="copy", distance=0.6)
    [hit] = answer(by(crop()), make_user()).hits
    assert (hit.match, hit.duplicates) == ("strong", 1)


def test_only_the_nearest_are_looked_through(monkeypatch):
    put_pattern(1, title="whole", distance=0.9)
    for number in range(NEAREST):
        put_pattern(2 + number, title="nearer", distance=0.1)
    assert answer(by(crop()), make_user()).is_far


def test_beside_words_a_picture_is_but_an_example():
    put_pattern(1, title="whole")
    mixed = Query.of("barn", like=by(crop()).like)
    assert answer(mixed, make_user()).hits == ()


def test_a_thumbnail_that_is_missing_or_damaged_is_passed_over():
    whole = put_pattern(1, title="whole")
    thumbnail = whole.renditions.get(spec="thumbnail")
    thumbnail.file.storage.delete(thumbnail.file.name)
    assert answer(by(crop()), make_user()).is_far
    with thumbnail.file.storage.open(thumbnail.file.name, "wb") as file:
        file.write(b"\xff\xd8\xff no picture")
    assert answer(by(crop()), make_user()).is_far
