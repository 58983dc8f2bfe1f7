"""How much memory does each kind of process take with an encoder of base size?

    .venv/bin/python -m bench.memory [--words 256000]

The checkpoint (1.5 GB) has random weights, is written to a temporary folder and removed again.
Takes 2 minutes.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.support import apart, parser_of, record

# Size of the vocabulary of the published SigLIP 2.
VOCABULARY = 256_000
# Width and height of a picture as decoded for the encoder: twice its input.
PICTURE = (448, 448)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--words", type=int, default=VOCABULARY, help="of the vocabulary")
    options = parser.parse_args()
    with record("memory"), TemporaryDirectory() as folder:
        apart("bench.memory", "checkpoint", folder, options.words)
        print(f"{'process':16}{'RSS':>8}{'PSS':>8}   MB; holds")
        for name in ("ingest worker", "query worker", "web"):
            facts = json.loads(apart("bench.memory", name, folder))
            print(f"{name:16}{facts['rss']:8}{facts['pss']:8}   {facts['holds']}")


def write_checkpoint(folder: Path, words: int = VOCABULARY) -> None:
    """A SigLIP 2 of base size with random weights, whose vocabulary has so many words."""
    from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel

    from tests.support.checkpoints import LETTERS, save_gemma_tokenizer
    from workers.encoders import weights  # noqa: F401  # Which silences transformers.

    # Of base size by default, but for the vocabulary.
    config = SiglipConfig(
        text_config={"vocab_size": words, "bos_token_id": 2},
        vision_config={"image_size": 224, "patch_size": 16},
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
    report(towers_of(encoder))


def towers_of(encoder: Any) -> str:
    """Counted in the model, all of which is read: rows of words not yet met stay on the disk."""
    sizes = {"text": 0, "vision": 0}
    model = encoder._towers._model
    for parameter in model.parameters():
        parameter.sum()
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
    report(", ".join(heavy) or "neither torch nor transformers")


def django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import_module("django").setup()


def report(holds: str) -> None:
    memory = import_module("psutil").Process().memory_full_info()
    megabytes = {"rss": memory.rss // 10**6, "pss": memory.pss // 10**6}
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
