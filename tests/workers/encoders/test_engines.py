"""What computes an encoder: oneDNN where it is right and not slow, torch alone elsewhere."""

from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from torch import nn

from tests.support import checkpoints
from tests.support.cards import CARDS, cosines
from workers.encoders import engines, weights
from workers.encoders.load import _load, load_encoder

TEXTS = ["a red car", "in the snow", "🚲 🔴"]
PICTURES = [Image.linear_gradient("L").resize((90, 160)), Image.new("RGB", (32, 32), "red")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return checkpoints.tiny_gemma(tmp_path_factory.mktemp("folder"))


@pytest.fixture
def load(folder):
    """Loads the encoder anew, for what a test has changed."""
    _load.cache_clear()
    yield lambda: load_encoder(str(folder))
    _load.cache_clear()


def layers(encoder, kind):
    return [each for each in encoder._towers._model.modules() if type(each) is kind]


def is_exact(encoder, folder):
    card = CARDS["SigLIP 2"](folder)
    words = cosines(encoder.encode_texts(TEXTS), card.texts(TEXTS))
    sights = cosines(encoder.encode_images(PICTURES), card.pictures(PICTURES))
    return min(words.min(), sights.min()) >= 0.99999


def test_onednn_computes_all_linear_layers(load, folder):
    encoder = load()
    assert (encoder.engine, encoder.fallback) == ("oneDNN", None)
    assert layers(encoder, engines.Packed) and not layers(encoder, nn.Linear)
    assert is_exact(encoder, folder)


def test_it_applies_the_activation_of_the_towers_too(load):
    packed = layers(load(), engines.Packed)
    assert ("gelu", "tanh") in {layer.activation for layer in packed}


def test_where_torch_has_no_such_operator_torch_alone_computes(load, folder, monkeypatch):
    monkeypatch.setattr(engines, "_times", lambda: torch.ops.mkldnn.no_such_operator)
    encoder = load()
    assert encoder.engine == "torch" and not layers(encoder, engines.Packed)
    assert str(encoder.fallback).startswith("oneDNN can't be used here, so torch alone computes it")
    assert is_exact(encoder, folder)


def test_where_it_is_slow_torch_alone_computes(load, folder, monkeypatch):
    monkeypatch.setattr(engines, "_times", lambda: 40.0)
    encoder = load()
    assert not layers(encoder, engines.Packed) and is_exact(encoder, folder)
    assert str(encoder.fallback).startswith("oneDNN takes 40.0 times as long as torch here")


def test_where_it_is_wrong_torch_alone_computes(load, folder, monkeypatch):
    right = engines.Packed.forward
    monkeypatch.setattr(engines.Packed, "forward", lambda self, x: right(self, x).roll(1, -1))
    encoder = load()
    assert not layers(encoder, engines.Packed) and is_exact(encoder, folder)
    assert str(encoder.fallback).startswith("oneDNN computes other numbers here (cosine ")


def test_an_unproved_layer_would_spoil_the_vectors(load, folder, monkeypatch):
    """The control of the one above."""
    right = engines.Packed.forward
    monkeypatch.setattr(engines.Packed, "forward", lambda self, x: right(self, x).roll(1, -1))
    monkeypatch.setitem(engines.MIN_COSINES, engines.Packed, -1)
    assert not is_exact(load(), folder)


def test_on_a_gpu_it_is_half_precision(monkeypatch):
    monkeypatch.setattr(weights, "device", lambda: "mps")
    layer = nn.Sequential(nn.Linear(4, 4))
    assert engines.install(layer).name == "mps, bf16"
    assert layer[0].weight.dtype == torch.bfloat16


def test_a_gpus_memory_sets_the_batch():
    vision = SimpleNamespace(image_size=224, patch_size=16, intermediate_size=3072)
    sizes = [engines.pictures_in(memory, vision) for memory in (0, 10**9, 10**12)]
    assert sizes == [1, 103, 256]


# In 8 bits ---------------------------------------------------------------------------------------


@pytest.fixture
def deep(tmp_path, monkeypatch):
    """A checkpoint whose towers have blocks between the first and the last."""
    for tower in (checkpoints.VISION, checkpoints.TEXT):
        monkeypatch.setitem(tower, "num_hidden_layers", 4)
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: True)
    return str(checkpoints.tiny_gemma(tmp_path))


def test_the_blocks_between_the_first_and_the_last_are_in_8_bits(deep):
    model = load_encoder(deep, precision="int8")._towers._model
    for tower in (model.vision_model, model.text_model):
        kinds = [type(block.mlp.fc1) for block in tower.encoder.layers]
        assert kinds == [engines.Packed, engines.Int8, engines.Int8, engines.Packed]


def test_8_bits_are_near_single_precision_and_not_it(deep):
    single, encoder = load_encoder(deep), load_encoder(deep, precision="int8")
    assert (encoder.precision, encoder.revision) == ("int8", single.revision)
    words = cosines(encoder.encode_texts(TEXTS), single.encode_texts(TEXTS))
    sights = cosines(encoder.encode_images(PICTURES), single.encode_images(PICTURES))
    assert 0.999 < min(words.min(), sights.min()) < 0.9999999


def test_in_8_bits_a_vector_does_not_depend_on_what_is_encoded_beside_it(deep):
    encoder = load_encoder(deep, precision="int8")
    together, alone = encoder.encode_images(PICTURES), encoder.encode_images(PICTURES[:1])
    assert (together[:1] == alone).all()


def test_a_processor_without_such_products_computes_in_single_precision(deep, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    encoder = load_encoder(deep, precision="int8")
    assert str(encoder.fallback).startswith("This processor has no instructions for products of 8")
    assert encoder.engine == "torch" and not layers(encoder, engines.Int8)


@pytest.mark.parametrize("bounds", [(0, 0), (-3, 0), (0, 7), (-1, 2), (5, 9), (-0.30000001, 253.5)])
def test_256_numbers_cover_the_inputs(bounds):
    inputs = torch.linspace(*bounds, 1000)
    step, zero, whole = engines.in_8_bits(inputs)
    assert ((whole.float() - zero) * step - inputs).abs().max() <= 0.51 * step
