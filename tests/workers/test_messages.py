"""A message that Redis does not take is one kind of error, whatever Redis or kombu says."""

import pytest
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import OutOfMemoryError, ReadOnlyError

from config import silence
from workers.messages import NotSent, sending


def wrapped(cause):
    """As kombu raises it."""
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


def of_closed_channel():
    connection = None
    try:
        connection.client  # noqa: B018
    except AttributeError as error:
        return error


@pytest.mark.parametrize(
    ("error", "silent"),
    [
        (wrapped(RedisAway("refused")), True),
        (wrapped(TimeoutError("timed out")), True),
        (RedisAway("refused"), True),
        (wrapped(OutOfMemoryError("OOM command not allowed")), False),
        (wrapped(ReadOnlyError("You can't write")), False),
        (of_closed_channel(), False),
    ],
    ids=repr,
)
def test_it_is_not_sent_and_a_redis_that_answers_is_still_asked(error, silent):
    with pytest.raises(NotSent), sending():
        raise error
    assert silence.redis.lasts() == silent


def test_a_mistake_of_ours_is_none_of_redis():
    with pytest.raises(AttributeError), sending():
        object().client  # noqa: B018
