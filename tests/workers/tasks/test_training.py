"""Training that curators ask for: the rows, and the worker that does it."""

import json
import os
import signal
import time
from datetime import timedelta
from multiprocessing import get_context

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models.functions import Now

from search.models import TrainingRun
from search.models.lease import MAX_ATTEMPTS
from search.refusals import Refusal
from tests.support.factories import make_encoder
from tests.support.training_runs import make_run, trained
from workers import look_around, queues
from workers.tasks import training

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_training")]


def lease_runs_out() -> None:
    TrainingRun.objects.filter(state="running").update(leased_until=Now() - timedelta(seconds=1))


def at_step(monkeypatch, step, act) -> None:
    """Act once, when the worker hears of this step."""
    report, acted = TrainingRun.report, []

    def reporting(run, **progress):
        if progress.get("step", 0) >= step and not acted:
            acted.append(True)
            act(run)
        return report(run, **progress)

    monkeypatch.setattr(TrainingRun, "report", reporting)


# The rows ----------------------------------------------------------------------------------------


def test_a_run_is_claimed_once_and_the_oldest_first():
    older, newer = make_run(), make_run()
    assert [TrainingRun.objects.claim() for _ in range(3)] == [older, newer, None]


def test_what_a_dead_worker_left_is_claimed_again_and_charged():
    make_run()
    first = TrainingRun.objects.claim()
    lease_runs_out()
    second = TrainingRun.objects.claim()
    assert second.token != first.token
    assert second.attempts == 1


def test_a_late_worker_writes_nothing():
    make_run()
    late = TrainingRun.objects.claim()
    lease_runs_out()
    TrainingRun.objects.claim()
    assert not late.report(step=5)
    assert not late.finish({})
    assert not late.fail(Refusal("text", text="Too late to say so."))
    assert not late.give_back()


def test_a_run_that_kills_its_workers_is_given_up():
    run = make_run()
    for _ in range(1 + MAX_ATTEMPTS):
        assert TrainingRun.objects.claim()
        lease_runs_out()
    assert TrainingRun.objects.claim() is None
    run.refresh_from_db()
    assert (run.state, run.sentence[:20]) == ("failed", "The worker stopped 3")


def test_a_run_that_was_to_stop_when_its_worker_died_has_stopped():
    run = make_run()
    TrainingRun.objects.claim()
    assert run.ask_to_stop()
    lease_runs_out()
    assert TrainingRun.objects.claim() is None
    run.refresh_from_db()
    assert run.state == "stopped"


def test_reporting_renews_the_lease():
    make_run()
    run = TrainingRun.objects.claim()
    lease_runs_out()
    assert run.report(step=1)
    assert TrainingRun.objects.claim() is None


@pytest.mark.parametrize("fields", [{"state": "running"}, {"token": "0" * 32}])
def test_a_running_training_is_claimed(fields):
    with pytest.raises(IntegrityError, match="a_running_training_is_claimed"), transaction.atomic():
        make_run(**fields)


def test_no_two_runs_share_a_folder():
    make_run(folder="/data/trained/1-siglip")
    with pytest.raises(IntegrityError, match="one_training_per_folder"), transaction.atomic():
        make_run(folder="/data/trained/1-siglip")


# The worker --------------------------------------------------------------------------------------


def test_a_run_is_trained_to_its_end(tmp_path):
    run = trained(make_run(steps=4))
    assert (run.state, run.step, run.steps, run.error) == ("done", 4, 4, "")
    assert (run.loss, run.pictures_per_second) == (0.25, 99.5)
    assert run.folder == str(tmp_path / "trained" / f"{run.pk}-siglip")
    assert run.figures["words to pictures"]["R@1"] == {"value": 0.71, "low": 0.69, "high": None}
    assert run.started and run.ended and run.token is None


def test_the_command_is_told_what_was_asked():
    encoder = make_encoder()
    parts = {"data": "catalogue", "start_from": encoder, "origin": "fake", "towers": "lora"}
    run = trained(make_run(steps=4, **parts))
    assert run.figures["argv"] == (
        "--recipe=siglip --data=catalogue --towers=lora --seed=7"
        f" --parent={os.getpid()} --steps=4 --from=fake --out={run.folder} --progress=json --json"
    )


def test_without_steps_it_takes_the_recipes_own():
    run = trained(make_run())
    assert (run.steps, run.step) == (10, 10)


def test_several_runs_are_trained_one_after_another():
    first, second = make_run(steps=2), make_run(steps=2)
    training.do()
    assert {run.state for run in TrainingRun.objects.all()} == {"done"}
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.ended <= second.started


def test_progress_is_written_once_a_tick(monkeypatch):
    monkeypatch.setattr(training, "TICK_SECONDS", 0.2)
    reports = []
    report = TrainingRun.report
    monkeypatch.setattr(
        TrainingRun,
        "report",
        lambda run, **changes: reports.append(changes) or report(run, **changes),
    )
    trained(make_run(steps=20))
    assert 2 <= len(reports) <= 10


def test_stopping_saves_and_going_on_resumes(monkeypatch):
    at_step(monkeypatch, 3, lambda run: run.ask_to_stop())
    run = trained(make_run(steps=50))
    assert run.state == "stopped" and 3 <= run.step < 50
    assert run.go_on()
    run = trained(run)
    assert (run.state, run.step) == ("done", 50)
    assert run.figures["argv"].endswith("--resume")


def stopped_while_measured(monkeypatch, tmp_path):
    """A run that is stopped while it is measured, and the id of what was at work for it."""
    monkeypatch.setenv("FAKE_TRAIN", "measure")
    report = TrainingRun.report

    def reporting(run, **progress):
        if progress.get("measured") is not None:
            run.ask_to_stop()
        return report(run, **progress)

    monkeypatch.setattr(TrainingRun, "report", reporting)
    run = trained(make_run(steps=2))
    return run, int((tmp_path / "trained" / "helper").read_text())


def lives(pid):
    """Whether a process runs; one that only waits for its parent to notice its end does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_stopping_while_it_is_measured_ends_all_of_it(monkeypatch, tmp_path):
    began = time.monotonic()
    run, helper = stopped_while_measured(monkeypatch, tmp_path)
    assert time.monotonic() - began < 10
    await_true(lambda: not lives(helper))
    assert (run.state, run.step, run.measured_percent) == ("stopped", 2, 25)


def test_control_without_the_end_of_its_group_what_it_started_lives_on(monkeypatch, tmp_path):
    monkeypatch.setattr(training.os, "killpg", lambda group, number: None)
    monkeypatch.setattr(training, "LISTEN_SECONDS", 0.1)
    _, helper = stopped_while_measured(monkeypatch, tmp_path)
    assert lives(helper)
    os.kill(helper, signal.SIGKILL)


def test_a_worker_that_is_to_end_gives_the_run_back_uncharged(monkeypatch):
    at_step(monkeypatch, 3, lambda run: training.ending.set())
    run = trained(make_run(steps=50))
    assert (run.state, run.attempts, run.token, run.ended) == ("waiting", 0, None, None)
    training.ending.clear()
    assert trained(run).state == "done"


def test_a_run_that_is_anothers_now_is_left_to_it(monkeypatch):
    def taken(run):
        lease_runs_out()
        TrainingRun.objects.claim()

    at_step(monkeypatch, 3, taken)
    run = trained(make_run(steps=50))
    assert run.state == "running"


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("refuse", "The captions are all equal."),
        ("crash", "RuntimeError: It does not add up."),
        ("die", "The training was killed; is there the memory? What was saved until then is kept."),
    ],
)
def test_a_failure_is_a_sentence(monkeypatch, how, sentence):
    monkeypatch.setenv("FAKE_TRAIN", how)
    run = trained(make_run())
    assert (run.state, run.sentence) == ("failed", sentence)


def test_the_command_tells_a_program_why_it_refuses(tmp_path, capsys):
    with pytest.raises(CommandError, match="--towers goes with --from"):
        call_command("train", "--towers=lora", f"--out={tmp_path / 'new'}", "--progress=json")
    refusal = Refusal.of(json.loads(capsys.readouterr().out))
    assert str(refusal).startswith("--towers goes with --from")


def test_what_failed_can_go_on(monkeypatch):
    monkeypatch.setenv("FAKE_TRAIN", "refuse")
    run = trained(make_run(steps=2))
    monkeypatch.delenv("FAKE_TRAIN")
    assert run.go_on()
    run = trained(run)
    assert (run.state, run.error) == ("done", "")


def test_nothing_is_overwritten(tmp_path):
    run = make_run()
    there = tmp_path / "trained" / f"{run.pk}-siglip"
    there.mkdir(parents=True)
    (there / "model.safetensors").write_text("of another database")
    assert trained(run).state == "failed" and "nothing is overwritten" in run.sentence
    assert (there / "model.safetensors").read_text() == "of another database"


def test_a_place_that_cant_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / "trained").write_text("a file")
    run = trained(make_run())
    assert run.state == "failed" and "can't be written to" in run.sentence


def test_a_run_whose_encoder_was_removed_does_not_begin_from_nothing():
    encoder = make_encoder(state="ready")
    run = make_run(start_from=encoder, origin=encoder.slug)
    encoder.delete()
    assert "has been removed" in trained(run).sentence


def test_a_database_that_is_away_does_not_stop_the_training(monkeypatch):
    def away(run):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(connection, "close", lambda: None)
    at_step(monkeypatch, 3, away)
    assert trained(make_run(steps=20)).state == "done"


def test_where_nothing_carries_messages_the_run_waits_for_a_trainer():
    run = make_run()
    look_around.look_around(queues.TRAIN)
    run.refresh_from_db()
    assert run.state == "waiting"


def test_the_trainer_is_woken_only_while_a_run_waits(settings, rung):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    look_around.wake_others()
    assert rung == []
    make_run()
    look_around.wake_others()
    assert rung == [queues.TRAIN]


# A worker is killed ------------------------------------------------------------------------------


@pytest.fixture
def worker(monkeypatch):
    """Starts workers in processes of their own, which are forks: to import Django takes longer."""
    monkeypatch.setenv("FAKE_TRAIN", "linger")

    def work(sabotage):
        connection.connection = None  # It is ours, and its end would be ours too.
        sabotage()
        training.do()

    def start(sabotage=bool):
        started.append(get_context("fork").Process(target=work, args=[sabotage]))
        started[-1].start()
        return started[-1]

    started = []
    yield start
    for process in started:
        process.kill()
        process.join()


def await_true(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def begun(tmp_path):
    """What was begun and ended, and whether two were at it."""
    return (tmp_path / "trained" / "journal").read_text().split()[::2]


def taken_up(worker, tmp_path, meanwhile, sabotage=bool):
    """What two workers make of a run whose worker was killed, and whose training lives on."""
    run = make_run(steps=100)
    first = worker()
    await_true(lambda: TrainingRun.objects.get().step >= 5)
    first.kill()
    first.join()
    lease_runs_out()
    others = [worker(sabotage), worker(sabotage)]
    await_true(lambda: TrainingRun.objects.get().attempts)
    meanwhile()
    (tmp_path / "trained" / "let-go").touch()
    for process in others:
        process.join(60)
    assert [process.exitcode for process in others] == [0, 0]
    run.refresh_from_db()
    return run


@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_run_is_taken_up_once(worker, tmp_path):
    run = taken_up(worker, tmp_path, meanwhile=lambda: time.sleep(2))
    assert (run.state, run.step, run.attempts) == ("done", 100, 1)
    assert run.figures["argv"].endswith("--resume")
    assert begun(tmp_path) == ["begin", "end", "begin", "end"]


@pytest.mark.django_db(transaction=True)
def test_without_its_lock_it_would_be_trained_twice_at_once(worker, tmp_path, monkeypatch):
    def overlap():
        await_true(lambda: "overlap" in begun(tmp_path))

    def sabotage():
        monkeypatch.setattr(training, "is_free", lambda lock: True)  # In that process alone.

    taken_up(worker, tmp_path, overlap, sabotage)
