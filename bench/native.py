"""Do pictures in their own proportions train a better encoder than squares, on equal budget?

    .venv/bin/python -m bench.native [--steps 1000] [--folder FOLDER]

Trains SigLIP 2 without a teacher, which NaFlex has not either, once with 8 by 8 patches of a square
and once with at most 64 of the picture as it is: the same scenes, steps and seed, side by side with
one thread each. The same command goes on where it was stopped. Prints a table, and writes it to
bench/results/. Takes 20 minutes.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from bench.ablation import figures_of, table
from bench.support import apart, parser_of, report

RECIPES = {"squares": "siglip2", "own proportions": "siglip2-naflex"}


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path("var/native"))
    options = parser.parse_args()
    folders = {title: options.folder / recipe for title, recipe in RECIPES.items()}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda folder: train_apart(folder, options.steps), folders.values()))
        figures = pool.map(figures_of, folders.values())
        report("native", table(dict(zip(folders, figures, strict=True))))


def train_apart(folder: Path, steps: int) -> None:
    apart("bench.native", folder, steps, env={"OMP_NUM_THREADS": "1"})


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
