"""The tokenizers that are trained on the captions, and how the encoders read with them."""

from functools import cache
from random import Random

import numpy as np
import pytest
from transformers import AutoTokenizer, CLIPConfig, CLIPImageProcessorPil, CLIPModel

from tests.support.checkpoints import TEXT, VISION, save
from workers.encoders.load import load_encoder
from workers.studio.captions import caption
from workers.studio.scenes import LANGUAGES, random_scene
from workers.training.tokens import (
    TEXT_LENGTH,
    VOCABULARY,
    token_ids,
    trained_clip_tokenizer,
    trained_tokenizer,
)


def captions(count, seed, **wanted):
    rng = Random(seed)
    return [
        caption(random_scene(rng), rng, language=language, **wanted)
        for _ in range(count)
        for language in LANGUAGES
    ]


@cache
def tokenizer():
    return trained_tokenizer(captions(600, 1))


def pieces(text):
    return [tokenizer().decode([number]) for number in tokenizer()(text).input_ids]


def test_the_first_numbers_are_those_of_siglip_2():
    assert tokenizer().convert_ids_to_tokens(range(4)) == ["<pad>", "<eos>", "<bos>", "<unk>"]
    assert 2000 < len(tokenizer()) <= VOCABULARY


def test_every_caption_fits():
    assert max(map(len, tokenizer()(captions(400, 2, full=True)).input_ids)) <= TEXT_LENGTH


def test_words_of_the_captions_are_one_number_each():
    assert pieces("Rote Tasse, MAÇÃ") == ["rote", "tasse", ",", "maçã", "<eos>"]


def test_words_without_spaces_between_them_are_told_apart():
    assert pieces("雪の中の赤いマグカップ") == [*"雪の中の赤い", "マグカップ", "<eos>"]
    assert pieces("红色马克杯") == [*"红色马克杯", "<eos>"]


@pytest.mark.parametrize("text", ["ÄPFEL ÇA ÉLÉPHANT", "ＲＥＤ mug", "MUG"])
def test_capitals_and_wide_letters_make_no_difference(text):
    same = text.lower().replace("ｒｅｄ", "red")
    assert tokenizer()(text).input_ids == tokenizer()(same).input_ids


@pytest.mark.parametrize("text", ["दो कप", "🚲", "кошка", "龘", "naïve"])
def test_nothing_is_unknown(text):
    numbers = tokenizer()(text).input_ids
    assert tokenizer().unk_token_id not in numbers
    assert tokenizer().decode(numbers[:-1]) == text.replace(" ", "")


def test_texts_are_cut_and_padded_to_the_full_length():
    ids = token_ids(tokenizer(), ["red mug", "red mug " * 60])
    assert ids.shape == (2, TEXT_LENGTH)
    assert ids[0, -1] == tokenizer().pad_token_id and ids[1, -1] == tokenizer().eos_token_id


def test_it_is_loaded_as_it_was_saved(tmp_path):
    tokenizer().save_pretrained(tmp_path)
    loaded, texts = AutoTokenizer.from_pretrained(tmp_path), captions(20, 3)
    assert loaded(texts).input_ids == tokenizer()(texts).input_ids


def test_clip_reads_the_same_words_after_a_beginning():
    numbers = trained_clip_tokenizer(captions(600, 1))("red mug").input_ids
    assert numbers == [tokenizer().bos_token_id, *tokenizer()("red mug").input_ids]


def test_clip_loads_its_tokenizer(tmp_path):
    trained = trained_clip_tokenizer(captions(20, 1))
    text = TEXT | {"vocab_size": len(trained), "bos_token_id": 2, "eos_token_id": 1}
    save(CLIPModel, CLIPConfig(vision_config=VISION, text_config=text), tmp_path)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=32).save_pretrained(tmp_path)
    trained.save_pretrained(tmp_path)
    vectors = load_encoder(str(tmp_path)).encode_texts(
        ["red mug", "RED MUG", "red mug in the snow"]
    )
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert vectors[0] @ vectors[2] < 0.999
