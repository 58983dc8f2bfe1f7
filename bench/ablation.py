"""Measures what each further term of SigLIP 2 adds to the sigmoid loss, on equal budget.

    .venv/bin/python -m bench.ablation [--steps 5000] [--folder FOLDER]

All rows share pictures, steps, batches and seed. Captioning has a say from the first step on,
self-distillation and masked prediction from the step at which the teacher joins: up to there the
rows with captioning are one run, from there each goes on by itself. Two processes of one thread run
side by side: about an hour and a half for 5,000 steps on two cores, and the same command goes on
where it was stopped. Prints a table, and writes it to bench/results/.
"""

import os
import subprocess
import sys
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.training.evaluation import Figures
    from workers.training.recipes import Recipe
    from workers.training.trainer import Training

RESULTS = Path(__file__).parent / "results"
ALONE, SHARED = "siglip", "siglip2"
# What of the teacher's terms each row has, by the name of its folder.
TAUGHT = {
    "captioning": (),
    "captioning, distillation": ("likeness",),
    "captioning, masking": ("gaps",),
    "all": ("likeness", "gaps"),
}


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--folder", type=Path, default=Path("var/ablation"))
    options = parser.parse_args()
    with ThreadPoolExecutor(2) as pool:
        at = str(options.steps), str(options.folder)
        list(pool.map(lambda name: run(name, *at), (SHARED, ALONE)))
        list(pool.map(lambda name: run(name, *at), TAUGHT))
        names = {"sigmoid": ALONE} | {f"+ {name}": name for name in TAUGHT}
        figures = pool.map(lambda name: found_by(options.folder / name), names.values())
        page = table(dict(zip(names, figures, strict=True)))
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "ablation.md").write_text(page)


def run(name: str, steps: str, folder: str) -> None:
    command = [sys.executable, "-m", "bench.ablation", name, steps, folder]
    subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True)


# One row, in a process of its own ----------------------------------------------------------------


def train(name: str, steps: int, folder: Path) -> None:
    """Do what is left to do of this row, or of what all with captioning share."""
    from workers.training import trainer
    from workers.training.recipes import RECIPES

    if (folder / name / "model.safetensors").exists():
        return
    if name == ALONE:
        recipe = replace(RECIPES[ALONE], steps=steps)
        trainer.train(recipe, trainer.Session(folder / name, resume=True))
        return
    recipe = replace(RECIPES["siglip2"], steps=steps)
    if name == SHARED:
        share(recipe, folder / name)
    else:
        apart(recipe, folder / SHARED, TAUGHT[name]).save(folder / name)


def share(recipe: "Recipe", folder: Path) -> None:
    """Train up to the step at which the teacher joins, and keep the state there."""
    from workers.training.resume import Kept, Stopped
    from workers.training.trainer import Session, train

    last = recipe.teacher_step
    if Kept(folder).exists() and Kept(folder).load()["step"] == last:
        return
    with suppress(Stopped):
        train(recipe, Session(folder, resume=True, listener=lambda done: done.step < last))


def apart(recipe: "Recipe", shared: Path, taught: tuple[str, ...]) -> "Training":
    """From the shared state on, with these of the teacher's terms alone."""
    from workers.training.resume import Kept
    from workers.training.trainer import Training, drawings, new_towers

    source = drawings(recipe)
    texts = source.texts()
    training = Training(recipe, new_towers(recipe, texts), source, texts)
    training.restore(Kept(shared).load())
    for term in set(TAUGHT["all"]) - set(taught):
        setattr(training.objective, term, None)
    while training.step < recipe.steps:
        training.advance()
    return training


def found_by(checkpoint: Path) -> "Figures":
    """What it finds of the drawings that are held out from training."""
    from workers.encoders.load import load_encoder
    from workers.training.evaluation import evaluate

    return evaluate(load_encoder(str(checkpoint)), quiet=True)


def table(columns: "dict[str, Figures]") -> str:
    from workers.training import card

    return f"{card.table(columns)}\n"


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in (ALONE, SHARED, *TAUGHT):
        train(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
