"""What does an encoder find of new kinds of things, before and after training on them?

    .venv/bin/python -m bench.finetune [--checkpoint FOLDER] [--towers TOWERS] [--json]

Draws 300 pictures of curios with captions, and has `manage.py train --from` train the checkpoint on
with them. New things are asked for by the captions of the part that is held out from it: in that
part alone, and in a library with 2,000 pictures of things that it does know; old things by captions
of those 2,000. What is found should at least double for the new, and fall by at most 0.03 for the
old. Takes 8 minutes.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from PIL.Image import Image
from tqdm import tqdm

from bench.curios import curios
from bench.support import parser_of, report, table
from workers.encoders.load import load_encoder
from workers.encoders.protocol import LoadedEncoder
from workers.studio.captions import caption
from workers.studio.draw import draw, size_for
from workers.training.evaluation import HELD_OUT, held_out_scenes
from workers.training.examples import Example, folder_examples
from workers.training.recipes import TOWERS

ROOT = Path(__file__).parents[1]
BUNDLED = ROOT / "workers/checkpoints/studio-siglip2"
CURIOS = 300
SEED = 7
LONGER_SIDE = 256
AT_ONCE = 64
AT = (1, 10)
ALONE, LIBRARY, OLD = (
    "new, among what is held out",
    "new, in a library with the old",
    "old, among themselves",
)

Shares = dict[str, dict[str, float]]  # By question, then by measure.


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--checkpoint", default=str(BUNDLED), metavar="FOLDER")
    parser.add_argument("--towers", choices=TOWERS, default="all")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = compare(options.checkpoint, options.towers, options.steps, Path(folder))
    if options.json:
        print(json.dumps(figures))
    else:
        report("finetune", page(figures))


def compare(checkpoint: str, towers: str, steps: int, folder: Path) -> dict[str, Shares]:
    """What the checkpoint finds, before and after it was trained on."""
    pictures, trained = folder / "curios", folder / "trained"
    write(pictures)
    train(checkpoint, pictures, trained, towers, steps)
    new = [each for each in folder_examples(pictures) if each.is_held_out]
    old = studio_scenes()
    names = {"before": checkpoint, "after": str(trained)}
    return {when: shares_of(load_encoder(name), new, old) for when, name in names.items()}


def write(folder: Path) -> None:
    """The curios as people would hand them over: pictures, and a table of captions."""
    folder.mkdir()
    rows = []
    for number, (words, picture) in enumerate(curios(CURIOS, SEED, longer=LONGER_SIDE)):
        rows.append({"file": f"curio-{number:03}.png", "caption": words})
        picture.save(folder / rows[-1]["file"])
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))


def train(checkpoint: str, pictures: Path, out: Path, towers: str, steps: int) -> None:
    values = {"from": checkpoint, "data": pictures, "out": out, "towers": towers, "steps": steps}
    options = [word for name, value in values.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, str(ROOT / "manage.py"), "train", *options]
    # What it prints belongs to the progress here.
    subprocess.run(command, check=True, stdout=sys.stderr)


# What is found -----------------------------------------------------------------------------------


def studio_scenes() -> list[tuple[str, Image]]:
    """The scenes of `manage.py train --evaluate`, whose things no training picture shows."""
    rng = Random(SEED)  # noqa: S311, no secret
    return [
        (caption(scene, rng, full=True), draw(scene, size_for(scene, LONGER_SIDE)))
        for scene in tqdm(held_out_scenes(HELD_OUT), "Drawing", unit="picture")
    ]


def shares_of(
    encoder: LoadedEncoder, new: Sequence[Example], old: Sequence[tuple[str, Image]]
) -> Shares:
    words = [each.captions[0] for each in new]
    of_new, of_old = (encoder.encode_texts(texts) for texts in (words, [t for t, _ in old]))
    images = images_of(encoder, [each.picture() for each in new])
    others = images_of(encoder, [picture for _, picture in old])
    fits = np.array([[one == other for other in words] for one in words])
    fits_no_other = np.zeros((len(words), len(old)), bool)
    return {
        ALONE: recall(of_new @ images.T, fits),
        LIBRARY: recall(of_new @ np.vstack([images, others]).T, np.hstack([fits, fits_no_other])),
        OLD: recall(of_old @ others.T, np.eye(len(old), dtype=bool)),
    }


def images_of(encoder: LoadedEncoder, pictures: Sequence[Image]) -> np.ndarray:
    starts = range(0, len(pictures), AT_ONCE)
    return np.vstack([encoder.encode_images(pictures[i : i + AT_ONCE]) for i in starts])


def recall(scores: np.ndarray, fits: np.ndarray) -> dict[str, float]:
    """How many find one that fits among the first: with a wrong one that is as near, not yet."""
    best = np.where(fits, scores, -np.inf).max(axis=1, keepdims=True)
    ahead = ((scores >= best) & ~fits).sum(axis=1)
    return {f"R@{k}": round(float((ahead < k).mean()), 4) for k in AT}


# What is shown -----------------------------------------------------------------------------------


def page(figures: dict[str, Shares]) -> str:
    heads = ["", *(f"{when}: {measure}" for when in figures for measure in figures[when][OLD])]
    rows = [
        [question, *(f"{share:.3f}" for of in figures.values() for share in of[question].values())]
        for question in (ALONE, LIBRARY, OLD)
    ]
    return table([heads, *rows], "---:") + verdict(figures)


def verdict(figures: dict[str, Shares]) -> str:
    new, old = ([of[question]["R@10"] for of in figures.values()] for question in (ALONE, OLD))
    return f"\nR@10 of the new: {new[1] / new[0]:.1f} times; of the old: {old[1] - old[0]:+.3f}.\n"


if __name__ == "__main__":
    main()
