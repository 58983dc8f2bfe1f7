"""A failed acknowledgement reaches the event loop, which ends the connection."""

import logging

import pytest
from kombu.message import Message
from redis.exceptions import TimeoutError as RedisTimeout

from workers import app
from workers.consumer import TIMEOUT_SECONDS, AttentiveConsumer

LOGGER = logging.getLogger(__name__)


class Away:
    """A channel of a Redis that does not answer."""

    no_ack_consumers = None

    def basic_ack(self, tag, multiple=False):
        raise RedisTimeout("Timeout reading from socket")

    def basic_reject(self, tag, requeue=False):
        raise RedisTimeout("Timeout reading from socket")


class Here:
    """An event loop that calls at once."""

    def call_soon(self, callback):
        callback()


@pytest.fixture
def consumer():
    consumer = object.__new__(AttentiveConsumer)
    consumer.hub, consumer.app = Here(), app
    consumer.ensure_connected = lambda connection: connection
    return consumer


@pytest.fixture
def message():
    return Message(channel=Away(), delivery_tag="1")


def test_workers_have_this_consumer():
    assert app.conf.worker_consumer == "workers.consumer:AttentiveConsumer"


@pytest.mark.parametrize(("act", "more"), [("ack_log_error", ()), ("reject_log_error", (True,))])
def test_a_failed_acknowledgement_is_not_swallowed(consumer, message, act, more):
    with pytest.raises(RedisTimeout):
        consumer.call_soon_ack(getattr(message, act), LOGGER, (RedisTimeout,), *more)


def test_control_kombu_itself_swallows_it(message):
    message.ack_log_error(LOGGER, (RedisTimeout,))
    assert not message.acknowledged


def test_consumers_wait_longer_than_publishers(consumer):
    reading, writing = consumer.connection_for_read(), app.connection_for_write()
    assert reading.transport_options["socket_timeout"] == TIMEOUT_SECONDS == 15
    assert writing.transport_options["socket_timeout"] == 0.5
