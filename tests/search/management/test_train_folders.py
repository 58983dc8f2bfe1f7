"""Where a training goes that nobody named a folder for."""

import os
import re

import pytest
from django.core.management import CommandError, call_command

from search.management import trainings
from search.management.trainings import folder_to_resume, fresh_folder, output_folder
from workers.training.resume import STATE, TrainingError


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path / "trained"


@pytest.fixture
def sessions(monkeypatch):
    """The folders that trainings went to; each leaves a result there."""
    folders = []

    def train_new(recipe, data, session):
        folders.append(session.folder)
        (session.folder / "model.safetensors").touch()
        return {}

    monkeypatch.setattr(trainings, "train_new", train_new)
    monkeypatch.setattr("workers.training.card.table", lambda columns: "")
    return folders


def stop_in(folder, at=0):
    (folder / STATE).mkdir(parents=True)
    (folder / STATE / "training.pt").touch()
    os.utime(folder / STATE, (at, at))


def test_a_second_training_gets_a_fresh_folder_named_by_recipe_and_time(sessions, data_folder):
    for _ in range(2):
        call_command("train", recipe="clip", steps=1)
    first, second = sessions
    assert first != second and first.parent == second.parent == data_folder
    for folder in sessions:
        assert re.fullmatch(r"clip-\d{4}-\d\d-\d\d-\d{6}(-\d)?", folder.name)


def test_control_a_folder_that_is_named_must_be_empty(sessions, tmp_path):
    call_command("train", recipe="clip", steps=1, out=tmp_path / "mine")
    with pytest.raises(CommandError, match="is not empty"):
        call_command("train", recipe="clip", steps=1, out=tmp_path / "mine")


def test_an_older_result_in_the_data_folder_itself_is_left_alone(sessions, data_folder):
    data_folder.mkdir()
    (data_folder / "model.safetensors").write_bytes(b"old")
    call_command("train", recipe="clip", steps=1)
    assert (data_folder / "model.safetensors").read_bytes() == b"old"
    assert sessions[0].parent == data_folder


@pytest.mark.parametrize(
    ("name", "stem"), [("siglip2", "siglip2"), ("Über mich/..", "uber-mich"), ("a b", "a-b")]
)
def test_a_folder_s_name_is_a_plain_one(name, stem):
    assert re.fullmatch(rf"{stem}-[\d-]+", fresh_folder(name).name)


def test_resuming_goes_on_with_what_was_stopped_last(data_folder):
    stop_in(data_folder / "clip-a", at=1)
    stop_in(data_folder / "clip-b", at=3)
    stop_in(data_folder / "17-siglip", at=9)  # A run of the admin: a worker goes on with it.
    (data_folder / "clip-c").mkdir()
    assert folder_to_resume() == data_folder / "clip-b"
    assert output_folder(folder_to_resume(), resume=True) == data_folder / "clip-b"


def test_where_nothing_was_stopped_resuming_says_so():
    with pytest.raises(TrainingError, match="No training in .* was stopped"):
        folder_to_resume()
