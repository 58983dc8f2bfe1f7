"""Whatever ends or stops meanwhile: what was confirmed is there, and embedded once.

The small part and the negative controls stand in tests/e2e/breaking/test_faults.py: a worker that
claims nothing twice, and one that writes without its token.
"""

import os
import random
import time
from collections import Counter
from contextlib import suppress
from functools import partial

import psutil
import pytest
from psycopg import OperationalError

from tests.support.away import paused
from tests.support.crowd import ask, in_parallel, meanwhile
from tests.support.faults import failed, ingest_worker, most_writes, picture, settled
from tests.support.promises import only_in_full

PEOPLE = 8
UPLOADS, KILLS, TIMES, LONGEST = 1000, 60, 10, 10

pytestmark = [only_in_full, pytest.mark.usefixtures("emptied"), pytest.mark.promise("P1")]


# What happens meanwhile --------------------------------------------------------------------------


def whole(stack, name: str) -> None:
    """A process with all its children."""
    stack.kill(name)
    stack.start(name)


def one_child(stack, name: str) -> None:
    """One of its children, which it replaces."""
    with suppress(psutil.NoSuchProcess):  # It has just ended by itself.
        stack.worker_child(name).kill()


def sandbox(stack) -> None:
    """What is just examining a file, if anything is, and what it was forked from."""
    site = psutil.Process(stack.children["web"].process.pid)
    for worker in site.children():
        with suppress(psutil.NoSuchProcess):
            for process in worker.children(recursive=True):
                process.kill()


def backend(stack) -> None:
    """One connection's process of PostgreSQL, which ends all of the others and recovers."""
    clients = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' LIMIT 1"
    ((pid,),) = stack.sql(clients)  # Ours at least.
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).kill()


KINDS = {
    **{name: partial(whole, name=name) for name in ("web", "ingest", "query", "beat", "redis")},
    **{f"{name}'s child": partial(one_child, name=name) for name in ("web", "ingest", "query")},
    "sandbox": sandbox,
    "PostgreSQL's backend": backend,
}


def restart_redis(stack) -> None:
    stack.stop("redis")
    stack.start("redis")


def pause_redis(stack, seconds: float) -> None:
    with paused(stack):
        time.sleep(seconds)


def events(rng: random.Random) -> list:
    """Everything that is to happen, in no order."""
    kinds = list(KINDS.values())
    pauses = [partial(pause_redis, seconds=rng.uniform(1, LONGEST)) for _ in range(TIMES)]
    often = [lambda s: s.flush_redis(), restart_redis, lambda s: s.restart_postgres()]
    everything = [kinds[n % len(kinds)] for n in range(KILLS)] + often * TIMES + pauses
    return rng.sample(everything, len(everything))


# The uploads -------------------------------------------------------------------------------------


class Uploads:
    """Pictures that people send, each until it is confirmed."""

    def __init__(self) -> None:
        self.confirmed: list[str] = []
        self.refused: Counter[int] = Counter()

    def confirm(self, session, number: int) -> None:
        name, data = picture(number)
        while (status := ask(lambda: session.upload((name, data))).status) != 200:
            self.refused[status] += 1
            time.sleep(0.3)
        self.confirmed.append(name)


def test_nothing_confirmed_is_lost_and_nothing_is_embedded_twice(stack, figure):
    ingest_worker(stack, "slow")
    uploads, to_come = Uploads(), events(random.Random(7))
    people, began = [stack.session() for _ in range(PEOPLE)], time.monotonic()
    with meanwhile(in_parallel, people, uploads.confirm, range(UPLOADS)):
        for number, happen in enumerate(to_come, start=1):
            due = UPLOADS * number // (len(to_come) + 1)
            assert stack.eventually(lambda due=due: len(uploads.confirmed) >= due, 60), stack.logs()
            assert stack.eventually(lambda: has_database(stack), 30)
            start_what_has_ended(stack)
            happen(stack)
    start_what_has_ended(stack)
    ingest_worker(stack)

    assert stack.eventually(lambda: has_database(stack) and settled(stack), 120), stack.logs()
    figure(
        "P1",
        f"{len(uploads.confirmed)} uploads by {PEOPLE} people in {time.monotonic() - began:.0f} s,"
        f" {KILLS} kills of {len(KINDS)} kinds, {TIMES} flushes, restarts of Redis and PostgreSQL,"
        f" and pauses of up to {LONGEST} s: {stack.embedded()} embedded, each"
        f" {most_writes(stack)} time; to be sent again: {dict(uploads.refused)}",
    )
    assert 500 not in uploads.refused
    stored = [name for (name,) in stack.sql("SELECT filename FROM search_asset")]
    assert sorted(stored) == sorted(uploads.confirmed)
    assert (stack.embedded(), failed(stack)) == (UPLOADS, [])
    assert (stack.sql("SELECT count(*) FROM written")[0][0], most_writes(stack)) == (UPLOADS, 1)
    clean_days_later(stack)
    checked = stack.manage("fsck", "--strict")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def start_what_has_ended(stack) -> None:
    """As Compose does: a worker whose child is killed as it starts ends too."""
    for name, child in list(stack.children.items()):
        if child.died():
            stack.supervisor.forget(stack.children.pop(name))
            stack.start(name)


def clean_days_later(stack) -> None:
    """Remove, as beat has it done, what killed processes of the site were storing."""
    then = time.time() - 2 * 24 * 3600
    for path in (stack.var / "media").rglob("*"):
        os.utime(path, (then, then))
    stack.manage("shell", "-c", CLEAN, check=True)


CLEAN = "from workers.tasks.cleaning import clean_up; clean_up()"


def has_database(stack) -> bool:
    try:
        return bool(stack.sql("SELECT 1"))
    except OperationalError:  # It recovers from what happened before.
        return False
