"""Training runs: each family, the same twice, stopped and resumed, and the command."""

import json
import math
import os
import re
import shutil
import signal
from dataclasses import replace
from errno import ENOSPC

import numpy as np
import pytest
import torch
from django.conf import settings
from django.core.management import CommandError, call_command
from safetensors.numpy import load_file
from transformers import AutoModel

from tests.support.examples import make_native_pairs, make_pairs
from tests.support.narrow_towers import narrow_towers
from tests.support.promises import only_in_full
from workers.encoders.load import load_encoder
from workers.encoders.protocol import CheckpointError
from workers.training import evaluation, trainer
from workers.training.batches import GRID
from workers.training.recipes import NAFLEX, RECIPES
from workers.training.resume import SavedState, Stopped, TrainingError
from workers.training.trainer import Session, train

ENCODERS = {"clip": "CLIP", "siglip": "SigLIP", "siglip2": "SigLIP 2", NAFLEX: "SigLIP 2 NaFlex"}
QUICK = {"steps": 4, "batch": 8, "side": 32, "seed": 5, "teacher_joins": 0.4}


def quick(family, **changes):
    return replace(RECIPES[family], **QUICK | changes)


def trained_in(folder, family="siglip2", resume=False, listener=None, **changes):
    session = Session(folder, resume, quiet=True, listener=listener)
    pairs = make_native_pairs(24) if family == NAFLEX else make_pairs(24)
    train(quick(family, **changes), session, pairs)
    return folder


def stopped_in(folder, step, **changes):
    with pytest.raises(Stopped):
        trained_in(folder, listener=lambda progress: progress.step != step, **changes)
    return folder


def weights(folder):
    return load_file(folder / "model.safetensors")


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module", autouse=True)
def narrow():
    with narrow_towers():
        yield


@pytest.fixture(scope="module")
def siglip2(tmp_path_factory):
    return trained_in(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module", params=RECIPES)
def trained(request, tmp_path_factory):
    if request.param == "siglip2":
        return request.param, request.getfixturevalue("siglip2")
    return request.param, trained_in(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """The folder of the same run once more, and what its listener heard."""
    heard = []
    folder = tmp_path_factory.mktemp("again")
    return trained_in(folder, listener=lambda progress: not heard.append(progress)), heard


@pytest.fixture(scope="module")
def stopped_run(tmp_path_factory):
    return stopped_in(tmp_path_factory.mktemp("stopped"), 2)


@pytest.fixture
def stopped(stopped_run, tmp_path):
    """A folder in which a run was stopped after step 2."""
    return shutil.copytree(stopped_run, tmp_path, dirs_exist_ok=True)


def test_a_run_leaves_an_encoder_of_its_family(trained):
    family, folder = trained
    encoder = load_encoder(str(folder))
    assert encoder.family == ENCODERS[family]
    assert encoder.encode_texts(["a red wall"]).shape == (1, encoder.dimensions)


def test_transformers_loads_it_by_itself(trained):
    _, folder = trained
    assert AutoModel.from_pretrained(folder).config.vision_config.patch_size == 32 // GRID


def test_training_changes_the_scale_that_the_checkpoint_carries(trained):
    _, folder = trained
    scale = weights(folder)["logit_scale"]
    assert scale != np.float32(math.log(10)) and scale != np.float32(math.log(1 / 0.07))


def test_the_same_seed_trains_the_same_weights(siglip2, again):
    assert_same(weights(siglip2), weights(again[0]))


def test_another_seed_trains_other_weights(siglip2, tmp_path):
    one, other = weights(siglip2), weights(trained_in(tmp_path, seed=6))
    assert not np.array_equal(one["logit_scale"], other["logit_scale"])


# With no teacher yet at step 1, and one from then on.
@pytest.mark.parametrize("step", [1, pytest.param(2, marks=only_in_full), 3])
def test_a_resumed_run_ends_like_an_unbroken_one(siglip2, tmp_path, step):
    trained_in(stopped_in(tmp_path, step), resume=True)
    assert_same(weights(siglip2), weights(tmp_path))


def test_a_stopped_run_keeps_its_state_and_a_finished_one_none(siglip2, stopped):
    assert SavedState(stopped).load()["step"] == 2
    assert not (siglip2 / "state").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_step_and_saves(tmp_path, number):
    before = signal.getsignal(number)

    def interrupted(progress):
        os.kill(os.getpid(), number)
        return True

    with pytest.raises(Stopped, match=r"Stopped after step 1 of 4, and saved\."):
        trained_in(tmp_path, listener=interrupted)
    assert SavedState(tmp_path).exists() and signal.getsignal(number) is before


def test_to_resume_where_nothing_was_kept_is_to_begin(siglip2, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "training.new").write_bytes(b"half of")
    assert_same(weights(siglip2), weights(trained_in(tmp_path, resume=True)))


def test_a_run_is_not_resumed_by_another_recipe(stopped):
    with pytest.raises(TrainingError, match="has seed 5, not 6"):
        trained_in(stopped, resume=True, seed=6)


def test_a_run_is_not_resumed_with_other_captions(stopped):
    with pytest.raises(TrainingError, match="no longer those"):
        train(quick("siglip2"), Session(stopped, resume=True, quiet=True), make_pairs(26))


def test_a_damaged_state_is_named(stopped):
    (stopped / "state" / "training.pt").write_bytes(b"half of")
    with pytest.raises(TrainingError, match="is damaged"):
        trained_in(stopped, resume=True)


def test_a_full_disk_keeps_what_was_saved_before(stopped, monkeypatch):
    def full(*args):
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match="the disk is full; what was saved before is kept"):
        trained_in(stopped, resume=True)
    assert SavedState(stopped).load()["step"] == 2


def test_too_little_memory_is_said_in_a_sentence(tmp_path, monkeypatch):
    def greedy(self):
        raise torch.OutOfMemoryError("tried to allocate")

    monkeypatch.setattr(trainer.Training, "advance", greedy)
    with pytest.raises(CheckpointError, match="not enough memory for batches of 8"):
        trained_in(tmp_path)


def test_half_precision_halves_the_file(siglip2, tmp_path):
    half = trained_in(tmp_path, half=True) / "model.safetensors"
    assert half.stat().st_size < 0.52 * (siglip2 / "model.safetensors").stat().st_size
    vectors = load_encoder(str(tmp_path)).encode_texts(["a red wall"])
    assert vectors @ load_encoder(str(siglip2)).encode_texts(["a red wall"]).T > 0.999


def test_the_listener_hears_how_far_it_is(again):
    _, heard = again
    assert [(each.step, each.steps) for each in heard] == [(n, 4) for n in range(1, 5)]
    assert all(each.pictures_per_second > 0 for each in heard) and heard[-1].seconds_left == 0


# The command -------------------------------------------------------------------------------------


@pytest.fixture
def few_held_out(monkeypatch):
    """Some small drawings tell as much here as two thousand."""
    monkeypatch.setattr(evaluation, "HELD_OUT", 16)
    monkeypatch.setattr(evaluation, "_PAIRS", 4)
    monkeypatch.setattr(evaluation, "_LONGER_SIDE", 64)


@pytest.fixture
def few_drawings(monkeypatch):
    """The recipes draw a few small pictures, not 64 for each step."""
    for family, recipe in RECIPES.items():
        monkeypatch.setitem(RECIPES, family, replace(recipe, batch=8, side=32))


@pytest.mark.usefixtures("few_drawings", "few_held_out")
def test_the_command_draws_trains_and_writes_its_figures(tmp_path, capsys):
    call_command("train", recipe="siglip", steps=1, seed=3, out=tmp_path / "new", json=True)
    figures = json.loads(capsys.readouterr().out)
    assert figures["checkpoint"] == str(tmp_path / "new")
    recall = figures["words to picture"]["R@1"]["value"]
    page = (tmp_path / "new" / "README.md").read_text()
    assert f"| words to picture | R@1 | {recall:.3f}" in page
    assert "manage.py train --recipe siglip --steps 1 --seed 3" in page


def test_the_command_says_how_far_it_is(tmp_path, capsys, monkeypatch, few_drawings):
    def evaluate(checkpoint, listener):
        listener(0.5)
        return {}

    monkeypatch.setattr("search.management.trainings.evaluate", evaluate)
    monkeypatch.setattr("workers.training.card.write", lambda *args: None)
    call_command("train", steps=2, out=tmp_path / "new", progress="json", json=True)
    *lines, measuring, result = map(json.loads, capsys.readouterr().out.splitlines())
    assert [line["step"] for line in lines][-1] == 2 and lines[0]["steps"] == 2
    assert measuring == {"measured": 0.5}
    assert result == {"checkpoint": str(tmp_path / "new")}


def test_the_listener_hears_how_much_is_measured(siglip2, few_held_out):
    shares = []
    evaluation.evaluate(load_encoder(str(siglip2)), quiet=True, listener=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, pytest.approx(1.0, abs=0.1))


@only_in_full
def test_the_command_measures_and_repeats(siglip2, capsys, few_held_out):
    for _ in range(2):
        call_command("train", evaluate=[str(siglip2)], json=True)
    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert set(json.loads(first)["picture to words"]) == {"R@1", "R@5", "R@10"}


def test_the_command_shows_several_checkpoints_in_one_table(
    siglip2, tmp_path, capsys, few_held_out
):
    other = shutil.copytree(siglip2, tmp_path / "other")
    call_command("train", evaluate=[str(siglip2), str(other)])
    lines = capsys.readouterr().out.splitlines()
    assert f"| question | measure | {siglip2} | {other} |" in lines
    row = next(line for line in lines if line.startswith("| picture to words | R@1 |"))
    assert re.fullmatch(r"\| picture to words \| R@1( \| \d\.\d{3} \(.{14}\)){2} \|", row)


def test_the_command_refuses_a_folder_in_use(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="is not empty: name another folder with --out"):
        call_command("train", steps=1, out=tmp_path)


def test_the_command_says_what_can_be_resumed(stopped):
    with pytest.raises(CommandError, match="go on with what is in it with --resume, or name"):
        call_command("train", steps=1, out=stopped)


def test_the_command_does_not_resume_what_is_finished(siglip2):
    with pytest.raises(CommandError, match="has come to its end"):
        call_command("train", steps=4, out=siglip2, resume=True)


def test_the_command_refuses_a_file_for_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot be written to"):
        call_command("train", steps=1, out=tmp_path / "file")


@pytest.mark.parametrize("steps", ["0", "-3", "many"])
def test_the_command_refuses_steps_that_are_none(steps):
    with pytest.raises(CommandError, match="is no whole number above zero"):
        call_command("train", "--steps", steps)


def test_the_command_refuses_what_is_no_checkpoint(tmp_path):
    with pytest.raises(CommandError, match="is no checkpoint: it has no config.json"):
        call_command("train", evaluate=[str(tmp_path)])


def test_new_towers_are_not_locked(tmp_path):
    with pytest.raises(CommandError, match="--towers goes with --from"):
        call_command("train", towers="lora", out=tmp_path / "new")


def test_what_is_trained_on_needs_data(siglip2, tmp_path):
    with pytest.raises(CommandError, match="--from needs --data"):
        call_command("train", start=str(siglip2), out=tmp_path / "new")


def test_the_bundled_checkpoints_are_small_enough_for_git():
    files = settings.BUNDLED_CHECKPOINTS.glob("*/*")
    assert sum(file.stat().st_size for file in files) <= 40_000_000
