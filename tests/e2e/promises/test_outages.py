"""Uploads while Redis is down, silent or full: all are stored, at once, and embedded afterwards."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.away import WAYS, paused
from tests.support.crowd import ask, in_parallel, is_up, p95
from tests.support.faults import picture, settled
from tests.support.promises import FULL, only_in_full

UPLOADS, PEOPLE = (100, 2) if FULL else (6, 2)
# Seconds: of 95 of 100 uploads at most, and until all is embedded once Redis is back.
UPLOAD, BACK = 1.5, 60

pytestmark = [pytest.mark.usefixtures("emptied"), pytest.mark.promise("P2")]


def upload(session, number: int):
    return ask(lambda: session.upload(picture(number)))


@pytest.mark.alone
@pytest.mark.parametrize(
    "way", ["down", *(pytest.param(way, marks=only_in_full) for way in WAYS if way != "down")]
)
def test_uploads_are_stored_at_once_and_embedded_when_redis_is_back(stack, way, figure):
    people = [stack.session() for _ in range(PEOPLE)]
    usual = in_parallel(people, upload, range(UPLOADS, 2 * UPLOADS))
    with WAYS[way](stack):
        answers = in_parallel(people, upload, range(UPLOADS))
    back = time.monotonic()
    assert stack.eventually(lambda: settled(stack), 2 * BACK), stack.logs()
    seconds, stored = time.monotonic() - back, sum(answer.status == 200 for answer in answers)
    figure(
        "P2",
        f"Redis {way}: {stored} of {UPLOADS} stored, p95 {p95(answers):.2f} s"
        f" ({p95(usual):.2f} s with Redis there);"
        f" embedded {seconds:.0f} s after its return",
    )
    assert (stored, stack.embedded()) == (UPLOADS, 2 * UPLOADS)
    # Beside other tests an upload takes as long as they leave it.
    assert p95(answers) <= UPLOAD + (0 if FULL else p95(usual))
    assert seconds <= BACK


@only_in_full
def test_control_a_site_that_waits_for_redis_keeps_uploads_waiting(stack):
    start_site(stack, "tests.support.patient_site")
    try:
        session = stack.session()
        assert upload(session, 1).status == 200
        with ThreadPoolExecutor() as pool, paused(stack):
            late = pool.submit(upload, session, 2)
            assert not stack.eventually(late.done, 2 * UPLOAD)
    finally:
        start_site(stack, "config.wsgi")


def start_site(stack, module: str) -> None:
    """Replace the site by the one in this module."""
    at = stack.commands["web"].index("gunicorn") + 1
    stack.stop("web")
    stack.commands["web"][at] = module
    stack.start("web")
    assert stack.eventually(lambda: is_up(stack), 30), stack.logs()
