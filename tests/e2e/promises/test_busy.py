"""Forty people search at once while a thousand pictures wait to be embedded.

The small part, for one person, is in tests/e2e/reading/test_journey.py.
"""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from itertools import count

import pytest

from tests.support.crowd import in_parallel, p95, search
from tests.support.faults import fill, folder_in, settled
from tests.support.prepared import PASSWORD
from tests.support.promises import only_in_full
from tests.support.session import Session

# Seconds of rounds of searches, with nothing waiting and with all waiting by turns.
SECONDS, SEARCHES, PEOPLE = 15 * 60, 400, 40
ASSETS, WAITING = 1_200, 1_000
# Maximum of the time of 95 of 100 searches while pictures wait, in those with nothing waiting.
SLOWER = 1.7
COLOURS = [(n % 13 * 21, n // 13 % 13 * 21, n // 169 * 21) for n in range(ASSETS)]
# What has been embedded waits again, 200 assets excepted; or nothing of it may be taken up.
AGAIN = f"""
UPDATE search_embedding SET vector = NULL, fulfilled = NULL, claims = 0, next_try_at = NULL
WHERE id IN (SELECT id FROM search_embedding ORDER BY id DESC LIMIT {WAITING})
AND (fulfilled IS NOT NULL OR next_try_at IS NOT NULL)
"""
LATER = "UPDATE search_embedding SET next_try_at = now() + '1 day' WHERE fulfilled IS NULL"
# Each has an account like the curator's: one gets 2,000 new vectors an hour (MOST_VECTORS).
ACCOUNTS = f"""
from search.models import User
person = User.objects.earliest("pk")
for number in range({PEOPLE}):
    person.pk, person.username, person.email = None, f"person-{{number}}", f"{{number}}@example.org"
    person.save(force_insert=True)
"""
LEFT = "SELECT count(*) FROM search_embedding WHERE fulfilled IS NULL AND next_try_at IS NULL"

pytestmark = [
    only_in_full,
    pytest.mark.alone,
    pytest.mark.promise("P9"),
    pytest.mark.usefixtures("emptied"),
]


@contextmanager
def waiting(stack):
    """So many wait all the time: what is embedded meanwhile waits again, each second."""
    over, left = threading.Event(), []

    def begin_anew() -> None:
        with stack.connection() as connection:
            connection.autocommit = True
            while not over.wait(1):
                left.append(connection.execute(LEFT).fetchone()[0])
                connection.execute(AGAIN)

    stack.sql(AGAIN)
    thread = threading.Thread(target=begin_anew)
    thread.start()
    try:
        yield left
    finally:
        over.set()
        thread.join()
        stack.sql(LATER)


def crowd_of(stack) -> list[Session]:
    stack.manage("shell", "-c", ACCOUNTS, check=True)
    people = [Session(stack.url) for _ in range(PEOPLE)]
    for number, person in enumerate(people):
        person.sign_in(f"person-{number}", PASSWORD)
    return people


def test_searches_are_answered_while_a_thousand_pictures_wait(stack, tmp_path, figure):
    fill(stack, folder_in(tmp_path, COLOURS))
    assert stack.eventually(lambda: settled(stack), 180)
    people, numbers = crowd_of(stack), count()
    idle, busy, left = [], [], []

    def some() -> list:
        return in_parallel(people, search, [next(numbers) for _ in range(SEARCHES)])

    some()  # The site has learned that its encoder answers, and its processes are warm.
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        idle += some()
        with waiting(stack) as counts:
            busy += some()
        left += counts

    statuses = Counter(answer.status for answer in idle + busy)
    ratio = p95(busy) / p95(idle)
    without_vector = sum(bool(answer.text) for answer in busy)
    figure(
        "P9",
        f"{SECONDS // 60} minutes, {len(busy)} searches by {PEOPLE} people while {min(left)} to"
        f" {max(left)} assets wait: p95 {p95(busy):.2f} s, {ratio:.2f} times that with none waiting"
        f" ({p95(idle):.2f} s),"
        f" {dict(statuses)}, {without_vector} by words alone",
    )
    assert min(left) >= WAITING / 2
    assert [answer for answer in idle + busy if answer.status != 200] == []
    assert without_vector <= len(busy) / 100
    assert ratio <= SLOWER
