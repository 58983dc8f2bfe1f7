"""Every benchmark still runs, with some fifty assets; `make chaos` alone runs these."""

import os
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest

from bench import ablation, finetune, native, support
from bench.listing import benchmarks
from workers.training import evaluation, recipes

pytestmark = pytest.mark.only_in_full

# Arguments that make it small; results and what is kept meanwhile lie in a folder of the test.
SMALL = {
    "duplicates": "--pictures 4",
    "engines": "--rounds 1 --batches 1",
    "fuzz": "--queries 50",
    "history": "--assets 100 --rounds 1 --uploads 1 --pages 2",
    "ingest": "--pictures 2 --rounds 1 --checkpoint workers/checkpoints/studio-clip",
    "lexical": "--assets 50",
    "losses": "--sizes 1",
    "matches": "--pictures 80 --held-out 24 --left-out 18 --checkpoint studio-clip"
    " --cache {folder}",
    "memory": "--words 1000 --layers 1",
    "million": "--folder {folder}/million --assets 6000 --times 1",
    "near": "--assets 50",
    # Of a hundred one has the label of 1 %.
    "overhead": "--assets 100 --requests 1",
    "recall": "--assets 50 --queries 20",
    "starts": "--pictures 20 --most 300",
    "trash": "--assets 120",
    "pages": "--pictures 20 --times 1",
    "rendition_formats": "--pictures 1",
    "texts": "--rounds 5 --assets 50 --waiting 20 --checkpoint workers/checkpoints/studio-siglip2",
    "worst_files": "--files 1",
}
# Those that train, in this process with less to draw.
TRAINING = {"ablation", "finetune", "native"}


def test_each_is_tried_here():
    assert {one.name for one in benchmarks()} == SMALL.keys() | TRAINING


@pytest.mark.parametrize("name", SMALL)
def test_it_runs_and_writes_its_results(name, tmp_path):
    arguments = SMALL[name].format(folder=tmp_path).split()
    done = subprocess.run(
        [sys.executable, "-m", "bench", name, *arguments],
        env=os.environ | {"BENCH_RESULTS": str(tmp_path)},
        cwd=support.FOLDER.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert name == "matches" or "Measured on" in (tmp_path / f"{name}.md").read_text()


@pytest.fixture
def less_to_draw(monkeypatch, tmp_path):
    monkeypatch.setattr(support, "RESULTS", tmp_path)
    monkeypatch.setattr(evaluation, "HELD_OUT", 40)
    monkeypatch.setattr(evaluation, "_PAIRS", 4)
    monkeypatch.setattr(evaluation, "_DRAWINGS", 2)
    small = {name: replace(recipe, batch=16) for name, recipe in recipes.RECIPES.items()}
    monkeypatch.setattr(recipes, "RECIPES", small)


@pytest.mark.parametrize(("module", "train"), [(ablation, ablation.train), (native, native.train)])
def test_what_trains_encoders_runs(module, train, less_to_draw, monkeypatch, tmp_path):
    # Here, and one after the other: only the main thread hears the signals that stop a training.
    monkeypatch.setattr(module, "train_apart", train)
    pool = nullcontext(SimpleNamespace(map=map))
    monkeypatch.setattr(module, "ThreadPoolExecutor", lambda processes: pool)
    name = module.__name__.removeprefix("bench.")
    monkeypatch.setattr(sys, "argv", [name, "--steps", "4", "--folder", str(tmp_path / "made")])

    module.main()

    assert "| words to picture | R@1 |" in (tmp_path / f"{name}.md").read_text()


def test_what_trains_an_encoder_further_runs(less_to_draw, monkeypatch, tmp_path):
    monkeypatch.setattr(finetune, "HELD_OUT", 40)
    monkeypatch.setattr(finetune, "CURIOS", 60)  # At least 50 are needed to learn from.
    monkeypatch.setattr(sys, "argv", ["finetune", "--steps", "2"])

    finetune.main()

    assert "R@10 of the new" in (tmp_path / "finetune.md").read_text()
