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


def test_the_first_pictures_are_loaded_at_once():
    hits = [Hit(make_asset(title=str(number), thumbnail=True)) for number in range(3)]

    assert re.findall(r'decoding="async"( loading="lazy")?>', tiles(hits, eager=2)) == [
        "",
        "",
        ' loading="lazy"',
    ]


def test_a_tile_says_why_it_is_there():
    html = tiles([Hit(make_asset(), 0.25, "strong", ("title", "label"), 2)], why=True)

    assert re.findall(r">([^<>\s][^<>]*)<", html.split("near-duplicates")[-1]) == [
        "Strong",
        "Score ",
        "0.750",
        "title",
        "label",
    ]
