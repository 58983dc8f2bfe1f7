"""What does not answer is left alone for a while, and then tried by one at a time."""

import pytest
from django.core.cache import caches
from redis.exceptions import ConnectionError as RedisAway

from config import silence
from config.silence import Silence


@pytest.fixture
def clock(monkeypatch):
    times = [100.0]
    monkeypatch.setattr(silence.time, "monotonic", lambda: times[0])
    return times


def test_nothing_is_left_alone_that_answers(clock):
    assert not Silence(2).lasts()


def test_what_did_not_answer_is_left_alone_for_a_while(clock):
    quiet = Silence(2)
    quiet.begin()
    clock[0] += 1.9
    assert quiet.lasts()


def test_then_one_tries_and_the_others_go_on_without(clock):
    quiet = Silence(2)
    quiet.begin()
    clock[0] += 2.1
    assert [quiet.lasts() for _ in range(3)] == [False, True, True]


def test_an_answer_ends_it(clock):
    quiet = Silence(2)
    quiet.begin()
    quiet.end()
    assert not quiet.lasts()


def test_a_cache_that_is_away_is_asked_once(settings, monkeypatch):
    backend, requests = "config.cache.ImpatientCache", []
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1"}}
    execute = silence.redis.begin
    monkeypatch.setattr(silence.redis, "begin", lambda: requests.append(execute()))
    for _ in range(3):
        with pytest.raises(RedisAway):
            caches["default"].get("key")
    assert len(requests) == 1
