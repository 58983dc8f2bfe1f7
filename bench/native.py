"""Compares pictures squeezed to squares with pictures in their own proportions, on equal budget.

    .venv/bin/python -m bench.native [--steps 1000] [--folder FOLDER]

Trains SigLIP 2 without a teacher, which NaFlex has not either, once with 8 by 8 patches of a square
and once with at most 64 of the picture as it is: the same scenes, steps and seed, side by side with
one thread each. The same command goes on where it was stopped. Prints a table, and writes it to
bench/results/.
"""

import os
import subprocess
import sys
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from bench.ablation import RESULTS, found_by, table

RECIPES = {"squares": "siglip2", "own proportions": "siglip2-naflex"}


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path("var/native"))
    options = parser.parse_args()
    folders = {title: options.folder / recipe for title, recipe in RECIPES.items()}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda folder: run(folder, options.steps), folders.values()))
        figures = pool.map(found_by, folders.values())
        page = table(dict(zip(folders, figures, strict=True)))
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "native.md").write_text(page)


def run(folder: Path, steps: int) -> None:
    command = [sys.executable, "-m", "bench.native", str(folder), str(steps)]
    subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True)


def train(folder: Path, steps: int) -> None:
    """Train the recipe that the folder is named after, in a process of its own."""
    from workers.training import recipes, trainer

    if (folder / "model.safetensors").exists():
        return
    recipe = replace(recipes.RECIPES[folder.name], steps=steps, distillation=0, masking=0)
    trainer.train(recipe, trainer.Session(folder, resume=True))


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].startswith("--"):
        train(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        main()
