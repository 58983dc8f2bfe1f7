"""Encoders that curators ask for: the row, the worker that has it fulfilled, and the process."""

import json
import sys
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.db.models.functions import Now

from search.models import Encoder, EncoderRequest
from search.models.lease import MAX_ATTEMPTS
from tests.support.elsewhere import elsewhere
from tests.support.factories import make_encoder
from tests.support.fake_encoder import FakeEncoder
from workers import add_encoder
from workers.encoders.protocol import CheckpointError
from workers.tasks import encoders

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(monkeypatch):
    """The command lines of the processes that were started; `ends` is how all of them have."""

    class Processes(list):
        ends: int | None = None

    class Process:
        def __init__(self, command, **options):
            processes.append(command)

        returncode = -9

        def poll(self):
            return processes.ends

    processes = Processes()
    monkeypatch.setattr(encoders, "_running", [])
    monkeypatch.setattr(encoders.subprocess, "Popen", Process)
    return processes


@pytest.fixture
def loads(monkeypatch):
    """What any checkpoint loads as."""
    encoder = FakeEncoder()
    monkeypatch.setattr(add_encoder, "load_encoder", lambda *given, **options: encoder)
    return encoder


def prove(loaded):
    raise AssertionError("Single precision is not to be proved.")


def ask(checkpoint="google/tiny", **wish) -> EncoderRequest:
    return EncoderRequest.objects.ask(checkpoint=checkpoint, **wish)


def lease_runs_out() -> None:
    EncoderRequest.objects.update(leased_until=Now() - timedelta(seconds=1))


# The rows ----------------------------------------------------------------------------------------


def test_the_oldest_is_claimed_and_no_other_meanwhile():
    oldest, other = ask("google/first"), ask("google/second")
    assert EncoderRequest.objects.claim() == oldest
    assert EncoderRequest.objects.claim() is None
    EncoderRequest.objects.get(pk=oldest.pk).fulfil(make_encoder())
    assert EncoderRequest.objects.claim() == other


def test_what_a_dead_process_left_is_claimed_again_and_charged():
    ask()
    first = EncoderRequest.objects.claim()
    lease_runs_out()
    second = EncoderRequest.objects.claim()
    assert second.token != first.token
    assert second.attempts == 1


def test_one_that_kills_its_processes_is_given_up_with_a_reason():
    request = ask()
    for _ in range(1 + MAX_ATTEMPTS):
        assert EncoderRequest.objects.claim()
        lease_runs_out()
    assert EncoderRequest.objects.claim() is None
    request.refresh_from_db()
    assert request.status == "The worker stopped 3 times while it loaded this; is there the memory?"


def test_asking_again_forgets_the_refusal_before():
    ask()
    EncoderRequest.objects.claim().fail(CheckpointError("text", text="No."))
    ask()
    assert [request.error for request in EncoderRequest.objects.all()] == [""]


def test_a_refusal_is_shown_for_a_day():
    ask("google/new"), ask("google/old")
    EncoderRequest.objects.update(error="text")
    EncoderRequest.objects.filter(checkpoint="google/old").update(created=Now() - timedelta(days=2))
    assert [request.checkpoint for request in EncoderRequest.objects.current()] == ["google/new"]


def test_what_is_fulfilled_is_over():
    ask()
    EncoderRequest.objects.claim()
    with pytest.raises(IntegrityError, match="a_fulfilled_request_is_over"):
        EncoderRequest.objects.update(fulfilled=Now())


# The worker --------------------------------------------------------------------------------------


def test_a_request_is_fulfilled_by_a_process_of_its_own(started):
    ask()
    assert encoders.waits()
    encoders.do()
    token = EncoderRequest.objects.get().token
    assert started == [
        [sys.executable, "manage.py", "encoder", "add"]
        + [f"--request={token}", "--json", "--", "google/tiny"]
    ]


def test_as_long_as_it_runs_its_lease_is_renewed_and_no_other_begins(started):
    ask()
    encoders.do()
    lease_runs_out()
    assert encoders.waits()
    encoders.do()
    assert len(started) == 1 and EncoderRequest.objects.leased().exists()


def test_one_that_was_killed_says_so(started):
    ask()
    encoders.do()
    started.ends = -9
    assert encoders.waits()
    encoders.do()
    assert EncoderRequest.objects.get().status == "It could not be loaded; is there the memory?"
    assert not encoders.waits() and len(started) == 1


def test_one_that_has_said_how_it_went_is_believed(started):
    ask()
    encoders.do()
    EncoderRequest.objects.get().fail(CheckpointError("text", text="It is no checkpoint."))
    started.ends = 1
    encoders.do()
    assert EncoderRequest.objects.get().status == "It is no checkpoint."


def test_two_workers_start_one_process(started):
    ask()
    with elsewhere("encoder requests"):
        encoders.do()
    assert started == []


# The process -------------------------------------------------------------------------------------


def fulfil() -> EncoderRequest:
    request = EncoderRequest.objects.claim()
    call_command("encoder", "add", f"--request={request.token}", "--json", request.checkpoint)
    request.refresh_from_db()
    return request


def test_it_adds_what_was_asked_for(loads, capsys):
    ask(slug="mine")
    request = fulfil()
    assert json.loads(capsys.readouterr().out)["slug"] == "mine"
    assert request.encoder == Encoder.objects.get() and request.fulfilled
    assert (request.token, list(EncoderRequest.objects.current())) == (None, [])


def test_its_refusal_stands_in_the_request_and_in_its_answer(monkeypatch, capsys):
    def refuse(*given, **options):
        raise CheckpointError("weights_as_pickle", name="google/tiny")

    monkeypatch.setattr(add_encoder, "load_encoder", refuse)
    ask()
    with pytest.raises(CommandError, match="as pickle only"):
        fulfil()
    assert json.loads(capsys.readouterr().out)["code"] == "weights_as_pickle"
    assert "as pickle only" in EncoderRequest.objects.get().status


def test_a_name_that_will_not_do_is_refused_before_anything_is_loaded():
    ask(slug="Two_Words")
    with pytest.raises(CommandError, match="is no slug"):
        fulfil()
    assert "is no slug" in EncoderRequest.objects.get().status


def test_one_that_comes_late_adds_nothing(loads, monkeypatch):
    ask()
    late = EncoderRequest.objects.claim()
    lease_runs_out()
    punctual = EncoderRequest.objects.claim()
    with pytest.raises(add_encoder.Superseded):
        add_encoder.fulfil(late, prove)
    assert not Encoder.objects.exists()
    assert add_encoder.fulfil(punctual, prove)


def test_control_without_the_fence_it_would_be_added_by_who_comes_late(loads, monkeypatch):
    monkeypatch.setattr(EncoderRequest, "mine", lambda row: type(row).objects.filter(pk=row.pk))
    ask()
    late = EncoderRequest.objects.claim()
    lease_runs_out()
    EncoderRequest.objects.claim()
    assert add_encoder.fulfil(late, prove)


@pytest.mark.parametrize("token", ["0" * 32])
def test_one_whose_claim_is_gone_says_so(token):
    with pytest.raises(CommandError, match="by another process"):
        call_command("encoder", "add", f"--request={token}", "google/tiny")


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_while_it_loads(loads, monkeypatch, settings):
    settings.CLAIM_LEASE_SECONDS = 0.4
    ask()
    monkeypatch.setattr(add_encoder, "load_encoder", lambda *given, **o: time.sleep(1) or loads)
    assert add_encoder.fulfil(EncoderRequest.objects.claim(), prove)
    assert EncoderRequest.objects.get().claims == 1
