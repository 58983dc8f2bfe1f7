"""What people say of hits and answers."""

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage

from search.comparison import judgements
from search.library.storage import orphans
from search.models import JudgedQuery, Judgement, Preference
from search.query import Example, NoVector, Query
from tests.support.factories import make_asset, make_user
from tests.support.query_pictures import picture_query
from tests.support.side_by_side import make_encoders

pytestmark = pytest.mark.django_db


# Hits


def test_a_judgement_is_kept_and_said_again():
    barn, person = make_asset(title="barn"), make_user()

    judgements.judge(Query.of("red"), barn, 1, person)

    assert judgements.grades(Query.of("red"), person) == {barn.pk: 1}


def test_the_other_judgement_replaces_the_first():
    barn, person = make_asset(), make_user()

    judgements.judge(Query.of("red"), barn, 1, person)
    judgements.judge(Query.of("red"), barn, 0, person)

    assert [j.grade for j in Judgement.objects.all()] == [0]


def test_the_same_judgement_again_takes_it_back():
    barn, person = make_asset(), make_user()

    judgements.judge(Query.of("red"), barn, 1, person)

    assert judgements.judge(Query.of("red"), barn, 1, person) is None
    assert not Judgement.objects.exists()


def test_each_person_judges_alone():
    barn, one, other = make_asset(), make_user("one"), make_user("other")

    judgements.judge(Query.of("red"), barn, 1, one)
    judgements.judge(Query.of("red"), barn, 0, other)

    assert judgements.grades(Query.of("red"), one) == {barn.pk: 1}
    assert judgements.grades(Query.of("red"), other) == {barn.pk: 0}


# Answers


def test_a_preference_is_kept_changed_and_taken_back():
    (left, right), person, red = make_encoders("fake", "second"), make_user(), Query.of("red")

    judgements.prefer(red, left, right, "left", person)
    assert judgements.verdict(red, left, right, person) == "left"
    judgements.prefer(red, left, right, "tie", person)
    assert judgements.verdict(red, left, right, person) == "tie"
    judgements.prefer(red, left, right, "tie", person)
    assert judgements.verdict(red, left, right, person) == ""


def test_a_verdict_stays_with_its_encoder_when_the_columns_change_places():
    (one, other), person, red = make_encoders("fake", "second"), make_user(), Query.of("red")

    judgements.prefer(red, other, one, "left", person)

    assert judgements.verdict(red, other, one, person) == "left"
    assert judgements.verdict(red, one, other, person) == "right"
    assert Preference.objects.count() == 1


# Queries


@pytest.mark.parametrize("words", ["red barn", " Red  BARN ", "red\tbarn"])
def test_the_same_words_are_one_query(words):
    person, barn = make_user(), make_asset()
    judgements.judge(Query.of("red barn"), barn, 1, person)

    assert judgements.grades(Query.of(words), person) == {barn.pk: 1}


def test_words_a_picture_and_an_asset_are_never_one_query():
    barn, person = make_asset(), make_user()

    for query in (Query.of(str(barn.pk)), Query(like=(Example(asset=barn.pk),)), picture_query()):
        judgements.judge(query, barn, 1, person)

    assert JudgedQuery.objects.count() == 3


@pytest.mark.parametrize("words", ["🐟" * 1000, "ΐ" * 1000, "漢字" * 500])
def test_the_longest_words_are_judged(words):
    judgements.judge(Query.of(words), make_asset(), 1, make_user())

    assert JudgedQuery.objects.get().words == words


def test_the_jpeg_of_a_query_picture_is_kept():
    query = picture_query()
    judgements.judge(query, make_asset(), 1, make_user())
    cache.clear()

    stored = JudgedQuery.objects.get().picture
    assert stored.open().read(2) == b"\xff\xd8"
    assert stored.name not in orphans()


def test_the_same_picture_chosen_again_is_the_same_query():
    barn, person = make_asset(), make_user()
    judgements.judge(picture_query("red"), barn, 1, person)

    assert judgements.grades(picture_query("red"), person) == {barn.pk: 1}
    assert judgements.grades(picture_query("blue"), person) == {}


def test_a_forgotten_picture_is_not_judged():
    with pytest.raises(NoVector, match="choose it again"):
        judgements.judge(Query(like=(Example(picture="0" * 32),)), make_asset(), 1, make_user())

    assert judgements.grades(Query(like=(Example(picture="0" * 32),)), make_user()) == {}


def test_the_picture_goes_with_its_query(django_capture_on_commit_callbacks):
    judgements.judge(picture_query(), make_asset(), 1, make_user())
    name = JudgedQuery.objects.get().picture.name

    with django_capture_on_commit_callbacks(execute=True):
        JudgedQuery.objects.all().delete()

    assert not default_storage.exists(name)


def test_judgements_go_with_the_asset():
    barn = make_asset()
    judgements.judge(Query.of("red"), barn, 1, make_user())
    judgements.judge(Query(like=(Example(asset=barn.pk),)), make_asset(), 1, make_user())

    barn.delete()

    assert not Judgement.objects.exists()
