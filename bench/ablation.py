"""What does each further term of SigLIP 2 add to the sigmoid loss, on equal budget?

    .venv/bin/python -m bench.ablation [--steps 5000] [--folder FOLDER]

All rows share pictures, steps, batches and seed. Captioning has a say from the first step on,
self-distillation and masked prediction from the step at which the teacher joins: up to there the
rows with captioning are one run, from there each goes on by itself. Two processes of one thread run
side by side, and the same command goes on where it was stopped. Prints a table, and writes it to
bench/results/. Takes 90 minutes.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.support import apart, parser_of, report

if TYPE_CHECKING:
    from workers.training.evaluation import Figures
    from workers.training.recipes import Recipe
    from workers.training.trainer import Training

ALONE, SHARED = "siglip", "siglip2"
# The teacher's terms of each row, by the name of its folder.
TERMS = {
    "captioning": (),
    "captioning, distillation": ("likeness",),
    "captioning, masking": ("gaps",),
    "all": ("likeness", "gaps"),
}


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--folder", type=Path, default=Path("var/ablation"))
    options = parser.parse_args()
    with ThreadPoolExecutor(2) as pool:
        for names in ((SHARED, ALONE), TERMS):
            list(pool.map(lambda name: train_apart(name, options.steps, options.folder), names))
        rows = {"sigmoid": ALONE} | {f"+ {name}": name for name in TERMS}
        figures = pool.map(lambda name: figures_of(options.folder / name), rows.values())
        report("ablation", table(dict(zip(rows, figures, strict=True))))


def train_apart(name: str, steps: int, folder: Path) -> None:
    apart("bench.ablation", name, steps, folder, env={"OMP_NUM_THREADS": "1"})


# One row, in a process of its own ----------------------------------------------------------------


def train(name: str, steps: int, folder: Path) -> None:
    """Go on with this row, or with the part that all rows with captioning share."""
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
        go_on(recipe, folder / SHARED, TERMS[name]).save(folder / name)


def share(recipe: "Recipe", folder: Path) -> None:
    """Train up to the step at which the teacher joins, and save the state there."""
    from workers.training.resume import SavedState, Stopped
    from workers.training.trainer import Session, train

    last = recipe.teacher_step
    if SavedState(folder).exists() and SavedState(folder).load()["step"] == last:
        return
    with suppress(Stopped):
        train(recipe, Session(folder, resume=True, listener=lambda progress: progress.step < last))


def go_on(recipe: "Recipe", shared: Path, terms: tuple[str, ...]) -> "Training":
    """From the shared state on, with these of the teacher's terms alone."""
    from workers.training.resume import SavedState
    from workers.training.trainer import Training, drawings, new_towers

    source = drawings(recipe)
    texts = source.texts()
    training = Training(recipe, new_towers(recipe, texts), source, texts)
    training.restore(SavedState(shared).load())
    for term in set(TERMS["all"]) - set(terms):
        setattr(training.objective, term, None)
    while training.step < recipe.steps:
        training.advance()
    return training


def figures_of(checkpoint: Path) -> "Figures":
    """The figures of a checkpoint on the drawings that are held out from training."""
    from workers.encoders.load import load_encoder
    from workers.training.evaluation import evaluate

    return evaluate(load_encoder(str(checkpoint)), quiet=True)


def table(columns: "dict[str, Figures]") -> str:
    from workers.training import card

    return f"{card.table(columns)}\n"


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in (ALONE, SHARED, *TERMS):
        train(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
