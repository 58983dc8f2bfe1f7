"""The encoders: prescribed preprocessing, unit vectors, and a sentence for what is unfit."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer, SiglipModel

from tests import checkpoints
from workers.encoders.base import CheckpointError, load_encoder
from workers.encoders.siglip import SiglipEncoder

TEXTS = [
    "",
    "mug",
    "a blue bicycle left of a green mug",
    "word " * 300,
    "🚲 🔴",
    "دراجة حمراء",
    "红色的自行车",
    "A RED CAR\x00 IN\nTHE SNOW",
]


@pytest.fixture(scope="module", params=["tiny_siglip", "tiny_gemma", "tiny_siglip_1"])
def folder(request, tmp_path_factory):
    return getattr(checkpoints, request.param)(tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A checkpoint that no test may change."""
    return checkpoints.tiny_siglip(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def copy(tiny, tmp_path):
    """A checkpoint that a test may break."""
    return shutil.copytree(tiny, tmp_path / "copy")


def pictures():
    colour = Image.effect_noise((90, 160), 80)
    return {
        "portrait": Image.merge("RGB", [colour, colour.rotate(180), colour.rotate(90)]),
        "1x1": Image.new("RGB", (1, 1), "red"),
        "1x4000": Image.linear_gradient("L").resize((1, 4000)).convert("RGB"),
        "4000x1": Image.linear_gradient("L").resize((4000, 1)).convert("RGB"),
        "3 high": Image.new("RGB", (40, 3), "teal"),
        "grey": colour,
        "two-tone": colour.convert("1"),
        "palette": colour.convert("P"),
        "alpha": Image.new("RGBA", (50, 40), (200, 20, 30, 120)),
        "CMYK": colour.convert("CMYK"),
    }


def cosines(a, b):
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def as_the_card_says(folder, texts):
    """What a careful reader of the model card computes."""
    model, tokenizer = SiglipModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(
        [text.lower() for text in texts],
        padding="max_length",
        padding_side="right",
        max_length=64,
        truncation=True,
        return_tensors="pt",
    )
    assert inputs.input_ids.shape == (len(texts), 64)
    with torch.no_grad():
        return model.eval().get_text_features(input_ids=inputs.input_ids).pooler_output.numpy()


def test_texts_equal_a_direct_call(folder):
    vectors = SiglipEncoder(str(folder)).encode_texts(TEXTS)
    assert cosines(vectors, as_the_card_says(folder, TEXTS)).min() >= 0.99999


@pytest.mark.parametrize("kind", pictures())
def test_pictures_equal_a_direct_call(tiny, kind):
    picture = pictures()[kind]
    model, processor = SiglipModel.from_pretrained(tiny), AutoImageProcessor.from_pretrained(tiny)
    pixels = processor(picture.convert("RGB"), return_tensors="pt").pixel_values
    with torch.no_grad():
        direct = model.eval().get_image_features(pixel_values=pixels).pooler_output.numpy()
    vectors = load_encoder(str(tiny)).encode_images([picture])
    assert cosines(vectors, direct).min() >= 0.99999


def test_vectors_are_float32_unit_rows(folder):
    encoder = SiglipEncoder(str(folder))
    for vectors in (encoder.encode_texts(TEXTS), encoder.encode_images([*pictures().values()])):
        assert vectors.dtype == np.float32
        assert vectors.shape[1] == encoder.dimensions == 32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_upper_case_means_the_same(folder):
    loud, quiet, other = SiglipEncoder(str(folder)).encode_texts(["RED CAR", "red car", "red mug"])
    np.testing.assert_array_equal(loud, quiet)
    assert not np.allclose(loud, other)


def test_texts_are_padded_to_exactly_64_on_the_right(tiny):
    encoder = SiglipEncoder(str(tiny))
    ids = encoder._token_ids(encoder._tokenizer, ["mug", "word " * 300])
    assert ids.shape == (2, 64)
    padding = (ids[0] == encoder._tokenizer.pad_token_id).tolist()
    assert padding == sorted(padding) and padding.count(True) > 50
    assert encoder._tokenizer.pad_token_id == 0  # The config says 1, and is not asked.


def test_left_padding_in_the_file_is_overruled(copy, tiny):
    config = json.loads((copy / "tokenizer_config.json").read_text())
    checkpoints.write_json(
        copy / "tokenizer_config.json",
        **config | {"padding_side": "left", "model_max_length": 10**30},
    )
    np.testing.assert_array_equal(
        SiglipEncoder(str(copy)).encode_texts(TEXTS), SiglipEncoder(str(tiny)).encode_texts(TEXTS)
    )


def test_a_batch_of_one_equals_a_batch_of_sixteen(tiny):
    encoder = load_encoder(str(tiny))
    texts = [f"{text} {i}" for i in range(2) for text in TEXTS]
    one_by_one = np.concatenate([encoder.encode_texts([text]) for text in texts])
    assert cosines(encoder.encode_texts(texts), one_by_one).min() >= 0.99999
    images = [Image.new("RGB", (20 + i, 40), (i * 15, 99, 20)) for i in range(16)]
    one_by_one = np.concatenate([encoder.encode_images([image]) for image in images])
    assert cosines(encoder.encode_images(images), one_by_one).min() >= 0.99999


def test_the_vision_tower_alone_gives_the_same_vectors(tiny):
    alone = load_encoder(str(tiny), vision_only=True)
    images = [*pictures().values()]
    np.testing.assert_array_equal(
        alone.encode_images(images), load_encoder(str(tiny)).encode_images(images)
    )
    assert not any("text" in name for name, _ in alone._model.named_parameters())
    with pytest.raises(RuntimeError, match="pictures only"):
        alone.encode_texts(["mug"])


def test_nothing_gives_no_rows(tiny):
    encoder = load_encoder(str(tiny))
    assert encoder.encode_texts([]).shape == encoder.encode_images([]).shape == (0, 32)


def test_an_encoder_is_loaded_once_and_says_what_it_is(tiny):
    encoder = load_encoder(str(tiny))
    assert encoder is load_encoder(str(tiny), "")
    assert encoder is not load_encoder(str(tiny), vision_only=True)
    assert (encoder.checkpoint, encoder.resolution) == (str(tiny), 32)
    assert len(encoder.revision) == 12
    assert load_encoder(str(tiny), encoder.revision).revision == encoder.revision


@pytest.mark.parametrize("value", [float("nan"), 0.0], ids=["not a number", "zero"])
def test_a_vector_without_a_direction_is_refused(copy, value):
    checkpoints.change_weights(
        copy, lambda w: [w[f"text_model.head.{k}"].fill_(value) for k in ("weight", "bias")]
    )
    with pytest.raises(CheckpointError, match="gives a vector without a direction"):
        SiglipEncoder(str(copy)).encode_texts(["mug"])
