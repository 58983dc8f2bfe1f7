"""Loading an encoder leaves in memory what it computes with, and little beside it meanwhile."""

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from workers.encoders import engines, memory
from workers.encoders.memory import leave_code  # Which the other tests do without.

SMAPS = Path("/proc/self/smaps")
pytestmark = pytest.mark.skipif(not SMAPS.exists(), reason="Linux alone tells")
LAYERS, MEGABYTE = 4, 2**20


def resident(name):
    """Bytes in memory of the mappings of a file."""
    sizes = re.findall(rf"{re.escape(str(name))}\n(?:[A-Z].*\n)*?Rss: +(\d+) kB", SMAPS.read_text())
    return 1024 * sum(map(int, sizes))


def as_mapped(path):
    """Four linear layers of a megabyte, parts of a mapped file as transformers loads them."""
    with torch.device("meta"):
        model = nn.Sequential(*[nn.Linear(512, 512, bias=False) for _ in range(LAYERS)])
    save_file({name: torch.rand(512, 512) for name in model.state_dict()}, path)
    model.load_state_dict(load_file(path), assign=True)
    return model.requires_grad_(False).eval()


def test_layers_that_have_been_laid_out_anew_are_not_in_memory_twice(tmp_path, monkeypatch):
    path, inputs, most = tmp_path / "model.safetensors", torch.rand(3, 512), []
    model = as_mapped(path)
    expected = model(inputs)
    assert resident(path) >= LAYERS * MEGABYTE

    class Watched(engines.Packed):
        def __init__(self, *args):
            super().__init__(*args)
            most.append(resident(path))

    monkeypatch.setattr(engines, "Packed", Watched)
    monkeypatch.setitem(engines.MIN_COSINES, Watched, 0.999999)
    engines._replace(model, set())

    assert [round(size / MEGABYTE) for size in most] == [4, 3, 2, 1]
    assert torch.allclose(model(inputs), expected, atol=1e-4)


def test_what_was_mapped_stays_as_it_was_and_leaves_the_file(tmp_path):
    path = tmp_path / "model.safetensors"
    model, inputs = as_mapped(path), torch.rand(3, 512)
    expected = model(inputs)

    memory.leave_files(model)

    assert resident(path) == 0
    assert torch.equal(model(inputs), expected)


def test_memory_that_is_no_files_is_never_left():
    tensor = torch.ones(512, 512)

    memory.leave_pages(tensor)

    assert tensor.all()


def test_instructions_that_only_imports_needed_do_not_count_and_others_come_back():
    def of_files():
        return int(re.search(r"RssFile:\s+(\d+)", Path("/proc/self/status").read_text())[1])

    inputs, before = torch.rand(64, 64), of_files()
    expected = inputs @ inputs

    leave_code()

    assert of_files() < before / 2
    assert torch.equal(inputs @ inputs, expected)
