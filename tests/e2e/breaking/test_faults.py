"""Whatever is killed: nothing that was confirmed is lost, and nothing is done twice.

Each test has a negative control: the same check with one safeguard removed, which must fail.
"""

import random
import signal
import time

import pytest

from tests.support.away import down
from tests.support.crowd import meanwhile
from tests.support.faults import (
    BELL,
    LEASE,
    PLAIN,
    failed,
    ingest_worker,
    most_writes,
    picture,
    settled,
    wait_for_a_claim,
)
from tests.support.promises import FULL, only_in_full
from tests.support.sabotage import CYAN

UPLOADS = 200 if FULL else 40

pytestmark = pytest.mark.usefixtures("emptied")


def upload(session, numbers, colour=PLAIN) -> None:
    for number in numbers:
        answer = session.upload(picture(number, colour))
        assert answer.status_code == 200, answer.text


# Workers that are killed, a Redis that forgets ---------------------------------------------------


@pytest.mark.promise("P1")
def test_uploads_survive_ten_kills_and_three_flushes(stack, figure):
    rng, session = random.Random(7), stack.session()
    ingest_worker(stack, "slow")
    with meanwhile(upload, session, range(UPLOADS)):
        for number in range(10):
            wait_for_a_claim(stack)
            time.sleep(rng.random() / 2)
            if number % 3 == 0:
                stack.kill("ingest")  # The worker and all its children.
                stack.start("ingest")
            else:
                stack.worker_child("ingest").send_signal(signal.SIGKILL)
            if number in {2, 5, 8}:
                stack.flush_redis()
    ingest_worker(stack)

    assert stack.eventually(lambda: settled(stack), 120)
    figure("P1", f"{UPLOADS} uploads, 10 kills of workers, 3 flushes: {stack.embedded()} embedded")
    assert stack.embedded() == UPLOADS
    assert failed(stack) == []
    assert stack.sql("SELECT count(*) FROM written")[0][0] == UPLOADS
    assert most_writes(stack) == 1
    checked = stack.manage("fsck", "--strict")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@only_in_full
@pytest.mark.promise("P1")
def test_control_without_a_second_claim_a_kill_loses_assets(stack):
    ingest_worker(stack, "slow", "forgetful")
    with meanwhile(upload, stack.session(), range(24)):
        wait_for_a_claim(stack)
        stack.worker_child("ingest").send_signal(signal.SIGKILL)

    assert not stack.eventually(lambda: settled(stack), 6 * LEASE)
    assert stack.embedded() < 24


# A worker that sleeps past its lease -------------------------------------------------------------


def sleep_past_the_lease(stack, *faults: str) -> None:
    """A worker stops before it writes; another does its work; then the first one goes on."""
    (stack.var / "nap").unlink(missing_ok=True)
    ingest_worker(stack, "napping", *faults)
    upload(stack.session(), range(6), CYAN)
    assert stack.eventually((stack.var / "nap").exists, 40)
    sleeper = stack.children.pop("ingest")
    sleeping = [child.pid for child in children_of(sleeper)]
    stack.env["SABOTAGE"] = ",".join(faults) or "napping"  # It naps but once.
    stack.start("ingest")
    assert stack.eventually(lambda: settled(stack), 60)
    before = stack.embedded()
    for pid in sleeping:
        stack.resume(pid)
    time.sleep(2 * LEASE)
    assert stack.embedded() == before == 6
    stack.children["sleeper"] = sleeper
    stack.kill("sleeper")


def children_of(child):
    import psutil

    return psutil.Process(child.process.pid).children()


@pytest.mark.promise("P1")
def test_a_worker_that_slept_past_its_lease_writes_nothing_twice(stack):
    sleep_past_the_lease(stack)
    assert most_writes(stack) == 1


@only_in_full
@pytest.mark.promise("P1")
def test_control_without_a_token_it_writes_twice(stack):
    sleep_past_the_lease(stack, "tokenless")
    assert most_writes(stack) == 2


# PostgreSQL and Redis that go away ---------------------------------------------------------------


def answers(session) -> bool:
    return session.get("/", {"q": "red mug"}).status_code == 200


@pytest.mark.promise("P1")
def test_the_site_recovers_from_a_restart_of_postgresql_under_load(stack, figure):
    session, statuses = stack.session(), {}

    def load() -> None:
        for number in range(60):
            name, data = picture(number)
            statuses[name] = session.upload((name, data)).status_code

    with meanwhile(load):
        assert stack.eventually(lambda: stack.embedded() > 5, 40)
        stack.restart_postgres()
        assert stack.eventually(lambda: answers(stack.session()), 30)

    figure(
        "P1",
        f"PostgreSQL restarted under {len(statuses)} uploads: {sorted(set(statuses.values()))}",
    )
    # Whoever was told "not now" is told so in a page, and whoever was told "stored" was right.
    assert set(statuses.values()) <= {200, 503}
    assert stack.eventually(lambda: settled(stack), 60)
    stored = {name for (name,) in stack.sql("SELECT filename FROM search_asset")}
    confirmed = {name for name, status in statuses.items() if status == 200}
    assert confirmed <= stored
    # One upload is under way when the server goes: it may have been stored and nobody could say so.
    assert len(stored - confirmed) <= 1
    assert stack.embedded() == len(stored)
    assert most_writes(stack) == 1


@pytest.mark.promise("P1")
def test_control_without_postgresql_the_site_does_not_recover(stack):
    from config import embedded

    session = stack.session()
    assert embedded.pg_ctl(stack.var, "stop", "--mode=immediate")
    try:
        assert not stack.eventually(lambda: answers(session), 5)
        answer = session.get("/", {"q": "red mug"})
        assert answer.status_code == 503
        assert "restarting" in answer.text
    finally:
        stack.restart_postgres()


@pytest.mark.promise("P2")
def test_without_redis_an_upload_is_stored_and_embedded_once_redis_is_back(stack, figure):
    session = stack.session()
    with down(stack):
        started = time.monotonic()
        upload(session, [1])
        seconds = time.monotonic() - started
        # The control: while Redis is away nothing rings, so nothing is embedded. A worker that was
        # looking around as Redis went may take up the first uploads still, until it is done.
        for number in (2, 3, 4):
            if waits(stack):
                break
            upload(session, [number])
        else:
            assert waits(stack)
    figure("P2", f"An upload as Redis goes: {seconds:.1f} s")
    assert seconds < 10

    assert stack.eventually(lambda: settled(stack), 60)
    assert stack.embedded() == len(stack.sql("SELECT id FROM search_asset"))


def waits(stack) -> bool:
    return not stack.eventually(lambda: settled(stack), 4 * BELL)


@pytest.mark.promise("P9")
def test_without_redis_the_search_page_shows_lexical_hits_and_a_sentence(stack):
    session = stack.session()
    upload(session, [1])
    with down(stack):
        answer = session.get("/", {"q": "picture"})
    assert answer.status_code == 200
    assert "picture 1" in answer.text
    assert "encoder is not answering" in answer.text
    # The control: with Redis back the encoder answers, and the sentence is gone.
    assert stack.eventually(
        lambda: "encoder is not answering" not in session.get("/", {"q": "picture"}).text, 30
    )
