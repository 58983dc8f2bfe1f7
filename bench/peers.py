"""Other ways from files of pictures to their vectors, each with a checkpoint loaded beforehand.

They run in a process of their own, which `start` starts.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

# Number of pictures at a time.
BATCH = 16

_loaded: dict[str, Any] = {}


class Run(NamedTuple):
    """Seconds on the wall and on processors."""

    seconds: float
    processor: float


def start(checkpoint: Path) -> ProcessPoolExecutor:
    """A process that has loaded the checkpoint by transformers and as Sightline does."""
    return ProcessPoolExecutor(1, get_context("spawn"), load, (str(checkpoint),))


def load(checkpoint: str) -> None:
    from transformers import AutoImageProcessor, AutoModel

    from workers.encoders.load import load_encoder

    _loaded["model"] = AutoModel.from_pretrained(checkpoint).eval()
    _loaded["processor"] = AutoImageProcessor.from_pretrained(checkpoint)
    for precision in ("fp32", "int8"):
        _loaded[precision] = load_encoder(checkpoint, precision=precision, vision_only=True)


def run(name: str, files: Sequence[Path]) -> Run:
    """One of `WAYS` with these files; what is got ready for it is not counted."""
    work = WAYS[name](files)
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return Run(time.perf_counter() - wall, time.process_time() - processor)


def forward(files: Sequence[Path]) -> Callable[[], None]:
    """The bare forward pass, of pixels that are tensors already."""
    import torch

    model, random = _loaded["model"], torch.Generator().manual_seed(0)
    side = model.config.vision_config.image_size
    pixels = torch.randn(len(files), 3, side, side, generator=random)

    def work() -> None:
        with torch.inference_mode():
            for batch in pixels.split(BATCH):
                model.get_image_features(pixel_values=batch)

    return work


def loop(files: Sequence[Path]) -> Callable[[], None]:
    """As tutorials have it: one picture after another."""
    return in_batches(files, 1)


def batches(files: Sequence[Path]) -> Callable[[], None]:
    return in_batches(files, BATCH)


def in_batches(files: Sequence[Path], size: int) -> Callable[[], None]:
    def work() -> None:
        for start in range(0, len(files), size):
            features(files[start : start + size])

    return work


def features(files: Sequence[Path]) -> Any:
    import torch
    from PIL import Image

    pictures = [Image.open(file).convert("RGB") for file in files]
    pixels = _loaded["processor"](images=pictures, return_tensors="pt")
    with torch.no_grad():
        vectors = _loaded["model"].get_image_features(**pixels).pooler_output
    return vectors / vectors.norm(dim=-1, keepdim=True)


def encode(files: Sequence[Path], precision: str = "fp32") -> Callable[[], None]:
    """Sightline's encoder alone, of pictures that are decoded already."""
    encoder = _loaded[precision]
    pictures = [smaller(file, 2 * encoder.resolution) for file in files]

    def work() -> None:
        for start in range(0, len(pictures), encoder.batch_size):
            encoder.encode_images(pictures[start : start + encoder.batch_size])

    return work


def smaller(file: Path, side: int) -> Any:
    from PIL import Image

    picture = Image.open(file)
    picture.draft("RGB", (side, side))
    return picture.convert("RGB")


WAYS: dict[str, Callable[[Sequence[Path]], Callable[[], None]]] = {
    "forward": forward,
    "loop": loop,
    "batches": batches,
    "encode": encode,
    "encode int8": partial(encode, precision="int8"),
}
