"""An encoder that a curator asks for is added once, whatever is killed meanwhile."""

import pytest
from django.conf import settings
from psycopg.errors import DeadlockDetected, ForeignKeyViolation

from tests.support.faults import ingest_worker
from tests.support.promises import only_in_full

CHECKPOINT = str(settings.BUNDLED_CHECKPOINTS / "studio-clip")
# It is renewed by the process that adds the encoder, which first has to import torch.
LEASE = 10

pytestmark = [pytest.mark.usefixtures("emptied"), pytest.mark.promise("P10")]


@pytest.fixture
def patient(stack, monkeypatch):
    """Workers that are started from now on claim for longer."""
    monkeypatch.setitem(stack.env, "CLAIM_LEASE_SECONDS", str(LEASE))


@pytest.fixture
def ask(stack, patient):
    """Asks for an encoder as a curator does; the test ends without what was asked for."""
    ingest_worker(stack)

    def ask_for(checkpoint):
        answer = session.post("/admin/search/encoder/add/", {"checkpoint": checkpoint})
        assert answer.status_code == 200, answer.text
        return session

    session = stack.session()
    yield ask_for
    stack.kill("ingest")
    assert stack.eventually(lambda: is_forgotten(stack), 30)


def is_forgotten(stack) -> bool:
    """Delete it; False while PostgreSQL still carries out what the killed worker had sent."""
    try:
        stack.sql("DELETE FROM search_encoderrequest")
        stack.sql("DELETE FROM search_embedding")
        stack.sql("DELETE FROM search_encoder WHERE checkpoint = %s", CHECKPOINT)
    except (ForeignKeyViolation, DeadlockDetected):
        return False
    return True


def added(stack) -> int:
    return stack.sql("SELECT count(*) FROM search_encoder WHERE checkpoint = %s", CHECKPOINT)[0][0]


def is_claimed(stack) -> bool:
    return bool(stack.sql("SELECT 1 FROM search_encoderrequest WHERE token IS NOT NULL"))


def ask_without_redis_and_kill_the_worker_under_way(stack, ask) -> None:
    stack.stop("redis")
    ask(CHECKPOINT)
    stack.kill("ingest")
    stack.start("redis")
    stack.start("ingest")
    assert stack.eventually(lambda: is_claimed(stack), 120), stack.logs()
    stack.kill("ingest")  # With all its children, the process that adds it among them.
    stack.flush_redis()
    stack.start("ingest")


@only_in_full
def test_it_is_added_once(stack, ask, figure):
    ask_without_redis_and_kill_the_worker_under_way(stack, ask)
    assert stack.eventually(lambda: added(stack) == 1, 180), stack.logs()
    fulfilled = "SELECT attempts FROM search_encoderrequest WHERE fulfilled IS NOT NULL"
    assert stack.eventually(lambda: stack.sql(fulfilled) == [(1,)], 10)
    assert added(stack) == 1
    figure("P10", "An encoder asked for without Redis, its worker killed twice: added once")


@only_in_full
def test_control_were_it_claimed_but_once_it_would_be_lost(stack, ask):
    ingest_worker(stack, "forgetful")
    ask_without_redis_and_kill_the_worker_under_way(stack, ask)
    assert not stack.eventually(lambda: added(stack) == 1, 3 * LEASE)


def test_a_refusal_stands_in_its_row_and_on_the_page(stack, ask):
    session = ask(str(stack.var))
    refused = "SELECT 1 FROM search_encoderrequest WHERE error <> ''"
    assert stack.eventually(lambda: bool(stack.sql(refused)), 300), stack.logs()
    assert "is no checkpoint" in session.get("/admin/search/encoder/").text
