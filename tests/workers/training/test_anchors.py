"""Holding an encoder to what it knew while it learns more."""

from copy import deepcopy

import pytest
import torch

from tests.support.checkpoints import tiny_clip, tiny_siglip
from workers.encoders.checkpoint import find
from workers.training import anchors
from workers.training.anchors import Anchors
from workers.training.finetuning import load_towers


@pytest.fixture(autouse=True)
def few_scenes(monkeypatch):
    """Two steps are a round, as with more."""
    monkeypatch.setattr(anchors, "_SCENES", 8)
    monkeypatch.setattr(anchors, "_A_STEP", 4)
    monkeypatch.setattr(anchors, "_LONGER_SIDE", 64)


@pytest.fixture(scope="module", params=[tiny_siglip, tiny_clip])
def loaded(request, tmp_path_factory):
    return load_towers(find(str(request.param(tmp_path_factory.mktemp("towers"))), ""))


@pytest.fixture
def towers(loaded):
    """For a test that may change them."""
    return deepcopy(loaded)


def shifted(module):
    with torch.no_grad():
        for weights in module.parameters():
            weights += 0.1 * torch.randn_like(weights)


def test_towers_that_are_as_they_were_have_not_drifted(towers):
    held = Anchors(towers, 0)
    assert all(abs(held.drift(towers, step).item()) < 1e-5 for step in range(3))


@pytest.mark.parametrize("tower", ["text_model", "vision_model"])
def test_each_tower_is_held(towers, tower):
    held = Anchors(towers, 0)
    shifted(getattr(towers.model, tower))
    assert held.drift(towers, 0).item() > 1e-3


def test_a_locked_image_tower_is_not_asked(towers, monkeypatch):
    towers.vision.requires_grad_(False)
    monkeypatch.setattr(type(towers), "pictures", None)
    assert Anchors(towers, 0).drift(towers, 0).item() < 1e-5


def test_drift_can_be_undone(towers):
    held = Anchors(towers, 0)
    shifted(towers.model)
    held.drift(towers, 0).backward()
    matrix = towers.model.vision_model.encoder.layers[0].mlp.fc1.weight
    assert matrix.grad.abs().sum() > 0


def test_the_same_seed_holds_the_same(towers):
    one, other = Anchors(towers, 0), Anchors(towers, 0)
    shifted(towers.model)
    assert one.drift(towers, 1).item() == other.drift(towers, 1).item()


def test_words_are_spelled_as_the_encoder_reads_them(towers):
    heard = []
    Anchors(towers, 0, lambda text: heard.append(text) or text.lower())
    assert len(heard) == 8
