"""The page that goes with an encoder that was trained on people's own pictures."""

from pathlib import Path

from workers.training import readme
from workers.training.evaluation import Figures
from workers.training.recipes import Recipe

_PAGE = """\
# {name}

{origin}. It is loaded like any published checkpoint, by Sightline and by transformers.{tokenizer}

## How it was trained

    {command}

{pictures:,} pictures with {captions:,} captions of people's own, which are not a part of it:
{steps:,} steps of {batch}, seed {seed}, {minutes:.0f} minutes on {device}. {changed}

## How well it finds

{held_out:,} further pictures with their captions were held out, one in five. In brackets the 95 %
interval.

{figures}

## What it is good for

Pictures and words like those. How well it still finds others is not measured here: compare it with
the encoder that it comes from before it serves. What is wrong or missing in the captions it has
learned too.
"""

_CHANGED = {
    "all": "Both towers were changed.",
    "locked-image": "The text tower alone was changed: pictures have the vectors they had.",
    "lora": "Low-rank adapters changed both towers, and are merged into their weights.",
}
# As `workers.training.keeping` does it.
_HELD = "Meanwhile drawings of Sightline's own studio, and words for them, kept their vectors."


def write(
    folder: Path,
    recipe: Recipe,
    run: readme.Run,
    learned: tuple[int, int],
    held_out: int,
    figures: dict[str, Figures],
    start: str = "",
) -> None:
    """Write README.md beside the weights; `learned` counts pictures and captions."""
    origin = f"Trained on from `{start}`, which stays as it is" if start else "Trained from nothing"
    page = _PAGE.format(
        name=folder.name,
        command=run.command,
        origin=origin,
        tokenizer=readme.own_tokenizer(recipe),
        pictures=learned[0],
        captions=learned[1],
        steps=recipe.steps,
        batch=recipe.batch,
        seed=recipe.seed,
        minutes=run.minutes,
        device=run.device,
        changed=f"{_CHANGED[recipe.towers]} {_HELD}" if start else "",
        held_out=held_out,
        figures=readme.table(figures),
    )
    (folder / "README.md").write_text(page, encoding="utf-8")
