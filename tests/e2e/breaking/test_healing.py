"""What stops for a while, or is lost, heals by itself; nobody gets a fault of ours meanwhile."""

import time

import pytest

from config import embedded
from tests.support.away import full, read_only
from tests.support.faults import (
    BACK,
    BELL,
    encodes,
    ingest_worker,
    ingests,
    picture,
    seconds_until,
    settled,
)
from tests.support.promises import only_in_full

PAGES = ("/", "/?q=picture", "/saved/", "/compare/", "/admin/")

pytestmark = [pytest.mark.usefixtures("emptied"), pytest.mark.promise("P1")]


def test_workers_are_back_at_work_within_ten_seconds_of_a_database_that_was_away(stack, figure):
    session = stack.session()
    assert ingests(stack, session)
    assert embedded.pg_ctl(stack.var, "stop", "--mode=immediate")
    try:
        time.sleep(4)  # Long enough for each worker to have asked it in vain.
    finally:
        stack.restart_postgres()
    seconds = seconds_until(lambda: encodes(stack.session()))
    figure(
        "P1", f"A database away for 4 s: searches by the encoder {seconds:.1f} s after its return"
    )
    assert seconds < BACK
    assert ingests(stack, stack.session())


@only_in_full
def test_what_a_lost_message_left_is_found_by_the_next_bell(stack):
    """By that of the worker itself, and by that of beat; the control: where neither rings, nothing
    is done."""
    session = stack.session()
    stack.kill("beat")
    lose_the_message_of(session, 1, stack)
    assert stack.eventually(lambda: settled(stack), 30), stack.logs()

    lose_the_message_of(session, 2, stack, BELL_SECONDS="3600")
    assert not stack.eventually(lambda: settled(stack), 5 * BELL)

    stack.start("beat")

    assert stack.eventually(lambda: settled(stack), 30), stack.logs()
    ingest_worker(stack)


def lose_the_message_of(session, number: int, stack, **env: str) -> None:
    """Upload a picture of which Redis forgets, then start the worker, with these settings."""
    stack.stop("ingest")
    assert session.upload(picture(number)).status_code == 200
    stack.flush_redis()
    usual = dict(stack.env)
    stack.env.update(env)
    stack.start("ingest")
    stack.env.update(usual)


@pytest.mark.parametrize("away", [full, pytest.param(read_only, marks=only_in_full)])
def test_while_redis_takes_nothing_pages_answer_and_then_all_is_well(stack, away):
    before = stack.session()
    assert ingests(stack, before)
    with away(stack):
        session = stack.session()  # Somebody signs in.
        assert not encodes(session)
        pages = [session.get(path) for path in PAGES]
        sent = session.post("/query-pictures/", files=[("picture", picture(2))])
        time.sleep(2)  # So that beat and both workers find out.
    assert [page.status_code for page in pages] == [200] * len(PAGES)
    assert sent.status_code == 503
    assert "Searching by a picture is resting" in sent.text
    assert seconds_until(lambda: encodes(before)) < BACK
    assert ingests(stack, before)
