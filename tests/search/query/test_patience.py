"""How long a search waits for an encoder that does not answer."""

import time

import pytest
from django.core.cache import cache

from search.query import NoVector, Query, encode, patience
from search.query.patience import MISSES
from tests.support.factories import make_encoder, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def silent(fake_encoder, monkeypatch, settings):
    """Has an encoder asked, which answers nothing; the messages that were sent."""
    settings.QUERY_TIMEOUT_SECONDS = 0.1
    encoder, user, messages = make_encoder(), make_user(), []
    monkeypatch.setattr(
        "search.query.vectors.encode_text.delay", lambda *message: messages.append(message)
    )

    def ask(words):
        began = time.monotonic()
        with pytest.raises(NoVector, match="not answering"):
            encode(Query.of(words), encoder, user)
        return time.monotonic() - began

    ask.messages, ask.encoder, ask.user = messages, encoder, user
    return ask


def answer(key):
    cache.set(key, {"vector": [1.0, 0, 0, 0], "cut_at": None})


def test_after_some_misses_it_is_not_waited_for(silent):
    seconds = [silent(f"red {number}") for number in range(MISSES + 2)]
    assert min(seconds[:MISSES]) >= 0.1
    assert max(seconds[MISSES:]) < 0.1
    assert len(silent.messages) == MISSES + 2  # One of them may be answered.


def test_now_and_then_one_waits_shortly(silent, monkeypatch):
    """The first search after an outage: the encoder answers it, and nothing has been said of it."""
    monkeypatch.setattr(patience, "TRY_SECONDS", 0.05)
    for number in range(MISSES + 1):
        silent(f"red {number}")
    patience._silences[silent.encoder.pk].since -= 0.2
    assert patience.seconds(silent.encoder) == 0.05
    assert silent("red") >= 0.05  # Nobody else does for a while.
    assert patience.seconds(silent.encoder) == 0


def test_once_a_message_is_answered_it_is_waited_for_again(silent):
    for number in range(MISSES + 1):
        silent(f"red {number}")
    for *_, key in silent.messages:
        answer(key)
    assert patience.seconds(silent.encoder) == 0.1


def test_an_answer_ends_the_count(silent, monkeypatch):
    silent("red"), silent("green")
    monkeypatch.setattr(
        "search.query.vectors.encode_text.delay", lambda *message: answer(message[-1])
    )
    encode(Query.of("blue"), silent.encoder, silent.user)
    assert patience._silences == {}
