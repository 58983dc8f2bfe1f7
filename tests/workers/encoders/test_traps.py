"""The traps of preprocessing. Each test also shows that the wrong way gives another vector."""

import json
import shutil
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageChops
from transformers import AutoTokenizer, GemmaTokenizer

from tests.support import checkpoints
from tests.support.cards import CARDS, ClipCard, NaflexCard, SiglipCard, cosines
from tests.support.checkpoints import FAMILIES, WORDS
from workers.encoders.checkpoint import find
from workers.encoders.load import load_encoder
from workers.encoders.weights import load_tokenizer
from workers.training.tokens import trained_tokenizer

TEXTS = ["mug", "a red car in the snow", "word " * 300]
SIGLIPS = [family for family in FAMILIES if family != "CLIP"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Gives the folder of a family's checkpoint, which no test may change."""

    @cache
    def made(family):
        return FAMILIES[family](tmp_path_factory.mktemp("family"))

    return made


@pytest.fixture(scope="module")
def card(folder):
    """Gives what a family's card says, which no test may change."""
    return cache(lambda family: CARDS[family](folder(family)))


def wide():
    pixels = np.random.default_rng(0).integers(0, 255, (6, 16, 3), np.uint8)
    return Image.fromarray(pixels).resize((160, 60))


def same(encoder_vectors, others):
    return cosines(encoder_vectors, others).min() >= 0.99999


def different(encoder_vectors, others):
    return cosines(encoder_vectors, others).min() < 0.999


@pytest.mark.parametrize("family", SIGLIPS)
@pytest.mark.parametrize(
    "wrong", [{"padding": True}, {"padding_side": "left"}, {"max_length": 16}], ids=str
)
def test_siglip_texts_are_padded_to_64_on_the_right(folder, card, family, wrong):
    encoder = load_encoder(str(folder(family)))
    for text in TEXTS[:2]:
        vector = encoder.encode_texts([text])
        assert same(vector, card(family).texts([text]))
        assert different(vector, card(family).texts([text], **wrong))


@pytest.mark.parametrize("family", SIGLIPS)
def test_siglip_texts_go_without_an_attention_mask(folder, card, family):
    card, encoder = card(family), load_encoder(str(folder(family)))
    pad = card.tokenizer.pad_token_id
    masked = card.texts(TEXTS[:2], mask=lambda ids: (ids != pad).long())
    assert same(encoder.encode_texts(TEXTS[:2]), card.texts(TEXTS[:2]))
    assert different(encoder.encode_texts(TEXTS[:2]), masked)


@pytest.mark.parametrize("family", SIGLIPS)
def test_the_padding_is_the_tokenizers_and_not_the_configs(folder, family):
    card, encoder = CARDS[family](folder(family)), load_encoder(str(folder(family)))
    right, wrong = card.tokenizer.pad_token_id, card.model.config.text_config.pad_token_id
    assert (right, wrong) == (2 if family == "SigLIP" else 0, 1)
    vectors = encoder.encode_texts(TEXTS[:2])
    assert same(vectors, card.texts(TEXTS[:2]))
    card.tokenizer.pad_token = card.tokenizer.convert_ids_to_tokens(wrong)
    assert different(vectors, card.texts(TEXTS[:2]))


@pytest.mark.parametrize("family", SIGLIPS)
def test_left_padding_in_the_file_is_overruled(family, folder, tmp_path):
    broken = FAMILIES[family](tmp_path)
    checkpoints.change_json(
        broken / "tokenizer_config.json", padding_side="left", model_max_length=10**30
    )
    vectors = load_encoder(str(broken)).encode_texts(TEXTS)
    np.testing.assert_array_equal(vectors, load_encoder(str(folder(family))).encode_texts(TEXTS))


@pytest.mark.parametrize("family", ["SigLIP 2", "SigLIP 2 NaFlex"])
def test_siglip_2_is_lower_cased_where_its_tokenizer_does_not(folder, family, monkeypatch):
    """The class that the published files name ignores the do_lower_case of its own file."""
    card, encoder = CARDS[family](folder(family)), load_encoder(str(folder(family)))
    card.tokenizer = GemmaTokenizer.from_pretrained(folder(family))
    monkeypatch.setattr(encoder._towers, "tokenizer", card.tokenizer)
    loud, quiet = encoder.encode_texts(["RED CAR"]), encoder.encode_texts(["red car"])
    np.testing.assert_array_equal(loud, quiet)
    assert different(loud, card.texts(["RED CAR"], lower=False))


@pytest.mark.parametrize("family", FAMILIES)
def test_capitals_mean_the_same(folder, family):
    loud, quiet, other = load_encoder(str(folder(family))).encode_texts(
        ["RED CAR", "red car", "red mug"]
    )
    assert loud @ quiet > 0.99999 > loud @ other


def test_a_naflex_has_the_tokenizer_that_was_saved(tmp_path):
    """`AutoTokenizer` makes another one of it: with word boundaries as Gemma has them."""
    own = trained_tokenizer(WORDS)
    own.save_pretrained(checkpoints.tiny_naflex(tmp_path))
    loaded = load_tokenizer(find(str(tmp_path), ""))
    assert loaded(WORDS).input_ids == own(WORDS).input_ids
    assert AutoTokenizer.from_pretrained(tmp_path)(WORDS).input_ids != own(WORDS).input_ids


def test_the_first_siglip_keeps_to_its_tokenizers_setting(tmp_path):
    folder = checkpoints.tiny_siglip_1(tmp_path)
    checkpoints.change_json(folder / "tokenizer_config.json", do_lower_case=False)
    loud, quiet = load_encoder(str(folder)).encode_texts(["RED CAR", "red car"])
    assert loud @ quiet < 0.999
    assert same(loud[None], SiglipCard(folder).texts(["RED CAR"], lower=False))


def test_the_first_siglip_reads_its_sentencepiece_file_and_none_beside_it(folder, tmp_path):
    """The published folders have a tokenizer.json too."""
    both = checkpoints.tiny_siglip_1(tmp_path)
    shutil.copy(folder("SigLIP 2") / "tokenizer.json", both)
    encoder, alone = load_encoder(str(both)), load_encoder(str(folder("SigLIP")))
    assert encoder.family == "SigLIP"
    np.testing.assert_array_equal(encoder.encode_texts(TEXTS), alone.encode_texts(TEXTS))


@pytest.mark.parametrize("wrong", [{"padding_side": "left"}, {"max_length": 64}], ids=str)
def test_clip_reads_77_tokens_up_to_the_end_of_the_text(folder, card, wrong):
    card, encoder = card("CLIP"), load_encoder(str(folder("CLIP")))
    vectors = encoder.encode_texts(TEXTS)
    assert encoder.text_length == 77
    assert same(vectors, card.texts(TEXTS))
    assert same(vectors, card.texts(TEXTS, padding="max_length", max_length=77))
    assert different(vectors, card.texts(TEXTS, **wrong))


def test_left_padding_in_the_file_of_a_clip_is_overruled(folder, tmp_path):
    broken = checkpoints.tiny_clip(tmp_path)
    checkpoints.change_json(broken / "tokenizer_config.json", padding_side="left")
    vectors = load_encoder(str(broken)).encode_texts(TEXTS)
    np.testing.assert_array_equal(vectors, load_encoder(str(folder("CLIP"))).encode_texts(TEXTS))
    assert different(vectors, ClipCard(broken).texts(TEXTS))


def test_clip_crops_the_middle_and_does_not_stretch(folder, card):
    card, encoder = card("CLIP"), load_encoder(str(folder("CLIP")))
    vector = encoder.encode_images([wide()])
    assert same(vector, card.pictures([wide()]))
    assert different(vector, card.pictures([wide().resize((32, 32))]))


@pytest.mark.parametrize("size", [(3, 2000), (2000, 3), (1, 8000), (7, 9999), (9999, 7)])
def test_the_crop_of_a_long_strip_is_the_one_from_its_middle(folder, card, size):
    pixels = np.random.default_rng(0).bytes(size[0] * size[1] * 3)
    strip = Image.frombytes("RGB", size, pixels)
    card, encoder = card("CLIP"), load_encoder(str(folder("CLIP")))
    assert same(encoder.encode_images([strip]), card.pictures([strip]))
    moved = ImageChops.offset(strip, 2 if size[0] > size[1] else 0, 2 if size[1] > size[0] else 0)
    assert different(encoder.encode_images([strip]), card.pictures([moved]))


def test_a_clip_that_stretches_is_obeyed_too(tmp_path):
    folder = checkpoints.tiny_clip(tmp_path)
    checkpoints.change_json(
        folder / "preprocessor_config.json", do_center_crop=False, size={"height": 32, "width": 32}
    )
    strip = Image.linear_gradient("L").resize((4, 2000)).convert("RGB")
    for picture in (wide(), strip):
        vector = load_encoder(str(folder)).encode_images([picture])
        assert same(vector, ClipCard(folder).pictures([picture]))


def test_the_old_form_of_clips_preprocessing_file_is_read_alike(folder, tmp_path):
    old = checkpoints.tiny_clip(tmp_path)
    checkpoints.change_json(old / "preprocessor_config.json", size=32, crop_size=32)
    vectors = load_encoder(str(old)).encode_images([wide()])
    np.testing.assert_array_equal(
        vectors, load_encoder(str(folder("CLIP"))).encode_images([wide()])
    )


def test_naflex_keeps_the_proportions(folder, card):
    card = card("SigLIP 2 NaFlex")
    vector = load_encoder(str(folder("SigLIP 2 NaFlex"))).encode_images([wide()])
    assert same(vector, card.pictures([wide()]))
    assert different(vector, card.pictures([wide().resize((40, 40))]))


def test_naflex_gets_the_mask_of_its_padding(folder, card):
    card = card("SigLIP 2 NaFlex")
    vector = load_encoder(str(folder("SigLIP 2 NaFlex"))).encode_images([wide()])
    inputs = card.processor([wide()], return_tensors="pt")
    assert not inputs.pixel_attention_mask.all()  # There is padding to be masked.
    inputs["pixel_attention_mask"] = inputs.pixel_attention_mask.new_ones(1, 20)
    unmasked = card.model.get_image_features(**inputs).pooler_output
    assert different(vector, unmasked.detach().numpy())


def test_naflex_gets_the_shape_of_each_picture(folder, card):
    card = card("SigLIP 2 NaFlex")
    vector = load_encoder(str(folder("SigLIP 2 NaFlex"))).encode_images([wide()])
    inputs = card.processor([wide()], return_tensors="pt")
    inputs["spatial_shapes"] = inputs.spatial_shapes.flip(1)
    turned = card.model.get_image_features(**inputs).pooler_output
    assert different(vector, turned.detach().numpy())


def test_naflex_takes_the_number_of_patches_from_the_checkpoints_own_file(tmp_path):
    """Siglip2Processor would force 256."""
    folder = checkpoints.tiny_naflex(tmp_path, patches=30)
    encoder, card = load_encoder(str(folder)), NaflexCard(folder)
    assert (encoder.patches, encoder.resolution) == (30, 40)
    vector = encoder.encode_images([wide()])
    assert same(vector, card.pictures([wide()], max_num_patches=30))
    assert different(vector, card.pictures([wide()], max_num_patches=256))


@pytest.mark.parametrize("patches", [1, 12, 64, 256])
def test_the_number_of_patches_is_a_setting_of_a_naflex_encoder(folder, card, patches):
    path = folder("SigLIP 2 NaFlex")
    encoder, alone = (load_encoder(str(path), patches=patches, vision_only=v) for v in (0, 1))
    assert encoder.patches == alone.patches == patches
    vector = encoder.encode_images([wide()])
    right = card("SigLIP 2 NaFlex").pictures([wide()], max_num_patches=patches)
    assert same(vector, right)
    np.testing.assert_array_equal(vector, alone.encode_images([wide()]))
    assert different(vector, load_encoder(str(path)).encode_images([wide()]))


def test_a_clip_whose_config_misnames_the_end_of_text_reads_it_all_the_same(folder, tmp_path):
    """The published configs say 2, which is the number of an ordinary token."""
    old = checkpoints.tiny_clip(tmp_path)
    config = json.loads((old / "config.json").read_text())
    config["text_config"] |= {"eos_token_id": 2, "bos_token_id": 0}
    checkpoints.write_json(old / "config.json", **config)
    vectors = load_encoder(str(old)).encode_texts(TEXTS)
    assert same(vectors, load_encoder(str(folder("CLIP"))).encode_texts(TEXTS))
