"""Redis pauses: workers are back at work by themselves, and searches do not wait meanwhile.

A pause leaves the connections as they are and answers nothing for a while, as a host does that
swaps or is moved.
"""

import random
import threading
import time
from contextlib import contextmanager

import pytest

from tests.support.away import paused
from tests.support.faults import (
    BACK,
    claims,
    encodes,
    ingest_worker,
    ingests,
    seconds_until,
    settled,
    upload,
)
from tests.support.promises import FULL, only_in_full

PAUSES = 50 if FULL else 3
# Seconds of a search while Redis is silent, at most.
SEARCH = 1

pytestmark = pytest.mark.usefixtures("emptied")


@contextmanager
def in_use(stack):
    """Somebody searches and somebody uploads all the while."""
    over = threading.Event()
    threads = [threading.Thread(target=use, args=(act, stack, over)) for act in (encodes, upload)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def use(act, stack, over) -> None:
    session = stack.session()
    while not over.wait(0.3):
        act(session)


def pause(stack, seconds: float) -> tuple[float, float]:
    """Pause Redis while it is in use; after how long each worker is back at work."""
    session = stack.session()
    with in_use(stack):
        time.sleep(1)
        with paused(stack):
            time.sleep(seconds)
        query = seconds_until(lambda: encodes(session))
    return query, query + seconds_until(lambda: settled(stack))


@pytest.mark.promise("P1")
def test_both_workers_are_back_at_work_within_ten_seconds_of_redis(stack, figure):
    rng = random.Random(7)
    lengths = [round(rng.uniform(1, 10 if FULL else 4), 1) for _ in range(PAUSES)]
    back = {length: pause(stack, length) for length in lengths}
    slowest = {length: seconds for length, seconds in back.items() if max(seconds) > BACK}
    query, ingest = (max(each) for each in zip(*back.values(), strict=True))
    pauses = f"{PAUSES} pauses of Redis of {min(lengths)} to {max(lengths)} s"
    figure("P1", f"{pauses}: query back after {query:.1f} s at most, ingest after {ingest:.1f} s")
    assert slowest == {}


@pytest.mark.promise("P9")
def test_searches_do_not_wait_for_a_silent_redis(stack, figure):
    session = stack.session()
    assert ingests(stack, session)
    with paused(stack):
        for _ in range(8):  # Each process of the site finds out for itself.
            encodes(session)
        seconds = []
        for _ in range(10):
            began = time.monotonic()
            assert not encodes(session)
            seconds.append(time.monotonic() - began)
    assert seconds_until(lambda: encodes(session)) < BACK
    figure("P9", f"Searches while Redis is silent: {max(seconds):.2f} s at most")
    assert max(seconds) < SEARCH


@pytest.mark.promise("P9")
def test_searches_do_not_wait_for_a_dead_query_worker(stack):
    session = stack.session()
    assert ingests(stack, session)
    pid = stack.pause("query")
    try:
        # Of each process of the site three searches wait; then none does.
        assert seconds_until(lambda: all(quick(session) for _ in range(6))) < 60
    finally:
        stack.resume(pid)
    assert seconds_until(lambda: encodes(session)) < BACK


def quick(session) -> bool:
    began = time.monotonic()
    encodes(session)
    return time.monotonic() - began < SEARCH


def pause_as_it_acknowledges(stack, *faults: str) -> bool:
    """Pause Redis while the ingest worker ends its work; whether it takes up more afterwards."""
    ingest_worker(stack, "slow", *faults)
    session = stack.session()
    upload(session)
    assert stack.eventually(lambda: bool(claims(stack)))
    with paused(stack):
        time.sleep(5)
    return ingests(stack, session)


@pytest.mark.promise("P1")
def test_a_pause_as_a_worker_acknowledges_leaves_it_at_work(stack):
    assert pause_as_it_acknowledges(stack)


@only_in_full
@pytest.mark.promise("P1")
def test_control_where_failed_acknowledgements_are_swallowed_it_is_deaf(stack):
    # The pause has to hit the acknowledgement, and may miss it on a busy machine.
    assert not all(pause_as_it_acknowledges(stack, "deaf") for _ in range(3))
    # It answers a ping all the same, which is why a ping says nothing.
    ping = stack.manage("shell", "--command", PING)
    assert "pong" in ping.stdout


PING = "from workers import app; print(app.control.inspect(timeout=5).ping())"
