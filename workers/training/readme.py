"""The page that goes with a trained checkpoint: what it knows, and what it does not."""

from collections.abc import Iterable
from pathlib import Path

from workers.training.backdrops import BACKDROPS
from workers.training.evaluation import HELD_OUT, WISHES, Figures
from workers.training.pen import COLOURS, PATTERNS
from workers.training.things import KINDS
from workers.training.trainer import Recipe

_PAGE = """\
# studio-siglip2

A small SigLIP ({dimensions} dimensions, {side} px) that ships with Sightline, so that a fresh
machine searches by meaning before anything has been downloaded. It is loaded like any published
checkpoint: `SiglipModel`, safetensors, text lower-cased and padded to 64 tokens as for SigLIP 2.

## What it was trained on

Nothing but Sightline's own drawings (`workers/training/studio.py`) with their captions:
{pictures} scenes of one or two things, {steps} steps of {batch}, seed {seed}, with the sigmoid loss
of SigLIP, on a CPU; at each step also on short queries ("mug", "red mug",
"in the snow"), of which each may fit many scenes, and with the question put to each patch what it
shows a part of.
`manage.py train --steps {steps} --seed {seed}` trains one like it.

- {kind_count} kinds of things: {kinds}.
- {colour_count} colours: {colours}. Patterns: {patterns}.
- {backdrop_count} settings: {backdrops}.

**It knows nothing else.** Photographs, people, writing, and words that are not in this list mean
next to nothing to it; the nearest hits for them are accidents.

## How well it finds

{held_out} scenes that no training run has drawn, each with a full caption:

| | R@1 | R@5 | R@10 |
| --- | --- | --- | --- |
{captions}

Short queries over the same pictures, and the share of the first hits that fit (of those that there
are, where they are fewer):

| | P@1 | P@5 | P@10 |
| --- | --- | --- | --- |
{wishes}

`manage.py train --evaluate` prints these figures again.

## For a real library

    ENCODER_CHECKPOINT=google/siglip2-base-patch16-224
"""


def write(folder: Path, recipe: Recipe, dimensions: int, figures: Figures) -> None:
    """Write README.md beside the weights."""
    page = _PAGE.format(
        dimensions=dimensions,
        side=recipe.side,
        pictures=f"{recipe.pictures:,}",
        steps=recipe.steps,
        batch=recipe.batch,
        seed=recipe.seed,
        kind_count=len(KINDS),
        kinds=", ".join(KINDS),
        colour_count=len(COLOURS),
        colours=", ".join(COLOURS),
        patterns=", ".join(PATTERNS),
        backdrop_count=len(BACKDROPS),
        backdrops=", ".join(BACKDROPS),
        held_out=f"{HELD_OUT:,}",
        captions=_rows(figures, [name for name in figures if name not in WISHES]),
        wishes=_rows(figures, WISHES),
    )
    (folder / "README.md").write_text(page, encoding="utf-8")


def _rows(figures: Figures, names: Iterable[str]) -> str:
    return "\n".join(
        f"| {name} | " + " | ".join(f"{share:.3f}" for share in figures[name].values()) + " |"
        for name in names
    )
