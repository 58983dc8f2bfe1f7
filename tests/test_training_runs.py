"""Training that curators ask for: the rows, the worker that does it, and the admin's pages."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django.urls import reverse
from kombu.exceptions import OperationalError as MessageNotSent

from config import embedded
from search.admin import training as training_admin
from search.models import Encoder, TrainingRun
from search.models.promise import MAX_ATTEMPTS
from tests.environment import VAR_DIR
from tests.factories import make_asset, make_encoder, make_user
from workers import runs

pytestmark = pytest.mark.django_db
FAKE = [sys.executable, str(Path(__file__).parent / "fake_train.py")]
LIST, ADD = (reverse(f"admin:search_trainingrun_{page}") for page in ("changelist", "add"))
ASKED = {"recipe": "siglip", "data": "studio", "towers": "all", "seed": "7"}


@pytest.fixture(autouse=True)
def fake_training(settings, monkeypatch, tmp_path):
    """Runs are trained by the stand-in, into a folder of the test's."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(runs, "COMMAND", FAKE)
    monkeypatch.setattr(runs, "TICK_SECONDS", 0.02)
    runs.ending.clear()
    yield
    runs.ending.clear()


@pytest.fixture
def rung(monkeypatch):
    """How often the trainers were told."""
    bells = []
    monkeypatch.setattr(runs, "ring", lambda: bells.append(True))
    return bells


def make_run(**fields) -> TrainingRun:
    return TrainingRun.objects.create(**{"recipe": "siglip", "seed": 7} | fields)


def trained(run: TrainingRun) -> TrainingRun:
    runs.train_waiting()
    run.refresh_from_db()
    return run


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
    assert not late.fail("Too late to say so.")
    assert not late.give_back()


def test_a_run_that_kills_its_workers_is_given_up():
    run = make_run()
    for _ in range(1 + MAX_ATTEMPTS):
        assert TrainingRun.objects.claim()
        lease_runs_out()
    assert TrainingRun.objects.claim() is None
    run.refresh_from_db()
    assert (run.state, run.error[:20]) == ("failed", "The worker stopped 3")


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
    asked = {"data": "catalogue", "start_from": encoder, "origin": "fake", "towers": "lora"}
    run = trained(make_run(steps=4, **asked))
    assert run.figures["argv"] == (
        "--recipe=siglip --data=catalogue --towers=lora --seed=7 --steps=4 --from=fake"
        f" --out={run.folder} --progress=json --json"
    )


def test_without_steps_it_takes_the_recipes_own():
    run = trained(make_run())
    assert (run.steps, run.step) == (10, 10)


def test_several_runs_are_trained_one_after_another():
    first, second = make_run(steps=2), make_run(steps=2)
    runs.train_waiting()
    assert {run.state for run in TrainingRun.objects.all()} == {"done"}
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.ended <= second.started


def test_progress_is_written_once_a_tick(monkeypatch):
    monkeypatch.setattr(runs, "TICK_SECONDS", 0.2)
    told = []
    report = TrainingRun.report
    monkeypatch.setattr(
        TrainingRun, "report", lambda run, **said: told.append(said) or report(run, **said)
    )
    trained(make_run(steps=20))
    assert 2 <= len(told) <= 10


def test_stopping_saves_and_going_on_resumes(monkeypatch):
    at_step(monkeypatch, 3, lambda run: run.ask_to_stop())
    run = trained(make_run(steps=50))
    assert run.state == "stopped" and 3 <= run.step < 50
    assert run.go_on()
    run = trained(run)
    assert (run.state, run.step) == ("done", 50)
    assert run.figures["argv"].endswith("--resume")


def test_a_worker_that_is_to_end_gives_the_run_back_uncharged(monkeypatch):
    at_step(monkeypatch, 3, lambda run: runs.ending.set())
    run = trained(make_run(steps=50))
    assert (run.state, run.attempts, run.token, run.ended) == ("waiting", 0, None, None)
    runs.ending.clear()
    assert trained(run).state == "done"


def test_a_run_that_is_anothers_now_is_left_to_it(monkeypatch):
    def taken(run):
        lease_runs_out()
        TrainingRun.objects.claim()

    at_step(monkeypatch, 3, taken)
    run = trained(make_run(steps=50))
    assert run.state == "running"


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("refuse", "The captions are all equal."),
        ("crash", "RuntimeError: It does not add up."),
        ("die", runs.KILLED),
    ],
)
def test_a_failure_is_a_sentence(monkeypatch, how, error):
    monkeypatch.setenv("FAKE_TRAIN", how)
    run = trained(make_run())
    assert (run.state, run.error) == ("failed", error)


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
    assert trained(run).state == "failed" and "nothing is overwritten" in run.error
    assert (there / "model.safetensors").read_text() == "of another database"


def test_what_was_cut_off_while_it_was_measured_is_done_without_figures(curator_client, tmp_path):
    run = make_run(folder=str(tmp_path / "trained" / "1-siglip"))
    Path(run.folder).mkdir(parents=True)
    (Path(run.folder) / "model.safetensors").write_text("weights")
    assert trained(run).state == "done" and run.figures == {}
    assert "so there are no figures" in shown(curator_client, run)


def test_a_place_that_cant_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / "trained").write_text("a file")
    run = trained(make_run())
    assert run.state == "failed" and "can't be written to" in run.error


def test_a_run_whose_encoder_was_removed_does_not_begin_from_nothing():
    encoder = make_encoder(state="ready")
    run = make_run(start_from=encoder, origin=encoder.slug)
    encoder.delete()
    assert "has been removed" in trained(run).error


def test_a_database_that_is_away_does_not_stop_the_training(monkeypatch):
    def away(run):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(connection, "close", lambda: None)
    at_step(monkeypatch, 3, away)
    assert trained(make_run(steps=20)).state == "done"


def test_where_nothing_carries_messages_the_run_waits_for_a_trainer():
    run = make_run()
    runs.ring()
    run.refresh_from_db()
    assert run.state == "waiting"


def test_the_bell_rings_only_while_a_run_waits(settings, monkeypatch):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    sent = []
    monkeypatch.setattr(runs.train_waiting, "delay", lambda: sent.append(True))
    runs.ring()
    assert sent == []
    make_run()
    runs.ring()
    assert sent == [True]


def test_it_has_a_queue_of_its_own():
    route = runs.train_waiting.app.amqp.router.route({}, runs.train_waiting.name)
    assert route["queue"].name == "train"


def test_the_trainer_itself_never_pays_for_torch():
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings';"
        "django.setup(); import workers.runs, workers.bell; print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers"} & set(ran.stdout.split())


# A worker is killed ------------------------------------------------------------------------------

WORKER = f"""
import django
django.setup()
from django.conf import settings
from workers import runs
runs.COMMAND, runs.TICK_SECONDS = {FAKE!r}, 0.05
{{sabotage}}
runs.train_waiting()
"""


@pytest.fixture
def worker(tmp_path):
    """Starts workers in processes of their own, on the test's database."""
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": embedded.database_url(VAR_DIR, connection.settings_dict["NAME"]),
        "VAR_DIR": str(tmp_path),
        "FAKE_TRAIN": "linger",
    }

    def start(sabotage=""):
        code = WORKER.format(sabotage=sabotage)
        started.append(subprocess.Popen([sys.executable, "-c", code], env=env))
        return started[-1]

    started = []
    yield start
    for process in started:
        process.kill()
        process.wait()


def await_true(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def begun(tmp_path):
    """What was begun and ended, and whether two were at it."""
    return (tmp_path / "trained" / "journal").read_text().split()[::2]


def taken_up(worker, tmp_path, meanwhile, sabotage=""):
    """What two workers make of a run whose worker was killed, and whose training lives on."""
    run = make_run(steps=100)
    first = worker()
    await_true(lambda: TrainingRun.objects.get().step >= 5)
    first.kill()
    first.wait()
    lease_runs_out()
    others = [worker(sabotage), worker(sabotage)]
    await_true(lambda: TrainingRun.objects.get().attempts)
    meanwhile()
    (tmp_path / "trained" / "let-go").touch()
    assert [process.wait(60) for process in others] == [0, 0]
    run.refresh_from_db()
    return run


@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_run_is_taken_up_once(worker, tmp_path):
    run = taken_up(worker, tmp_path, meanwhile=lambda: time.sleep(2))
    assert (run.state, run.step, run.attempts) == ("done", 100, 1)
    assert run.figures["argv"].endswith("--resume")
    assert begun(tmp_path) == ["begin", "end", "begin", "end"]


@pytest.mark.django_db(transaction=True)
def test_without_its_lock_it_would_be_trained_twice_at_once(worker, tmp_path):
    def overlap():
        await_true(lambda: "overlap" in begun(tmp_path))

    taken_up(worker, tmp_path, overlap, "runs.is_free = lambda lock: True")


# The pages ---------------------------------------------------------------------------------------


def page_of(run):
    return reverse("admin:search_trainingrun_change", args=[run.pk])


def shown(client, run, **headers):
    answer = client.get(page_of(run), headers=headers)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def running(**fields):
    make_run(**fields)
    run = TrainingRun.objects.claim()
    assert run.report(step=40, steps=1000, loss=0.51234, pictures_per_second=210.7)
    return run


def test_a_curator_starts_a_training(curator_client, rung, django_capture_on_commit_callbacks):
    assert "Start a training" in curator_client.get(ADD).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = curator_client.post(ADD, ASKED)
    run = TrainingRun.objects.get()
    assert answer.url == page_of(run)
    assert (run.recipe, run.data, run.steps, run.seed) == ("siglip", "studio", None, 7)
    assert run.person.username == "curator"
    assert rung == [True]


def test_a_curator_starts_from_an_encoder(curator_client, rung):
    encoder = make_encoder()
    make_asset()
    asked = {"start_from": encoder.pk, "data": "catalogue", "towers": "lora", "steps": "300"}
    curator_client.post(ADD, ASKED | asked)
    run = TrainingRun.objects.get()
    assert (run.start_from, run.origin, run.towers, run.steps) == (encoder, "fake", "lora", 300)


def test_an_encoder_learns_no_drawings(curator_client, rung):
    page = curator_client.post(ADD, ASKED | {"start_from": make_encoder().pk}).content.decode()
    assert "An encoder to start from is trained on the catalogue." in page
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"towers": "lora"}, "there is nothing to keep: choose all."),
        ({"data": "catalogue"}, "The library holds no assets yet."),
        ({"steps": "0"}, "greater than or equal to 1"),
        ({"steps": "99999999999"}, "less than or equal to 10000000"),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"seed": ""}, "This field is required."),
        ({"recipe": "magic"}, "magic is not one of the available choices"),
        ({"start_from": "999"}, "That choice is not one of the available choices"),
    ],
)
def test_bad_input_is_a_sentence(curator_client, rung, fields, sentence):
    page = curator_client.post(ADD, ASKED | fields).content.decode()
    assert 'role="alert"' in page and sentence in page
    assert not TrainingRun.objects.exists() and rung == []


def test_an_encoder_that_is_being_removed_is_not_offered(curator_client):
    make_encoder(slug="going", state="retired", removal_asked=Now())
    assert "going" not in curator_client.get(ADD).content.decode()


def test_the_list_says_how_far_each_is(curator_client):
    running(person=make_user("ann"))
    page = curator_client.get(LIST).content.decode()
    for words in ("40 of 1,000, loss 0.512", "running", "ann"):
        assert words in page


def test_the_page_says_how_far_it_is_and_asks_again(curator_client):
    page = shown(curator_client, running())
    for words in ("40 of 1000", "0.512", "211", 'hx-trigger="every 2s"', 'value="stop"'):
        assert words in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


def test_htmx_gets_the_progress_alone(curator_client):
    run = running()
    answer = curator_client.get(page_of(run), {"state": "running"}, headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div id="progress"')


def test_where_the_state_has_changed_htmx_fetches_the_page(curator_client):
    run = running()
    answer = curator_client.get(page_of(run), {"state": "waiting"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_what_has_ended_is_asked_for_no_more(curator_client):
    page = shown(curator_client, trained(make_run(steps=2)))
    assert "every 2s" not in page and "http-equiv" not in page
    assert "words to pictures, R@1</th>" in page and "<td>0.710</td>" in page


def test_figures_before_and_after_stand_side_by_side(curator_client):
    before, after = ({"value": value, "low": 0.1, "high": 0.9} for value in (0.25, 0.75))
    run = make_run(state="done", figures={"before": {"R@10": before}, "after": {"R@10": after}})
    cells = "<td>0.250 (0.100 to 0.900)</td><td>0.750 (0.100 to 0.900)</td>"
    assert f'<th scope="row">R@10</th>{cells}' in shown(curator_client, run)


def test_a_failure_is_shown(curator_client, monkeypatch):
    monkeypatch.setenv("FAKE_TRAIN", "refuse")
    assert "The captions are all equal." in shown(curator_client, trained(make_run()))


def test_a_curator_stops_what_runs(curator_client):
    run = running()
    page = curator_client.post(page_of(run), {"verb": "stop"}, follow=True).content.decode()
    assert "stops as soon as it is saved" in page
    assert "It is being saved and stopped." in page
    run.refresh_from_db()
    assert run.stop_asked


def test_what_waits_stops_at_once_and_can_go_on(
    curator_client, rung, django_capture_on_commit_callbacks
):
    run = make_run()
    curator_client.post(page_of(run), {"verb": "stop"})
    run.refresh_from_db()
    assert run.state == "stopped"
    with django_capture_on_commit_callbacks(execute=True):
        curator_client.post(page_of(run), {"verb": "go on"})
    run.refresh_from_db()
    assert run.state == "waiting" and rung == [True]


@pytest.mark.parametrize(
    ("verb", "sentence"),
    [
        ("stop", "there is nothing to stop"),
        ("go on", "it has not ended early"),
        ("nonsense", "It is done."),
    ],
)
def test_what_makes_no_sense_is_said(curator_client, verb, sentence):
    run = trained(make_run(steps=1))
    page = curator_client.post(page_of(run), {"verb": verb}, follow=True).content.decode()
    assert sentence in page


@pytest.fixture
def asked_to_add(monkeypatch):
    """What the workers were asked to add as encoders."""
    requests = []
    monkeypatch.setattr(training_admin.add_encoder, "delay", lambda *given: requests.append(given))
    return requests


def test_the_result_is_added_as_an_encoder(curator_client, asked_to_add):
    run = trained(make_run(steps=1))
    curator_client.post(page_of(run), {"verb": "add"})
    assert asked_to_add == [(run.folder, "", None, "")]
    encoders = curator_client.get(reverse("admin:search_encoder_changelist")).content.decode()
    assert f"<strong>{run.folder}</strong>: A worker is to load it" in encoders


def test_what_is_not_done_is_not_added(curator_client, asked_to_add):
    page = curator_client.post(page_of(running()), {"verb": "add"}, follow=True).content.decode()
    assert "there is no encoder to add yet" in page and asked_to_add == []


def test_without_redis_a_curator_is_told_so(curator_client, monkeypatch):
    def unsent(*given):
        raise MessageNotSent("Redis is away")

    monkeypatch.setattr(training_admin.add_encoder, "delay", unsent)
    run = trained(make_run(steps=1))
    page = curator_client.post(page_of(run), {"verb": "add"}, follow=True).content.decode()
    assert "Redis does not answer" in page


def test_a_result_that_is_an_encoder_says_which(curator_client):
    run = trained(make_run(steps=1))
    make_encoder(slug="mine", checkpoint=run.folder, state=Encoder.State.BUILDING)
    page = shown(curator_client, run)
    assert "which is building" in page and 'value="add"' not in page


def test_a_run_that_is_not_there_is_not_found(curator_client):
    page = reverse("admin:search_trainingrun_change", args=[999])
    assert curator_client.get(page).status_code == 404


def test_readers_neither_see_nor_start_training(reader_client):
    run = make_run()
    for page in (LIST, ADD, page_of(run)):
        assert reader_client.get(page, follow=True).status_code == 403
    assert reader_client.post(page_of(run), {"verb": "stop"}, follow=True).status_code == 403
    run.refresh_from_db()
    assert run.state == "waiting"
