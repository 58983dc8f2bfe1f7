"""The tiles of the grid, which no Django template escapes."""

import re

import pytest
from django.db.models.functions import Now

from search.models import Rendition
from search.query import Hit
from search.templatetags.sightline import picture
from search.templatetags.tiles import tiles
from tests.support.factories import make_asset

pytestmark = pytest.mark.django_db
HOSTILE = """"><script>alert('&')</script>{{ 7 * 7 }}"""
ESCAPED = "&#34;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;{{ 7 * 7 }}"


def texts(html):
    return re.findall(r">([^<>\s][^<>]*)<", html)


def test_a_hostile_title_is_text():
    html = tiles([Hit(make_asset(title=HOSTILE))], "/?", why=True)

    assert "<script" not in html
    assert html.count(ESCAPED) == 5


def test_a_hostile_title_is_text_in_an_attribute_too():
    asset = make_asset(title=HOSTILE)
    Rendition.objects.filter(spec="preview").update(file="preview.jpg", fulfilled=Now())

    assert f'alt="{ESCAPED}"' in picture(asset, "preview")


def test_a_hostile_base_is_text():
    assert "<script" not in tiles([Hit(make_asset())], "/?q=<script>&")


def test_the_first_pictures_are_loaded_before_the_others():
    hits = [Hit(make_asset(title=str(number), thumbnail=True)) for number in range(3)]

    assert re.findall(r'decoding="async" (.*)>', tiles(hits, eager=2)) == [
        'fetchpriority="high"',
        'fetchpriority="high"',
        'loading="lazy"',
    ]


def test_a_tile_says_why_it_is_there():
    html = tiles([Hit(make_asset(), 0.25, "strong", ("title", "label"), 2)], why=True)

    assert texts(html.split("near-duplicates")[-1]) == ["title", "label"]


@pytest.mark.parametrize(
    ("hit", "tooltip"),
    [
        ((0.25, "strong"), "Strong match, score 0.750"),
        ((0.75, "possible"), "Possible match, score 0.250"),
        ((1.5, "none"), "No match, score -0.500"),
        ((None, "possible"), "Possible match"),
        ((0.25, ""), "Score 0.750"),
    ],
)
def test_how_well_a_hit_fits_stands_in_its_tooltip_alone(hit, tooltip):
    html = tiles([Hit(make_asset(), *hit)], why=True)

    assert f'title="{tooltip}"' in html
    assert not any(re.search(r"\d\.\d|[Mm]atch", text) for text in texts(html))


def test_where_a_match_begins_its_heading_stands_once():
    hits = [
        Hit(make_asset(title=str(number)), 0.1, match, begins=begins)
        for number, (match, begins) in enumerate(
            [("strong", "strong"), ("strong", ""), ("none",) * 2]
        )
    ]

    assert re.findall("<h2>(.*)</h2>", tiles(hits, why=True)) == ["Strong matches", "The rest"]
    assert "<h2>" not in tiles(hits)
