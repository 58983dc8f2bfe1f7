"""Turns: one process at a time, and who waits."""

from threading import Thread

import pytest
from django.db import connection

from workers.turns import await_turn, turn

pytestmark = pytest.mark.django_db(transaction=True)


def in_another_connection(job) -> Thread:
    def run() -> None:
        try:
            job()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_whoever_waits_for_a_turn_gets_it_when_the_first_is_done():
    done = []

    def job() -> None:
        with await_turn("job"):
            done.append("second")

    with await_turn("job"):
        second = in_another_connection(job)
        second.join(0.3)
        assert done == []
    second.join(10)
    assert done == ["second"]


def test_a_turn_that_is_not_waited_for_is_not_taken_meanwhile():
    taken = []

    def job() -> None:
        with turn("job") as is_taken:
            taken.append(is_taken)

    with await_turn("job"):
        in_another_connection(job).join(10)
    in_another_connection(job).join(10)
    assert taken == [False, True]
