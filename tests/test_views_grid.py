from pathlib import Path

import pytest

from search.models import Asset
from search.templatetags import sightline

CSS = Path(__file__).parent.parent / "search" / "static" / "search"


def class_of(width, height):
    return sightline.ratio(Asset(width=width, height=height))


def ratio_of(name):
    return sightline.NARROWEST * sightline.STEP ** int(name[1:])


def test_the_stylesheet_holds_every_class():
    rules = [
        f".r{step} {{ --ratio: {sightline.NARROWEST * sightline.STEP**step:.4f}; }}"
        for step in range(sightline.STEPS)
    ]

    assert (CSS / "ratios.css").read_text().splitlines()[1:] == rules


@pytest.mark.parametrize("size", [(600, 400), (400, 600), (1000, 1000), (1920, 1080), (500, 1000)])
def test_a_tile_has_the_picture_s_proportions(size):
    assert ratio_of(class_of(*size)) == pytest.approx(size[0] / size[1], rel=0.013)


def test_panoramas_and_towers_get_the_last_classes():
    assert class_of(1, 20_000) == "r0"
    assert class_of(20_000, 1) == f"r{sightline.STEPS - 1}"


def test_the_last_classes_show_the_whole_picture():
    assert f".tile:is(.r0, .r{sightline.STEPS - 1}) img" in (CSS / "grid.css").read_text()


@pytest.mark.parametrize(
    ("bytes", "said"),
    [(0, "0 B"), (812, "812 B"), (1_300, "1.3 kB"), (999_600, "1.0 MB"), (48_000_000, "48 MB")],
)
def test_bytes_are_said_as_people_say_them(bytes, said):
    assert sightline.size(bytes) == said


def test_colours_and_sizes_stand_in_one_file_alone():
    for sheet in set(CSS.glob("*.css")) - {CSS / "tokens.css"}:
        assert "#" not in sheet.read_text().replace("/*", ""), sheet.name
