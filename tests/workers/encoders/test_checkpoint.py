"""Finding a checkpoint, in a folder or on a hub, and refusing the unfit in a sentence."""

import hashlib
import json
import shutil
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image
from transformers import SiglipModel

from tests.support import checkpoints
from tests.support.checkpoints import FAMILIES
from workers.encoders import checkpoint
from workers.encoders.load import _load, load_encoder
from workers.encoders.protocol import CheckpointError

PICTURE = Image.linear_gradient("L").resize((90, 40)).convert("RGB")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A checkpoint that no test may change."""
    return checkpoints.tiny_siglip(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def forgotten():
    forget_loaded()


def forget_loaded():
    """Be as a fresh process is."""
    _load.cache_clear()


@pytest.fixture
def copy(tiny, tmp_path):
    """A checkpoint that a test may break."""
    return shutil.copytree(tiny, tmp_path / "copy")


def lose(name):
    return lambda folder: (folder / name).unlink()


def overwrite(name, text):
    return lambda folder: (folder / name).write_text(text)


def cut_weights(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-999])


def config_a_folder(folder):
    lose("preprocessor_config.json")(folder)
    (folder / "preprocessor_config.json").mkdir()


def dangle(folder):
    (folder / "model-2.safetensors").symlink_to(folder / "gone")


def only_pickle(folder):
    torch.save(torch.nn.Linear(2, 2).state_dict(), folder / "pytorch_model.bin")
    lose("model.safetensors")(folder)


def other_type(kind):
    return lambda folder: checkpoints.change_json(folder / "config.json", model_type=kind)


def lose_a_tensor(folder):
    checkpoints.change_weights(folder, lambda weights: weights.pop("text_model.head.bias"))


def narrow_a_tensor(folder):
    checkpoints.change_weights(
        folder, lambda weights: weights.update({"text_model.head.bias": torch.zeros(7)})
    )


REFUSALS = {
    "no config": (lose("config.json"), "is no checkpoint: it has no config.json."),
    "config cut": (overwrite("config.json", '{"model'), "config.json of .* is damaged."),
    "config a list": (overwrite("config.json", "[]"), "config.json of .* is damaged."),
    "no weights": (lose("model.safetensors"), "it has no model.safetensors."),
    "weights cut": (cut_weights, "The weights of .* are cut short or damaged."),
    "weights empty": (overwrite("model.safetensors", ""), "are cut short or damaged."),
    "link to nothing": (dangle, "A file of .* cannot be read: No such file or directory."),
    "config a folder": (config_a_folder, "The preprocessor_config.json of .* is damaged."),
    "pickle only": (only_pickle, "weights as pickle only, which can run code"),
    "tensor missing": (lose_a_tensor, "lack 1 tensors, text_model.head.bias among them."),
    "tensor narrow": (narrow_a_tensor, "have other shapes than its config.json says."),
    "no tokenizer": (lose("tokenizer.json"), "it has no tokenizer.json."),
    "tokenizer cut": (
        overwrite("tokenizer.json", '{"version"'),
        "tokenizer of .* cannot be loaded: ",
    ),
    "no preprocessor": (lose("preprocessor_config.json"), "has no preprocessor_config.json."),
    "preprocessor cut": (overwrite("preprocessor_config.json", "{"), "_config.json of .* damaged."),
    "BLIP": (other_type("blip"), "is of the type blip; Sightline takes SigLIP 2, SigLIP and CLIP"),
    "no type": (other_type(None), "is of the type None; Sightline takes"),
    "CLIP in name only": (other_type("clip"), "have other shapes than its config.json says."),
    "NaFlex in name only": (other_type("siglip2"), "have other shapes than its config.json says."),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_an_unfit_folder_is_refused_in_one_sentence(copy, case):
    spoil, sentence = REFUSALS[case]
    spoil(copy)
    with pytest.raises(CheckpointError, match=sentence) as refusal:
        load_encoder(str(copy))
    assert str(refusal.value).endswith(".") and "\n" not in str(refusal.value)


def test_a_pickle_beside_the_safetensors_is_not_opened(copy, tiny):
    (copy / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    np.testing.assert_array_equal(
        load_encoder(str(copy)).encode_texts(["mug"]), load_encoder(str(tiny)).encode_texts(["mug"])
    )


CONFIGS = ["config.json", "tokenizer_config.json", "preprocessor_config.json"]


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("vision_only", [True, False])
def test_code_in_a_checkpoint_is_refused_and_not_run(copy, tmp_path, name, vision_only):
    kinds = ("AutoConfig", "AutoModel", "AutoTokenizer", "AutoImageProcessor")
    checkpoints.change_json(copy / name, auto_map=dict.fromkeys(kinds, "evil.Evil"))
    (copy / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(CheckpointError, match="wants code of its own to be run"):
        load_encoder(str(copy), vision_only=vision_only)
    assert not (tmp_path / "ran").exists()


def test_changed_weights_are_refused_under_the_old_revision(copy):
    revision = load_encoder(str(copy)).revision
    checkpoints.save_model(copy, 200, seed=9)
    with pytest.raises(CheckpointError, match=f"no longer those of revision {revision}"):
        load_encoder(str(copy), revision)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("vision_only", [True, False])
def test_every_family_refuses_cut_weights_and_wrong_shapes(family, tmp_path, vision_only):
    folder = FAMILIES[family](tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["vision_config"] |= {"intermediate_size": 40}
    checkpoints.write_json(folder / "config.json", **config)
    with pytest.raises(CheckpointError, match="have other shapes than its config.json says."):
        load_encoder(str(folder), vision_only=vision_only)
    cut_weights(folder)
    with pytest.raises(CheckpointError, match="are cut short or damaged."):
        load_encoder(str(folder), vision_only=vision_only)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to ..."),
    ],
    ids=["Python", "GPU", "CPU"],
)
def test_too_little_memory_is_said_in_a_sentence(copy, monkeypatch, error):
    def refuse(*args, **kwargs):
        raise error

    with monkeypatch.context() as patch, pytest.raises(CheckpointError) as refusal:
        patch.setattr(SiglipModel, "from_pretrained", refuse)
        load_encoder(str(copy))
    assert str(refusal.value) == f"There is not enough memory for {copy}."
    monkeypatch.setattr(SiglipModel, "get_text_features", refuse)
    with pytest.raises(CheckpointError, match="There is not enough memory for"):
        load_encoder(str(copy)).encode_texts(["mug"])


def test_a_bug_while_encoding_is_not_taken_for_too_little_memory(copy, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(SiglipModel, "get_text_features", fail)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        load_encoder(str(copy)).encode_texts(["mug"])


def test_patches_are_a_setting_of_naflex_alone(copy):
    with pytest.raises(CheckpointError, match="takes pictures of one size"):
        load_encoder(str(copy), patches=256)


@pytest.mark.parametrize("patches", [0, -1, 4097])
def test_a_senseless_number_of_patches_is_refused(tmp_path, patches):
    with pytest.raises(CheckpointError, match=f"can't have {patches} patches: name a number"):
        load_encoder(str(checkpoints.tiny_naflex(tmp_path)), patches=patches)


def test_the_files_of_a_processor_saved_as_one_are_read_alike(tmp_path):
    """Later versions of transformers write processor_config.json instead."""
    folder = checkpoints.tiny_naflex(tmp_path)
    vector = load_encoder(str(folder), patches=30).encode_images([PICTURE])
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    settings["max_num_patches"] = 30
    lose("preprocessor_config.json")(folder)
    checkpoints.write_json(folder / "processor_config.json", image_processor=settings)
    np.testing.assert_array_equal(load_encoder(str(folder)).encode_images([PICTURE]), vector)


@pytest.mark.parametrize("name", ["nothing", "/no/such/folder", "a/b/c", "", "../up", "ü/ü"])
def test_a_name_that_is_no_checkpoint_is_refused(name):
    with pytest.raises(CheckpointError, match="neither a folder nor a hub id"):
        load_encoder(name)


COMMIT = hashlib.sha1(b"a commit").hexdigest()


class Hub(BaseHTTPRequestHandler):
    """The few answers of a model hub that a download needs; it holds one checkpoint."""

    def do_GET(self):
        self.server.paths.append(self.path)
        if self.server.silent:
            self.server.over.wait(20)
        elif self.path.startswith("/api/models/studio/tiny/tree/"):
            self.answer([self.entry(path) for path in self.server.folder.iterdir()])
        elif self.path.startswith("/api/models/studio/tiny"):
            self.answer_info()
        elif self.path.startswith(f"/studio/tiny/resolve/{COMMIT}/"):
            self.answer_file(self.server.folder / self.path.rpartition("/")[2])
        else:
            self.refuse("RepoNotFound")

    do_HEAD = do_GET

    def answer_info(self):
        if self.path.endswith(("/tiny", "/revision/main", f"/revision/{COMMIT}")):
            siblings = [{"rfilename": path.name} for path in self.server.folder.iterdir()]
            self.answer({"id": "studio/tiny", "sha": COMMIT, "siblings": siblings})
        else:
            self.refuse("RevisionNotFound")

    def entry(self, path):
        content = path.read_bytes()
        oid = hashlib.sha1(content).hexdigest()
        return {"type": "file", "path": path.name, "size": len(content), "oid": oid}

    def answer_file(self, path):
        content = path.read_bytes()
        self.answer(content, ETag=f'"{hashlib.sha1(content).hexdigest()}"')

    def refuse(self, code):
        self.answer({"error": code}, 404, **{"X-Error-Code": code})

    def answer(self, body, status=200, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        headers |= {"Content-Length": str(len(content)), "X-Repo-Commit": COMMIT}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(copy, tmp_path, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.folder, server.silent, server.over, server.paths = copy, False, Event(), []
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    url = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


def test_a_hub_id_is_fetched_and_equals_the_folder(hub, tiny):
    encoder = load_encoder("studio/tiny")
    assert (encoder.checkpoint, encoder.revision) == ("studio/tiny", COMMIT)
    np.testing.assert_array_equal(
        encoder.encode_texts(["mug"]), load_encoder(str(tiny)).encode_texts(["mug"])
    )


def test_pickles_are_not_even_fetched(hub, copy):
    (copy / "pytorch_model.bin").write_bytes(b"anything")
    load_encoder("studio/tiny")
    assert not any("pytorch_model" in path for path in hub.paths)


def test_a_hub_id_with_pickles_only_is_refused_before_anything_is_fetched(hub, copy):
    only_pickle(copy)
    with pytest.raises(CheckpointError, match="studio/tiny has its weights as pickle only"):
        load_encoder("studio/tiny")
    assert not any("resolve" in path for path in hub.paths)


def test_a_fetched_commit_needs_no_hub(hub):
    load_encoder("studio/tiny")
    forget_loaded()
    hub.paths.clear()
    load_encoder("studio/tiny", COMMIT)
    assert hub.paths == []


def test_a_fetched_checkpoint_survives_a_hub_out_of_reach(hub, monkeypatch):
    load_encoder("studio/tiny")
    forget_loaded()
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert load_encoder("studio/tiny").revision == COMMIT


@pytest.mark.parametrize(
    ("name", "revision", "sentence"),
    [
        ("studio/unknown", "", "The hub knows no checkpoint studio/unknown"),
        ("studio/tiny", "v9", "The hub has no revision v9 of studio/tiny."),
    ],
)
def test_what_the_hub_does_not_have_is_refused(hub, name, revision, sentence):
    with pytest.raises(CheckpointError, match=sentence):
        load_encoder(name, revision)


@pytest.mark.parametrize("revision", ["", COMMIT])
def test_a_hub_out_of_reach_is_said_at_once(hub, monkeypatch, revision):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CheckpointError, match="The hub cannot be reached to fetch studio/tiny"):
        load_encoder("studio/tiny", revision)


def test_a_hub_that_does_not_answer_is_not_waited_for(hub, monkeypatch):
    hub.silent = True
    monkeypatch.setattr(checkpoint, "_HUB_SECONDS", 0.3)
    with pytest.raises(CheckpointError, match="The hub cannot be reached"):
        load_encoder("studio/tiny")
    assert len(hub.paths) == 1
