"""The model card of an encoder that was trained on people's own pictures."""

from pathlib import Path

from workers.training import card
from workers.training.evaluation import Figures
from workers.training.recipes import Recipe

# Filled in by str.format.
_TEMPLATE = Path(__file__).with_suffix(".md")

_CHANGED = {
    "all": "Both towers were changed.",
    "locked-image": "The text tower alone was changed: pictures have the vectors they had.",
    "lora": "Low-rank adapters changed both towers, and are merged into their weights.",
}
# As `workers.training.anchors` does it.
_ANCHORED = "Meanwhile drawings of Sightline's own studio, and words for them, kept their vectors."


def write(
    folder: Path,
    recipe: Recipe,
    run: card.Run,
    learned: tuple[int, int],
    held_out: int,
    figures: dict[str, Figures],
    start: str = "",
) -> None:
    """Write README.md beside the weights; `learned` counts pictures and captions."""
    origin = f"Trained on from `{start}`, which stays as it is" if start else "Trained from nothing"
    page = _TEMPLATE.read_text(encoding="utf-8").format(
        name=folder.name,
        command=run.command,
        origin=origin,
        tokenizer=card.own_tokenizer(recipe),
        pictures=learned[0],
        captions=learned[1],
        steps=recipe.steps,
        batch=recipe.batch,
        seed=recipe.seed,
        minutes=run.minutes,
        device=run.device,
        changed=f"{_CHANGED[recipe.towers]} {_ANCHORED}" if start else "",
        held_out=held_out,
        figures=card.table(figures),
    )
    (folder / "README.md").write_text(page, encoding="utf-8")
