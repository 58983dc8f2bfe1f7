"""How do memory and time of the contrastive losses grow with the batch, forward and backward?

    .venv/bin/python -m pip install -c constraints.txt --group bench
    .venv/bin/python -m bench.losses [--sizes 7]

Prints a table; writes it and a plot to bench/results/. Each point is measured in a process of its
own, with one thread and in its own processor time, so that what else runs hardly matters. Takes
5 minutes.
"""

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bench.support import RESULTS, apart, parser_of, report, say, table

BATCHES = [1024 * 2**i for i in range(7)]
WIDTH = 256
CHUNK = 256
# Maximum bytes of a batch; a loss stops where the next one would take more.
MOST = 16e9

SOFTMAX, SIGMOID, CHUNKED = "softmax", "sigmoid", f"sigmoid, {CHUNK} texts at a time"


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--sizes", type=int, default=len(BATCHES), help="of batches, from 1,024 on")
    sizes = BATCHES[: parser.parse_args().sizes]
    points = {name: points_of(name, sizes) for name in (SOFTMAX, SIGMOID, CHUNKED)}
    report("losses", page(points))
    if find_spec("matplotlib"):
        plot(points, RESULTS / "losses.png")
    else:
        say("No plot, since matplotlib is not installed.")


def points_of(name: str, sizes: list[int]) -> dict[int, dict[str, float]]:
    """Of each batch size that fits: peak bytes beyond the two inputs, and processor seconds."""
    points: dict[int, dict[str, float]] = {}
    for batch in sizes:
        # A batch twice as large takes four times as much at worst.
        if points and name != CHUNKED and 4 * points[batch // 2]["bytes"] > MOST:
            break
        # By default glibc does not return freed blocks of up to 32 MB, and they count as peak.
        returning = {"MALLOC_MMAP_THRESHOLD_": "1000000"}
        points[batch] = json.loads(apart("bench.losses", name, batch, env=returning))
        say(f"{name}: {batch:,} took {points[batch]['seconds']:.2f} s")
    return points


# One point, in a process of its own --------------------------------------------------------------


def measure(name: str, batch: int) -> dict[str, float]:
    import torch
    from torch.nn.functional import normalize

    from workers.training.losses import SigmoidLoss, SoftmaxLoss

    def step(rows: int) -> float:
        start = time.process_time()
        loss(texts[:rows], images[:rows]).backward()
        return time.process_time() - start

    torch.set_num_threads(1)
    torch.manual_seed(0)
    texts, images = (normalize(torch.randn(batch, WIDTH)).requires_grad_() for _ in range(2))
    loss = {
        SOFTMAX: SoftmaxLoss(),
        SIGMOID: SigmoidLoss(),
        CHUNKED: SigmoidLoss(chunk=CHUNK),
    }[name]
    step(64)  # What is loaded and started on first use is no part of it.
    texts.grad = images.grad = None
    before = memory("VmRSS")
    # From here on the kernel's highest mark is that of the step.
    Path("/proc/self/clear_refs").write_text("5")
    seconds = [step(batch)]
    peak = memory("VmHWM") - before
    while sum(seconds) < 1:
        seconds.append(step(batch))
    return {"bytes": peak, "seconds": min(seconds)}


def memory(field: str) -> float:
    """Of this process, in bytes, by Linux's own account."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024.0 for line in lines if line.startswith(field))


# What is shown -----------------------------------------------------------------------------------


def page(points: dict[str, dict[int, dict[str, float]]]) -> str:
    heads = ["batch", *(f"{name}: {unit}" for name in points for unit in ("MB", "s"))]
    rows = [
        [f"{batch:,}", *(cell for of in points.values() for cell in cells(of.get(batch)))]
        for batch in BATCHES
    ]
    exponents = [
        "grows as batch to the",
        *(f"{exponent(of, field):.2f}" for of in points.values() for field in ("bytes", "seconds")),
    ]
    return table([heads, *rows, exponents], "---:")


def cells(point: dict[str, float] | None) -> tuple[str, str]:
    if point is None:
        return "-", "-"
    return f"{point['bytes'] / 1e6:,.0f}", f"{point['seconds']:.3g}"


def exponent(of: dict[int, dict[str, float]], field: str) -> float:
    """The slope in a plot of logarithms, of the larger half of the batches.

    With the smaller ones fixed costs are still a large part.
    """
    batches = sorted(of)[len(of) // 2 :]
    values = [of[batch][field] for batch in batches]
    return float(np.polyfit(np.log(batches), np.log(values), 1)[0])


def plot(points: dict[str, dict[int, dict[str, float]]], path: Path) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for ax, field, title in zip(
        axes,
        ("bytes", "seconds"),
        ("Peak memory (MB)", "Processor time of a step (s)"),
        strict=True,
    ):
        for name, of in points.items():
            values = [of[batch][field] / (1e6 if field == "bytes" else 1) for batch in of]
            label = f"{name} (~ batch^{exponent(of, field):.1f})"
            ax.loglog(list(of), values, marker="o", label=label)
        ax.set(title=title, xlabel="batch")
        ax.set_xticks(BATCHES, [f"{batch // 1024}k" for batch in BATCHES], minor=False)
        ax.grid(alpha=0.3)
        ax.set_ylim(top=20 * ax.get_ylim()[1])  # Room for the legend above the points.
        ax.legend(loc="upper left")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].startswith("--"):
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
    else:
        main()
