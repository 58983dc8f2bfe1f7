"""Whether workers do their work, as health checks ask; and idle ones, started anew."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.supervisor import Supervisor
from search import liveness
from search.management import idle_workers
from search.management.idle_workers import IdleWorkers, idleness
from search.models import Asset, Encoder
from tests.support.factories import make_asset, make_encoder

pytestmark = pytest.mark.django_db
WORKERS = ["ingest", "query", "train"]
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def library(fake_encoder):
    make_encoder()


@pytest.fixture
def waiting(library):
    """Something that has waited for long, and nobody is at it."""
    make_asset()
    Asset.objects.update(created=timezone.now() - timedelta(hours=1))


@pytest.fixture
def sleeper(tmp_path):
    """A process, and a file with its id that is an hour old."""
    with subprocess.Popen(SLEEP) as process:
        pidfile = tmp_path / "pid"
        pidfile.write_text(f"{process.pid}\n")
        hour_ago = pidfile.stat().st_mtime - 3600
        os.utime(pidfile, (hour_ago, hour_ago))
        yield process, pidfile
        process.kill()


@pytest.mark.parametrize("worker", WORKERS)
def test_where_nothing_waits_a_worker_is_healthy(library, capsys, worker):
    call_command("healthy", worker)
    assert capsys.readouterr().out == "ok\n"


def test_where_something_waits_and_nothing_is_done_it_is_not(waiting):
    with pytest.raises(CommandError, match="The embeddings that wait make no progress"):
        call_command("healthy", "ingest")


def test_a_query_worker_that_answers_the_third_time_is_healthy(library, monkeypatch):
    answers = iter([False, False, True])
    monkeypatch.setattr(liveness, "encoder_answers", lambda encoder, seconds: next(answers))
    call_command("healthy", "query")


def test_one_that_never_answers_is_not(library, monkeypatch):
    monkeypatch.setattr(liveness, "encoder_answers", lambda encoder, seconds: False)
    with pytest.raises(CommandError, match="No query worker answers"):
        call_command("healthy", "query")


def test_a_query_worker_is_not_to_blame_for_an_encoder_without_files(library, capsys):
    Encoder.objects.update(problem="text", problem_parameters={"text": "Its files are gone."})
    call_command("healthy", "query")
    assert capsys.readouterr().out == "Its files are gone.\n"


def test_an_idle_worker_is_killed(waiting, sleeper):
    process, pidfile = sleeper
    with pytest.raises(CommandError):
        call_command("healthy", "ingest", end=pidfile)
    assert process.wait(5) == -signal.SIGKILL


def test_one_that_has_just_started_is_not(waiting, sleeper):
    process, pidfile = sleeper
    os.utime(pidfile)
    with pytest.raises(CommandError):
        call_command("healthy", "ingest", end=pidfile)
    assert process.poll() is None


def test_nor_one_that_does_its_work(library, sleeper):
    process, pidfile = sleeper
    call_command("healthy", "ingest", end=pidfile)
    assert process.poll() is None


@pytest.mark.parametrize(("age", "sound"), [(None, False), (0, True), (599, True), (601, False)])
def test_a_beat_is_healthy_that_has_lately_written_its_schedule(settings, tmp_path, age, sound):
    settings.CELERY_BEAT_SCHEDULE_FILENAME = str(tmp_path / "beat-schedule")
    if age is not None:
        schedule = tmp_path / "beat-schedule.db"
        schedule.touch()
        os.utime(schedule, (time.time() - age,) * 2)

    assert (idleness("beat") == "") == sound


# Started anew by a supervisor -------------------------------------------------------------------


@pytest.fixture
def supervised(tmp_path, settings, monkeypatch):
    """A supervisor of an ingest worker, and what looks after it at every call."""
    settings.CLAIM_LEASE_SECONDS = 0.01
    monkeypatch.setattr(idle_workers, "LOOK_SECONDS", 0)
    with Supervisor(tmp_path) as supervisor:
        supervisor.start("ingest", SLEEP)
        yield supervisor, IdleWorkers(supervisor, {"ingest": SLEEP, "query": SLEEP}, "site")


def look_twice(looking) -> None:
    looking.look()
    time.sleep(0.05)
    looking.look()


def test_a_supervisor_starts_an_idle_worker_anew(waiting, supervised):
    supervisor, looking = supervised
    (before,) = supervisor.children
    look_twice(looking)
    (after,) = supervisor.children
    assert (after.name, before.died()) == ("ingest", True)
    assert after.process.pid != before.process.pid


def test_it_leaves_one_alone_that_does_its_work(library, supervised):
    supervisor, looking = supervised
    (before,) = supervisor.children
    look_twice(looking)
    assert supervisor.children == [before]


def test_one_look_is_not_enough(waiting, supervised):
    supervisor, looking = supervised
    (before,) = supervisor.children
    looking.look()
    assert supervisor.children == [before]


@pytest.mark.parametrize(
    ("sentence", "is_idle"),
    [("No query worker answers.", True), ("ok", False), ("Its files are gone.", False)],
)
def test_of_the_query_worker_the_site_is_asked(library, supervised, monkeypatch, sentence, is_idle):
    """Without Redis, as the demo is that starts it, this process would encode a text by itself."""
    supervisor, looking = supervised
    supervisor.start("query", SLEEP)
    monkeypatch.setattr(idle_workers, "parts", lambda site: {"query": sentence, "ingest": "ok"})
    monkeypatch.setattr(liveness, "encoder_answers", None)
    before = list(supervisor.children)

    look_twice(looking)

    assert (supervisor.children != before) == is_idle


def test_a_site_that_does_not_answer_blames_nobody(monkeypatch):
    assert idle_workers.silence("http://127.0.0.1:1") == ""
