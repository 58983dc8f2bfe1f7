"""Each process is started anew, one after another, while people search and upload.

No answer is lost and none is a 5xx. The site is reloaded; PostgreSQL is no process of ours, and its
restart is answered by a page that says so (tests/e2e/breaking/test_faults.py).
"""

import signal
from contextlib import ExitStack
from functools import partial

import psutil
import pytest

from tests.support.crowd import Crowd, ask, is_up, search
from tests.support.faults import most_writes, picture, settled
from tests.support.promises import only_in_full

TIMES = 20

pytestmark = [only_in_full, pytest.mark.promise("P12"), pytest.mark.usefixtures("emptied")]


def upload(session, number: int):
    return ask(lambda: session.upload(picture(number)))


def restart(stack, name: str) -> None:
    stack.stop(name)
    stack.start(name)


def reload(stack) -> None:
    """New processes of the site take over; the old ones answer what they were asked, and end."""
    site = psutil.Process(stack.children["web"].process.pid)
    before = set(site.children())
    site.send_signal(signal.SIGHUP)
    assert stack.eventually(lambda: is_replaced(before, set(site.children())), 30), stack.logs()


def is_replaced(before: set, now: set) -> bool:
    return len(now) == len(before) and not now & before


RESTARTS = {
    "web": reload,
    **{name: partial(restart, name=name) for name in ("ingest", "query", "beat", "redis")},
}


def in_use(stack, during) -> list[Crowd]:
    """Those who search and upload during this."""
    crowds = [Crowd(stack, search, people=3), Crowd(stack, upload, people=1)]
    with ExitStack() as at_it:
        for crowd in crowds:
            at_it.enter_context(crowd.at_it())
        assert stack.eventually(lambda: all(crowd.answers for crowd in crowds), 30)
        during()
    return crowds


def test_restarts_under_load_cost_no_answer(stack, figure):
    def restart_all() -> None:
        for _ in range(TIMES):
            for again in RESTARTS.values():
                again(stack)

    searches, uploads = in_use(stack, restart_all)
    figure(
        "P12",
        f"{TIMES} restarts of each of {', '.join(RESTARTS)}: {len(searches.answers)} searches"
        f" {dict(searches.statuses())}, {len(uploads.answers)} uploads {dict(uploads.statuses())}",
    )
    assert searches.lost() == uploads.lost() == []
    assert stack.eventually(lambda: settled(stack), 120), stack.logs()
    assert (stack.embedded(), most_writes(stack)) == (len(uploads.answers), 1)


def test_control_a_site_that_is_ended_and_started_loses_answers(stack):
    searches, _ = in_use(stack, lambda: restart(stack, "web"))
    assert stack.eventually(lambda: is_up(stack))
    assert searches.lost() != []
