"""How much memory does each kind of process take with an encoder of base size?

    .venv/bin/python -m bench.memory [--words 256000] [--checkpoint DIR]

First each by itself, after a batch of pictures, or a text and a picture; then all of them as a demo
runs them, after searches of eight people at once and 32 pictures.
Writes a page of results. The checkpoint (1.5 GB) has random weights, is written to a
temporary folder and removed again, unless a folder is named. Takes 3 minutes.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.stack import new_words, stack, still_waiting, wait
from bench.support import apart, parser_of, report, table

# Size of the vocabulary of the published SigLIP 2.
VOCABULARY = 256_000
# Blocks of each tower of a base encoder.
LAYERS = 12
# Maximum megabytes of each.
BARS = {"ingest worker": 760, "query worker": 1100, "web": 120}
# People who search at once, the searches of each, and pictures that are embedded.
PEOPLE, SEARCHES, PICTURES = 8, 4, 32
# Width and height of a picture as decoded for the encoder: twice its input.
PICTURE = (448, 448)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--words", type=int, default=VOCABULARY, help="of the vocabulary")
    parser.add_argument("--layers", type=int, default=LAYERS, help="of each tower")
    parser.add_argument("--checkpoint", type=Path, help="a folder; otherwise one is made")
    options = parser.parse_args()
    with checkpoint(options.checkpoint, options.words, options.layers) as folder:
        report("memory", page_of(each_alone(folder), all_at_work(folder)))


@contextmanager
def checkpoint(
    folder: Path | None, words: int = VOCABULARY, layers: int = LAYERS
) -> Iterator[Path]:
    """The folder of one of base size: this, or one that is removed again."""
    if folder:
        yield folder
        return
    with TemporaryDirectory() as name:
        apart("bench.memory", "checkpoint", name, words, layers)
        yield Path(name)


def each_alone(folder: Path) -> list[list[str]]:
    rows = [["process", "RSS, MB", "at most", "of files", "peak", "PSS", "holds"]]
    for name, bar in BARS.items():
        facts = json.loads(apart("bench.memory", name, folder))
        figures = [str(facts[key]) for key in ("files", "peak", "pss")]
        rows.append([name, str(facts["rss"]), str(bar), *figures, facts["holds"]])
    return rows


def all_at_work(folder: Path) -> list[list[str]]:
    with stack(folder, ("web", "query", "ingest")) as all_of_it:
        wait(PICTURES)
        words = new_words()
        texts = [[next(words) for _ in range(SEARCHES)] for _ in range(PEOPLE)]
        with ThreadPoolExecutor(PEOPLE) as people:
            browsers = [all_of_it.browser() for _ in range(PEOPLE)]
            list(people.map(lambda each, own: [each.search(t) for t in own], browsers, texts))
        await_embedded()
        rows = [["process", "number", "RSS, MB", "PSS", "of it alone"]]
        for name in all_of_it.leaders:
            for number, sizes in enumerate(all_of_it.memory(name)):
                rows.append([name, str(number), *(f"{size:.0f}" for size in sizes)])
    return rows


def await_embedded() -> None:
    while still_waiting():
        time.sleep(0.5)


def page_of(alone: list[list[str]], together: list[list[str]]) -> str:
    return (
        "Memory of each kind of process in MB, with a SigLIP 2 of base size and random weights; *of"
        " files* is what lies in memory once for all processes and can be dropped: the more, the"
        " larger the pieces in which the page cache has torch's libraries. Made by"
        f" `python -m bench.memory`.\n\n## Each alone\n\n{table(alone)}\n## As a demo runs them\n\n"
        "Number 0 is the parent of the others, and PSS a share of what several have: after"
        f" {PEOPLE} people had made {SEARCHES} searches each and {PICTURES} pictures were embedded."
        f"\n\n{table(together)}"
    )


def write_checkpoint(folder: Path, words: int = VOCABULARY, layers: int = LAYERS) -> None:
    """A SigLIP 2 with random weights and so many words and layers: by default of base size."""
    from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel

    from tests.support.checkpoints import LETTERS, save_gemma_tokenizer
    from workers.encoders import weights  # noqa: F401  # Which silences transformers.

    # All that is left out is as in the base size.
    config = SiglipConfig(
        text_config={"vocab_size": words, "bos_token_id": 2, "num_hidden_layers": layers},
        vision_config={"image_size": 224, "patch_size": 16, "num_hidden_layers": layers},
    )
    SiglipModel(config).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 224, "width": 224}).save_pretrained(folder)
    made_up = [f"piece{number}" for number in range(words - len(LETTERS))]
    save_gemma_tokenizer(folder, [*LETTERS, *made_up])


def ingest_worker(folder: Path) -> None:
    encode(folder, vision_only=True)


def query_worker(folder: Path) -> None:
    encode(folder, vision_only=False)


def encode(folder: Path, *, vision_only: bool) -> None:
    """As a Celery process does: a batch of pictures for the library, or a query."""
    django()
    import_module("workers.look_around")
    from PIL import Image

    from workers.encoders.load import load_encoder

    encoder = load_encoder(str(folder), vision_only=vision_only)
    if vision_only:
        encoder.encode_images([Image.new("RGB", PICTURE)] * encoder.batch_size)
    else:
        encoder.encode_texts(["a red car"])
        encoder.encode_images([Image.new("RGB", PICTURE)])
    tell(towers_of(encoder))


def towers_of(encoder: Any) -> str:
    """Counted in the model; of the table of tokens only the rows of this text have been read."""
    sizes = {"text": 0, "vision": 0}
    model = encoder._towers._model
    packed = {name: each.packed for name, each in model.named_modules() if hasattr(each, "packed")}
    for name, parameter in {**dict(model.named_parameters()), **packed}.items():
        sizes["text" if name.startswith("text_model") else "vision"] += parameter.numel()
    millions = (f"{tower} {size / 1e6:.0f}" for tower, size in sizes.items() if size)
    return "million parameters: " + ", ".join(millions)


def web(folder: Path) -> None:
    django()
    import_module("config.urls")
    import_module("config.wsgi")
    heavy = [name for name in ("torch", "transformers") if name in sys.modules]
    tell(", ".join(heavy) or "neither torch nor transformers")


def django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import_module("django").setup()


def tell(holds: str) -> None:
    process = import_module("psutil").Process()
    memory = process.memory_full_info()
    lines = Path("/proc/self/status").read_text().splitlines()
    status = {line.split(":")[0]: line.split()[1] for line in lines if line.endswith(" kB")}
    files, peak = (1024 * int(status[name]) for name in ("RssFile", "VmHWM"))
    sizes = {"rss": memory.rss, "files": files, "peak": peak, "pss": memory.pss}
    megabytes = {name: size // 10**6 for name, size in sizes.items()}
    print(json.dumps({**megabytes, "holds": holds}))


PARTS = {
    "checkpoint": write_checkpoint,
    "ingest worker": ingest_worker,
    "query worker": query_worker,
    "web": web,
}

if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in PARTS:
        PARTS[sys.argv[1]](Path(sys.argv[2]), *map(int, sys.argv[3:]))
    else:
        main()
