import re
from pathlib import Path

import pytest

from search.models import Asset
from search.templatetags import sightline

CSS = Path(__file__).parents[3] / "search" / "static" / "search"


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


@pytest.mark.parametrize("size", [(600, 400), (400, 600), (1000, 1000), (1920, 1080), (900, 300)])
def test_a_tile_has_the_picture_s_proportions(size):
    assert ratio_of(class_of(*size)) == pytest.approx(size[0] / size[1], rel=0.013)


def test_panoramas_and_towers_are_cropped_to_three_to_one_and_two_to_three():
    assert class_of(20_000, 1) == class_of(310, 100) == class_of(300, 100)
    assert ratio_of(class_of(20_000, 1)) == pytest.approx(3, rel=0.013)
    assert class_of(1, 20_000) == class_of(500, 1000) == class_of(200, 300)
    assert ratio_of(class_of(1, 20_000)) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("bytes", "words"),
    [(0, "0 B"), (812, "812 B"), (1_300, "1.3 kB"), (999_600, "1.0 MB"), (48_000_000, "48 MB")],
)
def test_bytes_are_said_as_people_say_them(bytes, words):
    assert sightline.size(bytes) == words


@pytest.mark.parametrize(
    # The admin's pages have Unfold's colours and sizes, and not ours.
    "sheet",
    sorted({*CSS.glob("*.css")} - {CSS / "tokens.css", *CSS.glob("admin*.css")}),
)
def test_colours_and_sizes_stand_in_one_file_alone(sheet):
    rules = re.sub(r"/\*.*?\*/|@media[^{]*", "", sheet.read_text(), flags=re.DOTALL)

    assert not re.search(r"#[0-9a-f]{3}|\d(px|rem|em)\b|\b(rgb|hsl)", rules)


def contrast(first, second):
    """As WCAG 2 counts it."""
    dark, light = sorted(luminance(colour) for colour in (first, second))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("name", "least"),
    [("text-1", 4.5), ("text-2", 4.5), ("accent", 4.5), ("danger", 4.5), ("edge", 3)],
)
def test_text_and_controls_stand_out_from_every_surface(name, least, theme):
    pairs = re.findall(
        r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (CSS / "tokens.css").read_text()
    )
    tokens = {token: values[theme] for token, *values in pairs}

    for surface in ("surface-1", "surface-2", "surface-3"):
        assert contrast(tokens[name], tokens[surface]) >= least
