"""What the field offers while a person types."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone
from redis.exceptions import RedisError

from search.models import Collection, Label
from search.query import Words, recent
from search.query.completion import beginning, completions
from search.query.filters import FILTERS
from search.query.words import Unfinished
from tests.support.factories import make_asset, make_assets, make_user

pytestmark = pytest.mark.django_db


def values(text: str, kind: str = "") -> list[str]:
    offers = completions(text, make_user("reader"))
    return [each.value for each in offers if kind in ("", each.kind)]


# The page's side


def test_each_completion_is_an_option_with_the_whole_new_text(reader_client):
    make_asset(title="Red & blue barn", labels=("barn owl",))
    response = reader_client.get("/completions/", {"q": "red ba"})
    options = re.findall(
        r'<li role="option" id="([^"]+)" aria-selected="false" data-value="([^"]*)">',
        response.content.decode(),
    )
    assert [(name, unescape(value)) for name, value in options] == [
        ("completion-1", 'red label:"barn owl"'),
    ]


def test_a_completion_says_its_kind(reader_client):
    make_asset(title="Red barn")
    html = reader_client.get("/completions/", {"q": "red"}).content.decode()
    assert '<ul role="listbox" id="completions"' in html
    assert '<bdi>Red barn</bdi> <span class="small">title</span>' in html


def test_a_stranger_is_sent_to_sign_in(client):
    assert client.get("/completions/", {"q": "red"}).status_code == 302


def test_where_search_is_public_strangers_get_titles_but_no_owners(client, settings):
    settings.PUBLIC_SEARCH = True
    make_asset(title="Red barn", owner=make_user("redmond"))
    assert "Red barn" in client.get("/completions/", {"q": "red"}).content.decode()
    assert "redmond" not in client.get("/completions/", {"q": "owner:"}).content.decode()


def test_completions_are_only_read(reader_client):
    assert reader_client.post("/completions/", {"q": "red"}).status_code == 405


@pytest.mark.parametrize(
    "text",
    ["", " ", "a\0b", "x" * 1001, "x" * 1000, '"', '"""', "label:", ":", "-", "-label:", "🐶"],
)
def test_bad_input_is_completed_by_nothing(reader_client, text):
    response = reader_client.get("/completions/", {"q": text})
    assert response.status_code == 200
    assert "option" not in response.content.decode()


def test_a_question_may_be_missing(reader_client):
    assert reader_client.get("/completions/").status_code == 200


# Titles


def test_a_title_that_begins_so_comes_before_one_with_such_a_word():
    make_asset(title="My red barn")
    make_asset(title="Red barns")
    assert values("red bar", "title") == ["Red barns", "My red barn"]


def test_a_description_is_no_title():
    make_asset(title="Barn", description="red")
    assert values("red", "title") == []


def test_titles_are_offered_once():
    for _ in range(3):
        make_asset(title="Red barn")
    assert values("red", "title") == ["Red barn"]


def test_what_is_typed_already_is_no_completion():
    make_asset(title="Red barn")
    assert values("red BARN", "title") == []


def test_filters_stay_when_a_title_is_chosen():
    make_asset(title="Red barn", labels=("dog",))
    assert values("label:dog -cat red b", "title") == ["label:dog -cat Red barn"]


def test_at_most_eight_are_offered():
    for number in range(20):
        make_asset(title=f"red {number}", labels=(f"red {number}",), collection=f"red-{number}")
    assert len(values("red")) == 8
    assert len(values("label:")) == 8


@pytest.mark.parametrize("title", ['a "red" barn', "red -barn", "red label:x", "-", "red 16:9"])
def test_a_title_is_spelled_so_that_it_means_itself(title):
    make_asset(title=title)
    for value in values("red", "title"):
        parts = Words.parse(value, frozenset(FILTERS)).parts
        assert not any(part.name or part.minus for part in parts)


def test_patterns_are_letters():
    make_asset(title="Red barn")
    assert values("%", "title") == values("r_d", "title") == []


# Filters


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("do", "label:dog"),
        ("red do", "red label:dog"),
        ("-do", "-label:dog"),
        ("red label:d", "red label:dog"),
        ("-label:D", "-label:dog"),
        ("Label:d", "label:dog"),
        ("--do", "-label:dog"),
        ("not_label:d", "not_label:dog"),
        ('label:"d', "label:dog"),
        ("label:old", 'label:"old house"'),
        ('label:"old h', 'label:"old house"'),
        ("col", "collection:"),
        ("collection:sum", "collection:summer-2024"),
        ("collection:Best", "collection:summer-2024"),
        ("red best", "red collection:summer-2024"),
        ("format:j", "format:JPEG"),
        ("colour:gre", "colour:green"),
        ("orientation:", "orientation:landscape"),
        ("owner:own", "owner:owner"),
        ('"red barn" lab', '"red barn" label:'),
    ],
)
def test_the_last_word_goes_on_as_a_filter(text, value):
    make_asset(title="x", labels=("dog", "old house"))
    Collection.objects.create(name="Best of summer", slug="summer-2024")
    assert value in values(text)


def test_dates_show_how_they_are_written():
    today = timezone.localdate()
    assert values("before:")[0] == f"before:{today.year}"
    assert f"taken_after:{today}" in values(f"taken_after:{today:%Y-%m}")


def test_only_owners_of_assets_are_named():
    make_asset()
    make_user("oswald")
    assert values("owner:o") == ["owner:owner"]


def test_a_label_that_no_box_can_spell_is_not_offered():
    Label.objects.create(name='12" record')
    assert values("label:1") == []


@pytest.mark.parametrize("value", ["old house", "-minus", "plain", "it's"])
def test_an_offered_filter_is_read_as_it_is_meant(value):
    text = Unfinished.parse("red l").as_filter("label", value)
    [typed] = Words.parse(text, frozenset(FILTERS)).typed
    assert (typed.name, typed.value) == ("label", value)


# Recent searches


@pytest.fixture
def reader():
    return make_user("reader")


def test_the_last_searches_come_first(reader):
    for words in ("red barn", "sea", "Red  Barn"):
        recent.remember(reader, words)
    assert recent.recent(reader) == ["Red Barn", "sea"]
    assert values("", "recent") == ["Red Barn", "sea"]
    assert values("re")[0] == "Red Barn"


def test_a_title_searched_for_is_offered_once(reader):
    make_asset(title="Red barn")
    recent.remember(reader, "red barn")
    assert [value.casefold() for value in values("red b")].count("red barn") == 1


def test_twenty_searches_are_kept(reader):
    for number in range(30):
        recent.remember(reader, f"search {number}")
    assert len(recent.recent(reader)) == 20


def test_searches_are_a_person_s_own(reader):
    recent.remember(reader, "red barn")
    assert recent.recent(make_user("other")) == []


def test_a_stranger_has_no_recent_searches():
    recent.remember(AnonymousUser(), "red barn")
    assert recent.recent(AnonymousUser()) == []


def test_while_redis_is_away_nothing_is_recent(reader, monkeypatch):
    def refuse(*args, **kwargs):
        raise RedisError

    monkeypatch.setattr(recent.cache, "get", refuse)
    monkeypatch.setattr(recent.cache, "set", refuse)
    recent.remember(reader, "red barn")
    assert recent.recent(reader) == []


# The index


def test_titles_are_found_by_the_index():
    make_assets([{"title": f"Barn {number}"} for number in range(200)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_asset; SET LOCAL enable_seqscan = off")
    # By whichever of the two over lower(title): both begin with it.
    assert "Index Cond: ((lower((title)::text)" in beginning("red", make_user()).explain()
