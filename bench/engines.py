"""How many pictures and texts does a base SigLIP 2 encode in a second, by each engine?

    .venv/bin/python -m bench.engines [--rounds 5] [--compile]

Which computes fp32 fastest on CPUs, and what do 8 bits gain? The checkpoint is of
base size with random weights, so cosines say that the engines compute the same, and nothing of what
8 bits cost in a library (`encoder add --precision int8` measures that).
All engines take turns in one process. ONNX Runtime takes part where `onnxruntime` and `onnx` are
installed, which nothing else needs; torch.compile, which takes a C++ compiler and a minute, if it
is asked for. Writes bench/results/engines.md. Takes 8 minutes on two idle cores, with --compile 11.
"""

import os
import platform
import shutil
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from bench.memory import PICTURE, write_checkpoint
from bench.support import parser_of, report, say, table

# Sizes of batches of pictures and of texts.
PICTURES, TEXTS = (1, 8, 32), (1, 8)
REFERENCE = "torch eager"


class Sample(NamedTuple):
    """Seconds by the clock, and of all processors, for one picture or text."""

    clock: float
    processor: float


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="torch.compile takes part")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        say("writing the checkpoint")
        write_checkpoint(folder)
        encoders = dict(engines(folder, options))
        report("engines", page_of(options, encoders))


def engines(folder: Path, options: Namespace) -> Iterator[tuple[str, Any]]:
    yield REFERENCE, load(folder, plain=True)
    yield "oneDNN fp32", load(folder)
    if all(map(find_spec, ("onnx", "onnxruntime"))):
        yield f"ONNX Runtime {version('onnxruntime')} fp32", exported(folder)
    if options.compile and shutil.which("c++"):
        yield "torch.compile, frozen", compiled(folder)
    yield "oneDNN int8", load(folder, precision="int8")


def load(folder: Path, *, precision: str = "fp32", plain: bool = False) -> Any:
    from workers.encoders import engines, siglip
    from workers.encoders.checkpoint import find
    from workers.encoders.checkpoint_encoder import CheckpointEncoder

    install = engines.install
    if plain:
        engines.install = lambda model, precision: engines.Engine("torch")
    try:
        files = find(str(folder), "")
        towers = siglip.towers(files, patches=None, vision_only=False)
        return CheckpointEncoder(files, towers, precision)
    finally:
        engines.install = install


def exported(folder: Path) -> Any:
    """Both towers as ONNX Runtime runs them, behind the same preprocessing."""
    import torch
    from transformers import SiglipModel

    encoder = load(folder, plain=True)
    towers, model = encoder._towers, encoder._towers._model
    # With its token table in memory: rows that are read from the file would become constants.
    whole = SiglipModel.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.zeros((2, encoder.text_length), dtype=torch.int64)
    vision = session(folder / "vision.onnx", whole.vision_model, torch.zeros(2, 3, 224, 224))
    text = session(folder / "text.onnx", whole.text_model, ids)
    towers._vision = lambda pixel_values: vision(pixel_values)
    model.get_text_features = lambda input_ids: text(input_ids)
    return encoder


def session(path: Path, tower: Any, inputs: Any) -> Callable[[Any], Any]:
    import onnxruntime
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tower = tower

        def forward(self, inputs: Any) -> Any:
            return self.tower(inputs).pooler_output

    names = {"input_names": ["inputs"], "output_names": ["vectors"]}
    sizes = {"inputs": {0: "batch"}, "vectors": {0: "batch"}}
    torch.onnx.export(Pooled(), (inputs,), path, dynamic_axes=sizes, dynamo=False, **names)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    runs = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda inputs: SimpleNamespace(
        pooler_output=torch.from_numpy(runs.run(None, {"inputs": inputs.numpy()})[0])
    )


def compiled(folder: Path) -> Any:
    import torch
    from torch._inductor import config

    config.freezing = True
    encoder = load(folder, plain=True)
    encoder._towers._vision = torch.compile(encoder._towers._vision)
    model = encoder._towers._model
    model.get_text_features = torch.compile(model.get_text_features)
    return encoder


def page_of(options: Namespace, encoders: dict[str, Any]) -> str:
    pictures, texts = made(max(PICTURES))
    tables = [
        measured(encoders, options.rounds, PICTURES, pictures, "encode_images", "pictures"),
        measured(encoders, options.rounds, TEXTS, texts, "encode_texts", "texts"),
    ]
    return (
        "Pictures and texts that a SigLIP 2 of base size (B/16, 224 px, 64 tokens, random weights)"
        " encodes in a second, preprocessing included, by each engine: medians of"
        f" {options.rounds} rounds in which all take turns. *Processor* is the time of all cores"
        " for one, which others on the machine do not lengthen by waiting; *times* are ratios of"
        f" it to {REFERENCE}; *cosine* is the lowest to {REFERENCE}. {os.cpu_count()} cores"
        f" ({platform.machine()}), load {os.getloadavg()[0]:.1f}, torch {version('torch')}."
        " Made by `python -m bench.engines`.\n\n" + "\n".join(tables)
    )


def made(count: int) -> tuple[list[Any], list[str]]:
    """Pictures of noise in large spots and texts, as many of each."""
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (count, 28, 28, 3), np.uint8)
    pictures = [Image.fromarray(each).resize(PICTURE) for each in noise]
    return pictures, [f"a red car and {number} green mugs" for number in range(count)]


def measured(
    encoders: dict[str, Any],
    rounds: int,
    batches: tuple[int, ...],
    things: list[Any],
    method: str,
    name: str,
) -> str:
    rows = [["engine", "batch", f"{name} a second", "processor, ms", "times", "cosine"]]
    for batch in batches:
        say(f"{name}, batches of {batch}")
        samples: dict[str, list[Sample]] = {engine: [] for engine in encoders}
        vectors = {}
        for number in range(rounds + 1):
            for engine, encoder in encoders.items():
                encoder.batch_size = batch
                sample, vectors[engine] = timed(getattr(encoder, method), things[:batch])
                if number:  # The first one lays out, compiles and fills caches.
                    samples[engine].append(sample)
        before = processor_of(samples[REFERENCE])
        for engine, each in samples.items():
            cosine = (vectors[engine] * vectors[REFERENCE]).sum(axis=1).min()
            rate, own = 1 / median(sample.clock for sample in each), processor_of(each)
            figures = [f"{rate:.2f}", f"{1000 * own:.0f}", f"{before / own:.2f}", f"{cosine:.6f}"]
            rows.append([engine, str(batch), *figures])
    return table(rows, "---:")


def timed(encode: Callable[[list[Any]], Any], things: list[Any]) -> tuple[Sample, Any]:
    clock, processor = time.perf_counter(), time.process_time()
    vectors = encode(things)
    spent = time.perf_counter() - clock, time.process_time() - processor
    return Sample(*(seconds / len(things) for seconds in spent)), vectors


def processor_of(samples: list[Sample]) -> float:
    return median(sample.processor for sample in samples)


if __name__ == "__main__":
    main()
