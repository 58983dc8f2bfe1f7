"""What the cache offers besides Django's, on a Redis of its own."""

import signal
import subprocess
import threading
import time

import pytest
from django.core.cache import cache
from redis import Redis
from redis.exceptions import RedisError

from config import embedded, silence
from config.cache import LocalCache, shared

# Seconds until whoever waits looks again at the latest; far more than a wake-up takes.
LONG = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("r").resolve()
    process = subprocess.Popen(embedded.redis_command(folder), stdout=subprocess.DEVNULL)
    while not embedded.redis_url(folder):
        time.sleep(0.01)
    yield process, f"unix://{folder}/redis.sock"
    process.kill()
    process.wait()


@pytest.fixture
def redis(server, settings, monkeypatch):
    """The cache in Redis, as the settings have it, and a client of its own."""
    monkeypatch.setattr(silence, "redis", silence.Silence(2))
    settings.CACHES = {
        "default": {
            "BACKEND": "config.cache.ImpatientCache",
            "LOCATION": server[1],
            "OPTIONS": {
                "serializer": "config.cache.JSONSerializer",
                "socket_connect_timeout": 0.5,
                "socket_timeout": 0.5,
            },
        }
    }
    client = Redis.from_url(server[1])
    client.flushall()
    yield client
    client.config_set("maxmemory", 0)


@pytest.fixture
def silent(server, redis):
    server[0].send_signal(signal.SIGSTOP)
    yield
    server[0].send_signal(signal.SIGCONT)


def seconds(work) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_an_answer_wakes_who_waits_for_it(redis, settings):
    settings.CACHES["default"]["OPTIONS"]["socket_timeout"] = 2 * LONG
    thread = threading.Timer(0.1, lambda: shared().answer("key", {"vector": [1.0]}, 60))
    thread.start()
    assert seconds(lambda: shared().wait("key", LONG)) < LONG / 2
    assert cache.get("key") == {"vector": [1.0]}
    thread.join()


def test_an_answer_before_anybody_waits_wakes_too(redis):
    shared().answer("key", 1, 60)
    assert seconds(lambda: shared().wait("key", 0.4)) < 0.2


def test_control_without_an_answer_a_wait_lasts_as_long_as_it_may(redis):
    shared().answer("another", 1, 60)
    assert seconds(lambda: shared().wait("key", 0.1)) >= 0.1


def test_a_wait_of_no_time_ends(redis):
    assert seconds(lambda: shared().wait("key", 0)) < 0.4


def test_what_wakes_somebody_does_not_stay(redis):
    shared().answer("key", 1, 60)
    assert 0 < redis.ttl(":1:key:wake") <= 10


def test_who_waits_for_a_silent_redis_waits_half_a_second_and_the_next_not_at_all(silent):
    def wait():
        with pytest.raises(RedisError):
            shared().wait("key", 0.1)

    assert seconds(wait) < 1.5
    assert seconds(wait) < 0.1


@pytest.mark.parametrize(
    "ask",
    [lambda: shared().answer("key", 1, 60), lambda: shared().count("key", 60)],
    ids=["answer", "count"],
)
def test_a_full_redis_refuses_and_is_not_taken_for_a_silent_one(redis, ask):
    redis.config_set("maxmemory", 1)
    with pytest.raises(RedisError):
        ask()
    assert not silence.redis.lasts()


def test_it_counts_from_one_and_will_forget(redis):
    assert [shared().count("key", 60) for _ in range(3)] == [1, 2, 3]
    assert 0 < redis.ttl(":1:key") <= 60


def test_without_redis_it_answers_and_counts_as_well():
    local = LocalCache("answers", {})
    assert [local.count("calls", 60) for _ in range(3)] == [1, 2, 3]
    local.answer("key", 1, 60)
    local.wait("key", 0)
    assert local.get("key") == 1
