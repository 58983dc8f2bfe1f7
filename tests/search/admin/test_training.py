"""Training that curators ask for: the admin's pages."""

from pathlib import Path

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from search.models import Encoder, EncoderRequest, TrainingRun
from tests.support.factories import make_asset, make_encoder, make_user
from tests.support.training_runs import make_run, trained
from workers.training.recipes import RECIPES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_training")]
LIST, ADD = (reverse(f"admin:search_trainingrun_{page}") for page in ("changelist", "add"))
FIELDS = {"recipe": "siglip", "data": "studio", "towers": "all", "seed": "7"}


@pytest.fixture
def rung(monkeypatch):
    """How often the trainers were told."""
    bells = []
    monkeypatch.setattr("search.admin.training.ring", lambda queue: bells.append(True))
    return bells


def page_of(run):
    return reverse("admin:search_trainingrun_change", args=[run.pk])


def run_page(client, run, **headers):
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
        answer = curator_client.post(ADD, FIELDS)
    run = TrainingRun.objects.get()
    assert answer.url == page_of(run)
    assert (run.recipe, run.data, run.steps, run.seed) == ("siglip", "studio", None, 7)
    assert run.person.username == "curator"
    assert rung == [True]


def test_a_curator_may_ask_for_each_recipe(curator_client, rung):
    for recipe in RECIPES:
        curator_client.post(ADD, FIELDS | {"recipe": recipe})
    choices = TrainingRun.objects.order_by("pk").values_list("recipe", flat=True)
    assert list(choices) == list(RECIPES)


def test_a_curator_starts_from_an_encoder(curator_client, rung):
    encoder = make_encoder()
    make_asset()
    choices = {"start_from": encoder.pk, "data": "catalogue", "towers": "lora", "steps": "300"}
    curator_client.post(ADD, FIELDS | choices)
    run = TrainingRun.objects.get()
    assert (run.start_from, run.origin, run.towers, run.steps) == (encoder, "fake", "lora", 300)


def test_an_encoder_learns_no_drawings(curator_client, rung):
    page = curator_client.post(ADD, FIELDS | {"start_from": make_encoder().pk}).content.decode()
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
    page = curator_client.post(ADD, FIELDS | fields).content.decode()
    assert 'role="alert"' in page and sentence in page
    assert not TrainingRun.objects.exists() and rung == []


def test_an_encoder_that_is_being_removed_is_not_offered(curator_client):
    make_encoder(slug="going", state="retired", removal_requested=Now())
    assert "going" not in curator_client.get(ADD).content.decode()


def test_the_list_says_how_far_each_is(curator_client):
    running(person=make_user("ann"))
    page = curator_client.get(LIST).content.decode()
    for words in ("40 of 1,000, loss 0.512", "running", "ann"):
        assert words in page


def test_the_page_says_how_far_it_is_and_asks_again(curator_client):
    page = run_page(curator_client, running())
    for words in ("40 of 1000", "0.512", "211", 'hx-trigger="every 2s"', 'value="stop"'):
        assert words in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


def test_measuring_is_a_phase_with_words_and_progress(curator_client):
    run = running()
    assert run.report(measured=0.375)
    page = run_page(curator_client, run)
    assert "It is being measured: 37 % of the pictures." in page
    assert '<progress value="37" max="100"' in page
    assert "Time left" not in page


def test_htmx_gets_the_progress_alone(curator_client):
    run = running()
    answer = curator_client.get(page_of(run), {"state": "running"}, headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div id="progress"')


def test_where_the_state_has_changed_htmx_fetches_the_page(curator_client):
    run = running()
    answer = curator_client.get(page_of(run), {"state": "waiting"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_what_has_ended_is_asked_for_no_more(curator_client):
    page = run_page(curator_client, trained(make_run(steps=2)))
    assert "every 2s" not in page and "http-equiv" not in page
    assert "words to pictures, R@1</th>" in page and "<td>0.710</td>" in page


def test_figures_before_and_after_stand_side_by_side(curator_client):
    before, after = ({"value": value, "low": 0.1, "high": 0.9} for value in (0.25, 0.75))
    run = make_run(state="done", figures={"before": {"R@10": before}, "after": {"R@10": after}})
    cells = "<td>0.250 (0.100 to 0.900)</td><td>0.750 (0.100 to 0.900)</td>"
    assert f'<th scope="row">R@10</th>{cells}' in run_page(curator_client, run)


def test_a_failure_is_shown(curator_client, monkeypatch):
    monkeypatch.setenv("FAKE_TRAIN", "refuse")
    assert "The captions are all equal." in run_page(curator_client, trained(make_run()))


def test_what_was_cut_off_while_it_was_measured_is_done_without_figures(curator_client, tmp_path):
    run = make_run(folder=str(tmp_path / "trained" / "1-siglip"))
    Path(run.folder).mkdir(parents=True)
    (Path(run.folder) / "model.safetensors").write_text("weights")
    assert trained(run).state == "done" and run.figures == {}
    assert "so there are no figures" in run_page(curator_client, run)


def test_a_curator_stops_what_runs(curator_client):
    run = running()
    page = curator_client.post(page_of(run), {"verb": "stop"}, follow=True).content.decode()
    assert "stops as soon as it is saved" in page
    assert "It is being saved and stopped." in page
    run.refresh_from_db()
    assert run.stop_requested


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


def test_the_result_is_asked_for_as_an_encoder(curator_client):
    run = trained(make_run(steps=1))
    page = curator_client.post(page_of(run), {"verb": "add"}, follow=True).content.decode()
    assert "as an encoder, beside the others" in page
    request = EncoderRequest.objects.get()
    assert (request.checkpoint, request.person.username) == (run.folder, "curator")
    encoders = curator_client.get(reverse("admin:search_encoder_changelist")).content.decode()
    assert f"<strong>{run.folder}</strong>: A worker is to load it" in encoders


def test_what_is_not_done_is_not_added(curator_client):
    page = curator_client.post(page_of(running()), {"verb": "add"}, follow=True).content.decode()
    assert "there is no encoder to add yet" in page and not EncoderRequest.objects.exists()


def test_a_result_that_is_an_encoder_says_which(curator_client):
    run = trained(make_run(steps=1))
    make_encoder(slug="mine", checkpoint=run.folder, state=Encoder.State.BUILDING)
    page = run_page(curator_client, run)
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
