"""What is made of an original by one decoding."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from search.formats import decode as decoding
from search.formats.derived import derive, derive_here, side_for
from search.formats.limits import TooLarge
from tests.support import pictures
from tests.support.drawn import drawing
from tests.support.formats import decode


def derived(data, sides=(200, 50), at_least=40):
    with pictures.upload(data) as file:
        return derive(file, sides, at_least)


def sizes(made):
    return [picture.size for picture in opened(made)]


def opened(made):
    files = [Image.open(io.BytesIO(data)) for data in made.renditions.values()]
    return [*files, decoding.picture_of(made.input)]


@pytest.mark.parametrize(("format", "size"), [("JPEG", (100, 75)), ("PNG", (67, 50))])
def test_renditions_fit_and_the_input_is_as_large_as_asked(format, size):
    made = derived(pictures.saved(drawing(1).resize((800, 600)), format))

    assert list(made.renditions) == [200, 50]
    assert sizes(made) == [(200, 150), (50, 38), size]


def test_of_a_panorama_the_input_has_the_shorter_side_that_was_asked_for():
    assert sizes(derived(pictures.png((3000, 300)))) == [(200, 20), (50, 5), (400, 40)]


def test_what_is_small_is_not_enlarged():
    assert sizes(derived(pictures.png((30, 20)))) == [(30, 20)] * 3


def test_no_input_is_made_where_none_is_asked_for():
    assert derived(pictures.png((30, 20)), at_least=0).input == b""


def test_all_of_it_is_upright():
    turned = pictures.turned(pictures.corners(), 6)
    data = pictures.saved(turned, "JPEG", exif=pictures.orientation(6), quality=95)
    made = derived(data, sides=(40, 30), at_least=20)

    assert all(map(pictures.is_upright, opened(made)))


def test_the_input_shows_what_the_original_decoded_for_the_encoder_shows():
    data = pictures.saved(drawing(3).resize((900, 700)), "JPEG", quality=92)

    picture = decoding.picture_of(derived(data, at_least=96).input).resize((96, 96))
    other = decode(data, at_least=96).resize((96, 96))

    assert ImageStat.Stat(ImageChops.difference(picture, other)).rms < [4, 4, 4]


def test_the_original_is_decoded_once(monkeypatch):
    opened, open_checked = [], decoding.open_checked
    monkeypatch.setattr(
        "search.formats.derived.open_checked",
        lambda *args: opened.append(1) or open_checked(*args),
    )

    derive_here(io.BytesIO(pictures.png((60, 40))), 20, 50, 30)

    assert opened == [1]


def test_it_refuses_what_inspect_refuses():
    with pytest.raises(TooLarge):
        derived(pictures.decompression_bomb())


@pytest.mark.parametrize(
    ("size", "side"),
    [((4000, 3000), 1600), ((3000, 4000), 1600), ((6000, 1000), 2688), ((20_000, 30), 7168)],
)
def test_renditions_and_input_are_made_of_one_picture(size, side):
    assert side_for(size, 1600, 448) == side
