"""How many pictures and texts does a base SigLIP 2 encode in a second, by each engine?

    .venv/bin/python -m bench.engines [--rounds 5] [--batches 1 8 32] [--threads N] [--compile]

Which computes fp32 fastest on CPUs, and what do 8 bits gain? The towers are of base size with
random weights, so cosines say that the engines compute the same, and nothing of what 8 bits cost
in a library (`encoder add --precision int8` measures that). Without preprocessing. All engines take
turns in one process. ONNX Runtime takes part where `onnxruntime` and `onnx` are
installed, which nothing else needs; torch.compile, which takes a C++ compiler and a minute, if it
is asked for. Writes bench/results/engines.md. Takes 4 minutes on two idle cores.
"""

import copy
import os
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench.support import parser_of, report, say, table

REFERENCE = "torch eager"
Encode = Callable[[Any], Any]


class Sample(NamedTuple):
    """Seconds by the clock, and of all processors, for one picture or text."""

    clock: float
    processor: float


def main() -> None:
    import torch

    parser = parser_of(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true", help="torch.compile takes part")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    torch.manual_seed(0)
    report("engines", page_of(options, [pictures(options), texts(options)]))


def page_of(options: Namespace, tables: list[str]) -> str:
    return (
        "What a SigLIP 2 of base size (B/16, 224 px, 64 tokens, random weights) encodes in a"
        " second, without preprocessing, by each engine: medians of"
        f" {options.rounds} rounds in which all take turns, with {options.threads} threads of"
        f" {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, torch {version('torch')}."
        " *Processor* is the time of all cores for one picture or text, which others on the machine"
        f" lengthen less; *times* is its ratio to {REFERENCE}'s, *cosine* the lowest to it. In 8"
        " bits they are encoded one by one, as the encoders do. Made by `python -m bench.engines`."
        "\n\n" + "\n".join(tables)
    )


def pictures(options: Namespace) -> str:
    import torch
    from transformers import SiglipVisionConfig, SiglipVisionModel

    tower = SiglipVisionModel(SiglipVisionConfig(image_size=224, patch_size=16)).eval()
    inputs = torch.rand(max(options.batches), 3, 224, 224) * 2 - 1
    return measured(options, tower, inputs, "pictures")


def texts(options: Namespace) -> str:
    import torch
    from transformers import SiglipTextConfig, SiglipTextModel

    tower = SiglipTextModel(SiglipTextConfig(vocab_size=1000)).eval()
    return measured(options, tower, torch.randint(1000, (max(options.batches), 64)), "texts")


def engines(tower: Any, inputs: Any, options: Namespace) -> Iterator[tuple[str, Encode]]:
    import torch

    from workers.encoders.engines import install

    def installed(precision: str) -> Encode:
        model = copy.deepcopy(tower)
        if refusal := install(model, precision).fallback:
            raise SystemExit(str(refusal))
        return lambda batch: model(batch).pooler_output

    yield REFERENCE, lambda batch: tower(batch).pooler_output
    yield "oneDNN fp32", installed("fp32")
    if all(map(find_spec, ("onnx", "onnxruntime"))):
        yield f"ONNX Runtime {version('onnxruntime')} fp32", exported(tower, inputs, options)
    if options.compile:
        yield "torch.compile, frozen", compiled(tower)
    int8 = installed("int8")
    yield "oneDNN int8", lambda batch: torch.cat([int8(each[None]) for each in batch])


def exported(tower: Any, inputs: Any, options: Namespace) -> Encode:
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
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    with TemporaryDirectory() as folder:
        path = Path(folder, "tower.onnx")
        few = torch.cat([inputs[:1], inputs[:1]])
        torch.onnx.export(Pooled(), (few,), path, dynamic_axes=sizes, dynamo=False, **names)
        session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    return lambda batch: torch.from_numpy(session.run(None, {"inputs": batch.numpy()})[0])


def compiled(tower: Any) -> Encode:
    import torch
    from torch._inductor import config

    config.freezing = True
    model = torch.compile(copy.deepcopy(tower))
    return lambda batch: model(batch).pooler_output


def measured(options: Namespace, tower: Any, inputs: Any, name: str) -> str:
    from torch.nn.functional import cosine_similarity

    rows = [["engine", "batch", f"{name} a second", "processor, ms", "times", "cosine"]]
    ways = dict(engines(tower, inputs, options))
    for batch in options.batches:
        say(f"{name}, batches of {batch}")
        samples: dict[str, list[Sample]] = {engine: [] for engine in ways}
        vectors = {}
        for number in range(options.rounds + 1):
            for engine, encode in ways.items():
                sample, vectors[engine] = timed(encode, inputs[:batch])
                if number:  # The first one compiles and fills caches.
                    samples[engine].append(sample)
        before = processor_of(samples[REFERENCE])
        for engine, each in samples.items():
            cosine = float(cosine_similarity(vectors[engine], vectors[REFERENCE]).min())
            rate, own = 1 / median(sample.clock for sample in each), processor_of(each)
            figures = [f"{rate:.2f}", f"{1000 * own:.0f}", f"{before / own:.2f}", f"{cosine:.6f}"]
            rows.append([engine, str(batch), *figures])
            say(" ".join(rows[-1]))
    return table(rows, "---:")


def timed(encode: Encode, batch: Any) -> tuple[Sample, Any]:
    clock, processor = time.perf_counter(), time.process_time()
    vectors = encode(batch)
    spent = time.perf_counter() - clock, time.process_time() - processor
    return Sample(*(seconds / len(batch) for seconds in spent)), vectors


def processor_of(samples: list[Sample]) -> float:
    return median(sample.processor for sample in samples)


if __name__ == "__main__":
    main()
