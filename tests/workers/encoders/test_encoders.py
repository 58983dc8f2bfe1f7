"""What every encoder promises, of whichever family."""

import shutil

import numpy as np
import pytest
from PIL import Image

from tests.support import checkpoints
from tests.support.checkpoints import FAMILIES
from workers.encoders.load import load_encoder
from workers.encoders.protocol import CheckpointError, PicturesOnly

TEXTS = ["", "mug", "a blue bicycle left of a green mug", "word " * 300, "🚲 🔴", "دراجة حمراء"]
# Family, dimensions, resolution, text length, patches: as each checkpoint's own files say.
FACTS = {
    "SigLIP 2": ("SigLIP 2", 32, 32, 64, None),
    "SigLIP 2, own tokenizer": ("SigLIP 2", 32, 32, 64, None),
    "SigLIP 2 NaFlex": ("SigLIP 2 NaFlex", 32, 32, 64, 20),
    "SigLIP": ("SigLIP", 32, 32, 64, None),
    "CLIP": ("CLIP", 20, 32, 77, None),
}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def folder(family, tmp_path_factory):
    """A checkpoint that no test may change."""
    return FAMILIES[family](tmp_path_factory.mktemp("family"))


@pytest.fixture(scope="module")
def encoder(folder):
    return load_encoder(str(folder))


@pytest.fixture
def copy(folder, tmp_path):
    """A checkpoint that a test may break."""
    return shutil.copytree(folder, tmp_path / "copy")


def pictures():
    grey = Image.linear_gradient("L").resize((90, 160))
    return [grey, grey.convert("CMYK"), Image.new("RGBA", (1, 1), "red"), grey.resize((1, 4000))]


def facts(encoder):
    shape = (encoder.dimensions, encoder.resolution, encoder.text_length)
    return (encoder.family, *shape, encoder.patches)


def test_an_encoder_says_what_it_is(encoder, family, folder):
    assert facts(encoder) == FACTS[family]
    assert encoder.checkpoint == str(folder)
    assert len(encoder.revision) == 12


def test_the_bundled_encoder_is_a_siglip_2():
    encoder = load_encoder("workers/checkpoints/studio-siglip2")
    assert (encoder.family, encoder.text_length, encoder.patches) == ("SigLIP 2", 64, None)
    assert encoder._towers.tokenizer.pad_token_id == 0


def test_vectors_are_float32_unit_rows(encoder):
    for vectors in (encoder.encode_texts(TEXTS), encoder.encode_images(pictures())):
        assert vectors.dtype == np.float32
        assert vectors.shape[1] == encoder.dimensions
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_nothing_gives_no_rows(encoder):
    nothing = (0, encoder.dimensions)
    assert encoder.encode_texts([]).shape == encoder.encode_images([]).shape == nothing


@pytest.mark.parametrize("method", ["text_features", "image_features"])
def test_many_are_encoded_a_batch_at_a_time(encoder, monkeypatch, method):
    ask, sizes = getattr(encoder._towers, method), []
    monkeypatch.setattr(
        encoder._towers, method, lambda batch: sizes.append(len(batch)) or ask(batch)
    )
    monkeypatch.setattr(encoder, "batch_size", 3)
    if method == "text_features":
        vectors = encoder.encode_texts([words(number) for number in range(7)])
    else:
        vectors = encoder.encode_images(pictures() * 2)[:7]
    assert (len(vectors), sizes[:2]) == (7, [3, 3])


def test_the_vision_tower_alone_gives_the_same_vectors(encoder, folder, family):
    alone = load_encoder(str(folder), vision_only=True)
    np.testing.assert_array_equal(
        alone.encode_images(pictures()), encoder.encode_images(pictures())
    )
    assert facts(alone) == FACTS[family]


def test_the_vision_tower_alone_holds_no_text_tower(folder, encoder):
    def names(loaded):
        return [name for name, _ in loaded._towers._model.named_parameters()]

    assert any("text" in name for name in names(encoder))
    assert not any("text" in name for name in names(load_encoder(str(folder), vision_only=True)))


@pytest.mark.parametrize("ask", ["encode_texts", "truncates"])
def test_the_vision_tower_alone_takes_no_texts(folder, ask):
    alone = load_encoder(str(folder), vision_only=True)
    with pytest.raises(PicturesOnly, match="This encoder was loaded for pictures only."):
        getattr(alone, ask)(["mug"])


def words(number):
    return " ".join(["a"] * number)


def test_a_text_is_truncated_when_it_has_a_token_too_many(encoder):
    tokens = encoder._towers.count_tokens
    fits = next(n for n in range(100) if tokens(words(n + 1)) > encoder.text_length)
    assert tokens(words(fits)) >= encoder.text_length - 1
    assert not encoder.truncates(words(fits))
    assert encoder.truncates(words(fits + 1))


def test_what_is_truncated_leaves_no_trace_in_the_vector(encoder):
    short, long, longer = encoder.encode_texts([words(9), words(99), words(99) + " red"])
    assert long @ longer > 0.99999 > short @ long


def test_an_encoder_is_loaded_once(encoder, folder):
    assert encoder is load_encoder(str(folder), "")
    assert encoder is not load_encoder(str(folder), vision_only=True)
    assert load_encoder(str(folder), encoder.revision).revision == encoder.revision


@pytest.mark.parametrize("value", [float("nan"), 0.0], ids=["not a number", "zero"])
def test_a_vector_without_a_direction_is_refused(copy, value):
    checkpoints.change_weights(copy, lambda weights: [w.fill_(value) for w in weights.values()])
    encoder = load_encoder(str(copy))
    for encode, what in ((encoder.encode_texts, "mug"), (encoder.encode_images, pictures()[0])):
        with pytest.raises(CheckpointError, match="gives a vector without a direction"):
            encode([what])


def test_the_manifest_has_the_hash_of_each_file_that_decides_the_vectors(encoder, copy):
    (copy / "README.md").write_text("No matter.")
    (copy / "pytorch_model.bin").write_bytes(b"Never opened.")
    names = {"config.json", "model.safetensors", "preprocessor_config.json"}
    assert names < encoder.manifest.keys()
    again = load_encoder(str(copy))
    assert (again.manifest, again.revision) == (encoder.manifest, encoder.revision)


def test_a_changed_file_changes_the_manifest_and_the_revision(encoder, copy):
    checkpoints.change_json(copy / "tokenizer_config.json", changed=True)
    changed = load_encoder(str(copy))
    assert {name for name, _ in changed.manifest.items() ^ encoder.manifest.items()} == {
        "tokenizer_config.json"
    }
    assert changed.revision != encoder.revision
