"""A checkpoint whose files were altered after it was added is refused, in whatever way."""

import json
import shutil

import pytest

from search.models import Encoder
from tests.support import checkpoints
from workers import encoder_cache
from workers.encoders.load import _load, load_encoder
from workers.encoders.protocol import CheckpointError
from workers.encoders.self_check import probe

pytestmark = pytest.mark.promise("P13")


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    """A checkpoint as it was added, and what is stored of it."""
    folder = checkpoints.tiny_gemma(tmp_path_factory.mktemp("added"))
    encoder = load_encoder(str(folder))
    return folder, encoder.revision, encoder.manifest, probe(encoder)


@pytest.fixture
def copy(added, tmp_path):
    """The same in a folder that a test may alter."""
    yield shutil.copytree(added[0], tmp_path / "copy")
    _load.cache_clear()


def change_a_byte(name):
    def change(folder):
        data = bytearray((folder / name).read_bytes())
        data[-5] ^= 1
        (folder / name).write_bytes(data)

    return change


def cut(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-64])


def other_config(folder):
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["layer_norm_eps"] = 0.1
    checkpoints.write_json(folder / "config.json", **config)


def other_tokenizer(folder):
    checkpoints.save_gemma_tokenizer(
        folder, [*checkpoints.LETTERS[:4], *checkpoints.LETTERS[:3:-1]]
    )


def one_more(folder):
    shutil.copy(folder / "model.safetensors", folder / "model-00002-of-00002.safetensors")


def lose(folder):
    (folder / "tokenizer_config.json").unlink()


def rename(folder):
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")


WAYS = {
    "a byte of the weights": change_a_byte("model.safetensors"),
    "weights cut short": cut,
    "another config": other_config,
    "another tokenizer": other_tokenizer,
    "a file more": one_more,
    "a file missing": lose,
    "a file renamed": rename,
}


def row_of(added, folder, **fields) -> Encoder:
    _, revision, manifest, probes = added
    stored = {"revision": revision, "manifest": manifest, "probes": probes} | fields
    return Encoder(slug="added", checkpoint=str(folder), **stored)


def load(row) -> str:
    """The sentence by which a worker refuses the encoder of this row; empty where it takes it."""
    _load.cache_clear()
    try:
        encoder_cache._checked(row, vision_only=False)
    except CheckpointError as refusal:
        return str(refusal)
    return ""


def test_altered_files_are_refused_in_each_way(added, tmp_path, figure):
    sentences = {}
    for number, (way, alter) in enumerate(WAYS.items()):
        folder = shutil.copytree(added[0], tmp_path / str(number))
        alter(folder)
        sentences[way] = load(row_of(added, folder))

    refused = [way for way, sentence in sentences.items() if sentence.endswith(".")]
    figure("P13", f"{len(refused)} of {len(WAYS)} ways to alter a checkpoint refused")
    assert refused == list(WAYS)


def test_a_hubs_copy_that_was_altered_is_refused_though_its_commit_is_the_same(added, tmp_path):
    """Nothing is hashed to find it: what is stored of its files and vectors decides."""
    for way, alter in WAYS.items():
        if way == "a file more":  # Only what was there is compared; it shows in the vectors.
            continue
        folder = shutil.copytree(added[0], tmp_path / way)
        alter(folder)
        assert load(row_of(added, folder, revision="")), way


def test_control_a_checkpoint_that_nobody_altered_is_taken(added, copy):
    assert load(row_of(added, copy)) == ""


def test_control_without_what_is_stored_altered_weights_would_be_taken(added, copy):
    change_a_byte("model.safetensors")(copy)

    assert load(row_of(added, copy, revision="", manifest={}, probes={})) == ""
    assert load(row_of(added, copy)) != ""
