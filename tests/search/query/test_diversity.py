"""Like is followed by unlike."""

import numpy as np
import pytest

from search.query import Query, answer, diversity
from search.query.diversity import marginal
from tests.support.factories import make_asset, make_user
from tests.support.placed import put, set_thresholds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def knows_colours(fake_encoder):
    pass


def titles(**parts) -> list[str]:
    query = Query.of("red", **parts)
    return [hit.asset.title for hit in answer(query, make_user()).hits]


def test_the_first_stays_first_and_is_followed_by_what_is_unlike_it():
    for distance in (0.0, 0.01, 0.02, 0.9):
        put(distance)
    assert titles()[1] == "at 0.01"
    assert titles(diversity=True)[:2] == ["at 0", "at 0.9"]


def test_diversity_keeps_the_set(monkeypatch):
    set_thresholds(monkeypatch, 0.2, 0.6)
    for number in range(20):
        put(number / 20)
    assert sorted(titles(diversity=True)) == sorted(titles())


def test_beyond_its_pool_the_order_stays(monkeypatch):
    monkeypatch.setattr(diversity, "POOL", 5)
    for number in range(12):
        put(number / 20)
    assert titles(diversity=True)[5:] == titles()[5:]


def test_a_hit_without_a_vector_follows_those_that_have_one():
    make_asset(title="red")
    put(0.1)
    put(0.5)
    assert titles(diversity=True)[-1] == "red"


def test_diversity_of_hits_without_any_vector_changes_nothing(monkeypatch):
    make_asset(title="red barn")
    make_asset(title="red sea")
    assert sorted(titles(diversity=True)) == ["red barn", "red sea"]


def test_of_nothing_nothing_comes():
    assert marginal(np.empty((0, 4))) == []


def test_of_equals_the_order_stays():
    assert marginal(np.ones((5, 1))) == [0, 1, 2, 3, 4]


def test_each_place_is_taken_once():
    vectors = np.random.default_rng(0).normal(size=(50, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert sorted(marginal(vectors)) == list(range(50))
