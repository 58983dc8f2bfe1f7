"""An encoder whose meaning has changed is refused, in a sentence that says what changed."""

import json
import shutil

import numpy as np
import pytest
from PIL.Image import Resampling

from tests.support import checkpoints
from tests.support.checkpoints import FAMILIES
from workers.encoders import siglip
from workers.encoders.load import _load, load_encoder
from workers.encoders.protocol import CheckpointError
from workers.encoders.self_check import TEXTS, probe, verify


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A SigLIP 2 that no test may change."""
    return checkpoints.tiny_gemma(tmp_path_factory.mktemp("folder"))


@pytest.fixture(scope="module")
def probes(folder):
    return probe(load_encoder(str(folder)))


@pytest.fixture
def copy(folder, tmp_path):
    """The same in a folder that a test may change."""
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.fixture
def encoder(folder):
    """What a test patches of it is undone; a test that alters more takes a copy."""
    return load_encoder(str(folder))


@pytest.fixture(scope="module", params=FAMILIES)
def added(request, tmp_path_factory):
    """The folder of an encoder of each family, and what was stored as it was added."""
    folder = FAMILIES[request.param](tmp_path_factory.mktemp("added"))
    encoder = load_encoder(str(folder))
    return folder, json.dumps([encoder.manifest, probe(encoder)])


@pytest.mark.parametrize("vision_only", [False, True])
def test_what_has_not_changed_is_verified_from_json(added, vision_only):
    folder, stored = added
    verify(load_encoder(str(folder), vision_only=vision_only), *json.loads(stored))


def test_the_texts_tell_case_languages_and_truncation(encoder):
    assert {"red car", "RED CAR"} < set(TEXTS)
    assert any(not text.isascii() for text in TEXTS)
    assert encoder.truncates(TEXTS[-1])


def test_changed_weights_are_refused_by_the_name_of_their_file(copy, folder, probes):
    manifest = load_encoder(str(folder)).manifest
    verify(load_encoder(str(copy)), manifest, probes)
    checkpoints.save_model(copy, len(checkpoints.LETTERS), seed=9)
    _load.cache_clear()
    with pytest.raises(CheckpointError, match="The file model.safetensors of .* has changed since"):
        verify(load_encoder(str(copy)), manifest, probes)


def test_changed_weights_are_refused_by_their_vectors_too(copy, probes):
    checkpoints.save_model(copy, len(checkpoints.LETTERS), seed=9)
    with pytest.raises(CheckpointError, match="have changed since it was added"):
        verify(load_encoder(str(copy)), {}, probes)


def test_a_lost_file_is_a_changed_file(encoder, probes):
    with pytest.raises(CheckpointError, match="The file spiece.model of .* has changed since"):
        verify(encoder, {"spiece.model": "0" * 64}, probes)


def test_a_file_that_matters_to_nothing_may_be_added(copy, folder, probes):
    checkpoints.write_json(copy / "training.json", steps=3)
    verify(load_encoder(str(copy)), load_encoder(str(folder)).manifest, probes)


@pytest.mark.parametrize("vision_only", [False, True])
def test_another_preprocessing_of_pictures_is_refused(folder, probes, monkeypatch, vision_only):
    """As if a library shrank pictures in another way from one version to the next."""
    encoder = load_encoder(str(folder), vision_only=vision_only)
    verify(encoder, {}, probes)
    monkeypatch.setattr(encoder._towers._processor, "resample", Resampling.BILINEAR)
    moved = r"have changed since it was added \(cosine 0.9\d\d for a drawing of 120 x 250 pixels\)"
    with pytest.raises(CheckpointError, match=moved) as refusal:
        verify(encoder, {}, probes)
    assert str(refusal.value).endswith("undo that, or add it as a new encoder.")


def test_another_padding_of_texts_is_refused(encoder, probes, monkeypatch):
    right = siglip.padded_ids
    monkeypatch.setattr(siglip, "padded_ids", lambda *given: right(*given).roll(9, 1))
    with pytest.raises(CheckpointError, match=r"have changed since it was added \(cosine .* for"):
        verify(encoder, {}, probes)


def test_another_truncation_of_texts_is_refused(encoder, probes, monkeypatch):
    monkeypatch.setattr(encoder._towers, "text_length", 63)
    with pytest.raises(CheckpointError, match="have changed since it was added"):
        verify(encoder, {}, probes)


def test_what_half_precision_rounds_off_is_no_change(copy, probes):
    encoder = load_encoder(str(copy))
    encoder._towers._model.bfloat16().float()
    assert not np.allclose(encoder.encode_texts(TEXTS), probes["texts"], atol=1e-4)
    verify(encoder, {}, probes)


@pytest.mark.parametrize("check", [probe, lambda encoder: verify(encoder, {}, {})])
def test_a_siglip_2_that_tells_capitals_apart_is_refused(encoder, monkeypatch, check):
    check(encoder)
    monkeypatch.setattr(encoder._towers, "_spelling", lambda text: text)
    with pytest.raises(CheckpointError, match="tells RED CAR from red car"):
        check(encoder)


def test_other_families_may_tell_capitals_apart(tmp_path):
    folder = checkpoints.tiny_siglip_1(tmp_path)
    checkpoints.change_json(folder / "tokenizer_config.json", do_lower_case=False)
    red, loud, *_ = probe(load_encoder(str(folder)))["texts"]
    assert np.dot(red, loud) < 0.999


def test_an_encoder_for_pictures_alone_is_not_asked_for_texts(folder, probes):
    spoilt = probes | {"texts": [[1.0] + [0.0] * 31] * len(TEXTS)}
    verify(load_encoder(str(folder), vision_only=True), {}, spoilt)
    with pytest.raises(CheckpointError, match="have changed since it was added"):
        verify(load_encoder(str(folder)), {}, spoilt)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_weights_that_are_no_numbers_are_refused(copy, value):
    checkpoints.change_weights(copy, lambda weights: [w.fill_(value) for w in weights.values()])
    with pytest.raises(CheckpointError, match="gives a vector without a direction"):
        probe(load_encoder(str(copy)))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda vectors: vectors * 2, "gives vectors that are not of length one"),
        (lambda vectors: vectors * np.nan, "gives vectors that are not of length one"),
        (lambda vectors: vectors[:, :5], "gives vectors of 5 numbers and not of 32"),
    ],
    ids=["twice as long", "not a number", "cut"],
)
@pytest.mark.parametrize("method", ["encode_texts", "encode_images"])
def test_unsound_vectors_are_refused(encoder, monkeypatch, method, spoil, sentence):
    sound = getattr(encoder, method)
    monkeypatch.setattr(encoder, method, lambda given: spoil(sound(given)))
    for check in (probe, lambda encoder: verify(encoder, {}, {})):
        with pytest.raises(CheckpointError, match=sentence):
            check(encoder)


def test_probes_of_another_dimension_are_refused(encoder, probes):
    shorter = {kind: [vector[:-1] for vector in vectors] for kind, vectors in probes.items()}
    with pytest.raises(CheckpointError, match="another number of pictures or of dimensions"):
        verify(encoder, {}, shorter)


def test_another_number_of_patches_is_another_encoder(tmp_path):
    folder = str(checkpoints.tiny_naflex(tmp_path))
    stored = probe(load_encoder(folder, patches=12))
    verify(load_encoder(folder, patches=12, vision_only=True), {}, stored)
    with pytest.raises(CheckpointError, match="have changed since it was added"):
        verify(load_encoder(folder), {}, stored)


def test_the_bundled_encoder_passes():
    encoder = load_encoder("workers/checkpoints/studio-siglip2")
    verify(encoder, encoder.manifest, probe(encoder))
