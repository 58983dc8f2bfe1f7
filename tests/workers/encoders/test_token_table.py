"""A token table stays in its file; a file that changes under a running worker is noticed."""

import os
import shutil

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from tests.support import checkpoints
from workers.encoders import token_table
from workers.encoders.load import _load, load_encoder
from workers.encoders.protocol import CheckpointError

IDS = torch.tensor([[5, 0, 96, 5, 0], [7, 7, 7, 97, 1]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return checkpoints.tiny_gemma(tmp_path_factory.mktemp("gemma"))


@pytest.fixture
def copy(folder, tmp_path):
    """The same in a folder that a test may alter."""
    yield shutil.copytree(folder, tmp_path / "copy")
    _load.cache_clear()


def table_of(folder):
    (path,) = folder.glob("*.safetensors")
    return token_table.TokenTable("tiny", token_table.place_of(path))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_rows_are_those_of_the_file_in_float32(copy, dtype):
    weights = copy / "model.safetensors"
    tensors = {name: tensor.to(dtype) for name, tensor in load_file(weights).items()}
    save_file(tensors, weights)

    assert torch.equal(table_of(copy)(IDS), tensors[token_table.NAME].float()[IDS])


@pytest.mark.parametrize("number", [-1, len(checkpoints.LETTERS)])
def test_a_row_beyond_the_table_is_an_error_and_not_another_tensors(folder, number):
    with pytest.raises(IndexError):
        table_of(folder)(torch.tensor([[1, number]]))


@pytest.mark.parametrize("family", checkpoints.FAMILIES)
def test_of_every_family_the_table_is_no_part_of_what_is_in_memory(family, tmp_path):
    model = load_encoder(str(checkpoints.FAMILIES[family](tmp_path)))._towers._model

    assert isinstance(model.text_model.embeddings.token_embedding, token_table.TokenTable)
    assert token_table.NAME not in dict(model.named_parameters())


def cut_short(weights):
    os.truncate(weights, 200)


def rewrite(weights):
    weights.write_bytes(bytes(weights.stat().st_size))


@pytest.mark.promise("P13")
@pytest.mark.parametrize("alter", [cut_short, rewrite])
def test_a_file_altered_under_a_loaded_encoder_ends_in_a_sentence(copy, alter):
    encoder = load_encoder(str(copy))
    encoder.encode_texts(["a red car"])

    alter(copy / "model.safetensors")

    with pytest.raises(CheckpointError, match=r"\.$"):
        encoder.encode_texts(["a red car"])


@pytest.mark.promise("P13")
def test_a_file_altered_while_a_text_is_encoded_ends_in_a_sentence(copy, monkeypatch):
    encoder = load_encoder(str(copy))
    features = encoder._towers.text_features

    def altered_meanwhile(texts):
        rewrite(copy / "model.safetensors")
        return features(texts)

    monkeypatch.setattr(encoder._towers, "text_features", altered_meanwhile)
    with pytest.raises(CheckpointError, match=r"\.$"):
        encoder.encode_texts(["a red car"])


@pytest.mark.promise("P13")
@pytest.mark.parametrize("alter", [cut_short, rewrite])
def test_pictures_are_encoded_as_before_whatever_becomes_of_the_file(copy, alter):
    """Were it mapped, their vectors would be others, or the process would end."""
    encoder = load_encoder(str(copy), vision_only=True)
    picture = Image.linear_gradient("L").resize((40, 30)).convert("RGB")
    before = encoder.encode_images([picture])
    alter(copy / "model.safetensors")

    assert (encoder.encode_images([picture]) == before).all()


@pytest.mark.promise("P13")
def test_one_whose_file_was_replaced_is_loaded_anew(copy):
    encoder = load_encoder(str(copy))
    assert load_encoder(str(copy)) is encoder
    other = checkpoints.tiny_gemma(copy.parent / "other")

    os.replace(other / "model.safetensors", copy / "model.safetensors")

    assert encoder.is_altered()
    assert load_encoder(str(copy)) is not encoder


@pytest.mark.promise("P13")
def test_control_one_that_nobody_touched_goes_on(copy):
    encoder = load_encoder(str(copy))
    os.utime(copy / "config.json")

    assert not encoder.is_altered()
    assert encoder.encode_texts(["a red car"]).shape == (1, 32)
