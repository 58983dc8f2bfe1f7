"""What one person may have in the cache: bounded, without a word lost to others."""

import pytest
from django.contrib.auth.models import AnonymousUser

from search.query import Query, answer, pictures, remember_picture, remembered_picture, vectors
from tests.support.factories import make_asset, make_user
from tests.support.pictures import png, upload

pytestmark = pytest.mark.django_db


def remember(user, count):
    return [remember_picture(upload(png()), user) for _ in range(count)]


def there(tokens, user):
    return [remembered_picture(token, user) is not None for token in tokens]


def test_of_a_person_the_oldest_query_picture_goes_for_a_new_one(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PICTURES", 3)
    tokens = remember(make_user(), 5)

    assert there(tokens, make_user()) == [False, False, True, True, True]


def test_what_went_says_so(monkeypatch, fake_encoder):
    monkeypatch.setattr(pictures, "MOST_PICTURES", 1)
    make_asset(embedded=True)
    oldest, _ = remember(make_user(), 2)

    query = Query(like=(vectors.Example(picture=oldest),))

    assert "no longer kept; please choose it again" in str(answer(query, make_user()))


def test_another_person_loses_nothing_by_it(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PICTURES", 3)
    ana, ben = make_user("ana"), make_user("ben")
    of_ana = remember(ana, 2)
    remember(ben, 9)

    assert there(of_ana, ana) == [True, True]


def test_strangers_have_theirs_together(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_OF_STRANGERS", 2)
    tokens = remember(AnonymousUser(), 3)

    assert there(tokens, AnonymousUser()) == [False, True, True]


@pytest.fixture
def library(fake_encoder, monkeypatch):
    monkeypatch.setattr(vectors, "MOST_VECTORS", 2)
    make_asset(title="red", colour="red", embedded=True)


def sentence(words, user):
    return answer(Query.of(words), user).sentence


def test_beyond_so_many_new_searches_words_alone_are_looked_for(library):
    ana = make_user("ana")
    assert [sentence(words, ana) for words in ("blue", "green")] == ["", ""]

    response = answer(Query.of("red"), ana)

    assert "You have searched for 2 different things within the hour" in response.sentence
    assert [hit.asset.title for hit in response.hits] == ["red"]


def test_what_was_searched_for_before_costs_nothing(library):
    ana = make_user("ana")

    assert [sentence("blue", ana) for _ in range(5)] == [""] * 5


def test_others_search_on(library):
    for words in ("blue", "green", "yellow"):
        sentence(words, make_user("ana"))

    assert sentence("black", make_user("ben")) == ""


def test_strangers_are_not_counted_here(library, settings):
    settings.PUBLIC_SEARCH = True

    assert {sentence(w, AnonymousUser()) for w in ("blue", "green", "yellow")} == {""}
