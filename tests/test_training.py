"""Training: the loss as published, a run that repeats, and the checkpoint it leaves."""

import json
import math

import numpy as np
import pytest
import torch
from django.conf import settings
from django.core.management import CommandError, call_command
from safetensors.numpy import load_file

from workers.encoders.base import load_encoder
from workers.training import evaluation
from workers.training.losses import NOT_ASKED, PatchLoss, SigmoidLoss
from workers.training.trainer import Recipe, train

QUICK = Recipe(steps=3, batch=16, seed=5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    train(QUICK, folder, quiet=True)
    return folder


@pytest.fixture(scope="module")
def bundled_figures():
    """Of a hundred scenes, which tell as much here as a thousand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "HELD_OUT", 100)
        return evaluation.evaluate(load_encoder(settings.BUNDLED_CHECKPOINT), quiet=True)


@pytest.fixture
def few_held_out(monkeypatch):
    """A hundred scenes tell as much here as a thousand."""
    monkeypatch.setattr(evaluation, "HELD_OUT", 100)


def rows(seed):
    vectors = np.random.default_rng(seed).normal(size=(6, 4))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


PAIRS = np.eye(6)  # Row i of both belongs together.


def reference(texts, images, log_scale, bias, matches=PAIRS):
    """The published formula, pair by pair, in double precision."""
    total = 0.0
    for i, text in enumerate(texts):
        for j, image in enumerate(images):
            logit = math.exp(log_scale) * float(text @ image) + bias
            total += math.log1p(math.exp(-logit if matches[i][j] else logit))
    return total / len(texts)


def test_the_loss_is_the_published_one():
    loss = SigmoidLoss()(torch.tensor(rows(1)), torch.tensor(rows(2)), torch.eye(6))
    assert loss.item() == pytest.approx(reference(rows(1), rows(2), math.log(10), -10), rel=1e-6)


def test_a_text_may_fit_several_pictures():
    fits = np.random.default_rng(3).integers(0, 2, (6, 6))
    loss = SigmoidLoss()(torch.tensor(rows(1)), torch.tensor(rows(2)), torch.tensor(fits))
    expected = reference(rows(1), rows(2), math.log(10), -10, fits)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_the_loss_starts_at_the_published_scale_and_bias():
    loss = SigmoidLoss()
    assert loss.log_scale.exp().item() == pytest.approx(10)
    assert loss.bias.item() == -10


def slope(of, step=1e-6):
    return (of(step) - of(-step)) / (2 * step)


def test_the_gradients_are_those_of_the_reference():
    texts, images = rows(1), rows(2)
    loss, leaf = SigmoidLoss().double(), torch.tensor(texts, requires_grad=True)
    loss(leaf, torch.tensor(images), torch.eye(6)).backward()
    scale, bias = loss.log_scale.item(), loss.bias.item()

    def nudged(h):
        return texts + h * np.eye(*texts.shape)[:, [2, 0, 1, 3]]

    assert loss.log_scale.grad.item() == pytest.approx(
        slope(lambda h: reference(texts, images, scale + h, bias)), rel=1e-5
    )
    assert loss.bias.grad.item() == pytest.approx(
        slope(lambda h: reference(texts, images, scale, bias + h)), rel=1e-5
    )
    along = (leaf.grad.numpy() * nudged(1) - leaf.grad.numpy() * texts).sum()
    assert along == pytest.approx(
        slope(lambda h: reference(nudged(h), images, scale, bias)), rel=1e-5
    )


def test_the_patch_loss_asks_only_what_makes_sense():
    loss = PatchLoss(2, [2, 3]).requires_grad_(False)
    loss.heads.weight[:] = torch.tensor([[1, 0], [0, 1], [2, 0], [0, 0], [0, 3]])
    loss.heads.bias[:] = 0
    patches = torch.tensor([[[1.0, 0.0], [5.0, 5.0]]])
    answers = torch.tensor([[[0, 2], [NOT_ASKED, NOT_ASKED]]])
    first = math.log(math.e + 1) - 1
    second = math.log(math.e**2 + 2)
    assert loss(patches, answers).item() == pytest.approx(first + second, rel=1e-6)


def test_a_run_leaves_a_checkpoint_that_loads(trained):
    encoder = load_encoder(str(trained))
    assert encoder.encode_texts(["a red mug"]).shape == (1, encoder.dimensions)
    assert {"config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"} <= {
        path.name for path in trained.iterdir()
    }


def test_the_same_seed_trains_the_same_weights(trained, tmp_path):
    train(QUICK, tmp_path, quiet=True)
    one, other = (load_file(folder / "model.safetensors") for folder in (trained, tmp_path))
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_training_changes_what_the_loss_asks_for(trained):
    weights = load_file(trained / "model.safetensors")
    assert weights["logit_bias"] != -10 and weights["logit_scale"] != math.log(10)


def test_the_command_trains_and_writes_its_figures(tmp_path, capsys, few_held_out):
    out = tmp_path / "new"
    call_command("train", steps=1, seed=3, out=out, json=True)
    figures = json.loads(capsys.readouterr().out)
    assert figures["checkpoint"] == str(out)
    recalls = " | ".join(f"{share:.3f}" for share in figures["text to picture"].values())
    page = (out / "README.md").read_text()
    assert f"| text to picture | {recalls} |" in page
    assert "It knows nothing else" in page and "1 steps of 64, seed 3" in page


def test_the_command_measures_and_repeats(trained, capsys, few_held_out):
    for _ in range(2):
        call_command("train", evaluate=str(trained), json=True)
    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert set(json.loads(first)["picture to text"]) == {"R@1", "R@5", "R@10"}


def test_the_command_refuses_a_folder_in_use(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="is not empty: name another folder with --out"):
        call_command("train", steps=1, out=tmp_path)


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
        call_command("train", evaluate=str(tmp_path))


def test_a_constant_encoder_finds_nothing(few_held_out):
    class Constant:
        batch_size = 50

        def encode_texts(self, texts):
            return np.ones((len(texts), 1), np.float32)

        encode_images = encode_texts

    figures = evaluation.evaluate(Constant(), quiet=True)
    assert figures["text to picture"]["R@10"] == 0
    assert figures["kind"]["P@1"] < 0.2


def test_the_bundled_checkpoint_finds_what_it_never_saw(bundled_figures):
    assert bundled_figures["text to picture"]["R@10"] >= 0.97
    assert bundled_figures["picture to text"]["R@10"] >= 0.97


def test_the_bundled_checkpoint_knows_the_kinds_of_things(bundled_figures):
    assert bundled_figures["kind"]["P@1"] >= 0.9
    assert bundled_figures["colour and kind"]["P@1"] >= 0.85


def test_the_bundled_checkpoint_knows_the_settings(bundled_figures):
    assert bundled_figures["setting"]["P@1"] >= 0.9
    assert bundled_figures["colour and setting"]["P@1"] >= 0.85


def test_the_bundled_checkpoint_is_small_enough_for_git():
    from pathlib import Path

    weights = Path(settings.BUNDLED_CHECKPOINT) / "model.safetensors"
    assert weights.stat().st_size <= 16_000_000
