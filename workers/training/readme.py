"""The page that goes with a trained checkpoint: what it knows, and what it does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workers.studio.backdrops import BACKDROPS
from workers.studio.pen import COLOURS, PATTERNS
from workers.studio.scenes import LANGUAGES
from workers.studio.things import KINDS
from workers.training.batches import GRID
from workers.training.evaluation import HELD_OUT, WISHES, Figure, Figures
from workers.training.recipes import NAFLEX, Recipe

_PAGE = """\
# {name}

A small {family} ({dimensions} dimensions, {sight}) that ships with Sightline, so that a fresh
machine searches by meaning before anything has been downloaded. It is loaded like any published
checkpoint, by `AutoModel.from_pretrained` too.{tokenizer}

## How it was trained

    {command}

{minutes:.0f} minutes on {device}: {steps:,} steps of {batch} pictures, out of {pictures:,}, with
{losses}. At each step also short queries ("mug", "red mug", "in the snow"), of which each may fit
many pictures, the question put to each patch what it shows a part of, and that put to both vectors
which facts hold ("two mugs"). Every picture comes with a twin that differs in one respect: who
stands where, how many, whose colour, one word.

## What it was trained on

Nothing but Sightline's own drawings (`workers/studio/draw.py`) with their captions in
{languages}.

- {kind_count} kinds of things: {kinds}.
- {colour_count} colours: {colours}.
- {pattern_count} patterns and materials: {patterns}.
- {backdrop_count} settings: {backdrops}.
- One group of one to three alike, or two, left of, on or behind each other.

**It knows nothing else.** Photographs, people, writing, and words that are not in this list mean
next to nothing to it; the nearest hits for them are accidents.

## How well it finds

{held_out:,} scenes, asked for with all that they show. No training picture shows any of their
things in that colour and pattern: one combination in ten is kept for this. In brackets the interval
of 95 %. Under "relation" and "count" is how often the right one is told from the same with the two
things in each other's place, or with another number of them: 0.5 is what guessing comes to.

{found}

Short queries over the same pictures, and the share of the first hits that fit (of those that there
are, where they are fewer):

{wished}

`manage.py train --evaluate` prints these figures again, and the command above repeats them, on such
a machine with the same versions and as many threads (`OMP_NUM_THREADS`).

## For a real library

    ENCODER_CHECKPOINT=google/siglip2-base-patch16-224
"""

_FAMILIES = {
    "clip": "CLIP",
    "siglip": "SigLIP",
    "siglip2": "SigLIP 2",
    NAFLEX: "SigLIP 2 NaFlex",
}
_LOSSES = {
    "clip": "CLIP's softmax loss",
    "siglip": "the sigmoid loss",
    "siglip2": "the sigmoid loss and the further terms of SigLIP 2: a captioning decoder, and for"
    " the last tenth of the steps self-distillation and masked prediction",
    NAFLEX: "the sigmoid loss and the captioning decoder of SigLIP 2; as NaFlex was published,"
    " without self-distillation and masked prediction",
}

# Follows the sentence on what loads the encoder.
_OWN_TOKENIZER = """ Its tokenizer is loaded by
`PreTrainedTokenizerFast.from_pretrained`: `AutoTokenizer` takes it for that of the published NaFlex
checkpoints, which cuts words otherwise."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is told of a training run beside its recipe."""

    command: str
    minutes: float
    device: str


def write(folder: Path, recipe: Recipe, run: Run, dimensions: int, figures: Figures) -> None:
    """Write README.md beside the weights."""
    page = _PAGE.format(
        name=f"studio-{recipe.family}",
        family=_FAMILIES[recipe.family],
        dimensions=dimensions,
        sight=_sight(recipe),
        tokenizer=own_tokenizer(recipe),
        command=run.command,
        minutes=run.minutes,
        device=run.device,
        steps=recipe.steps,
        batch=recipe.batch,
        pictures=recipe.pictures,
        losses=_LOSSES[recipe.family],
        languages=", ".join(LANGUAGES),
        kind_count=len(KINDS),
        kinds=", ".join(KINDS),
        colour_count=len(COLOURS),
        colours=", ".join(COLOURS),
        pattern_count=len(PATTERNS),
        patterns=", ".join(PATTERNS),
        backdrop_count=len(BACKDROPS),
        backdrops=", ".join(BACKDROPS),
        held_out=HELD_OUT,
        found=table({"": {name: f for name, f in figures.items() if name not in WISHES}}),
        wished=table({"": {name: figures[name] for name in WISHES}}),
    )
    (folder / "README.md").write_text(page, encoding="utf-8")


def _sight(recipe: Recipe) -> str:
    """How large a picture is to it."""
    if not recipe.is_native:
        return f"{recipe.side} px"
    size = recipe.side // GRID
    return f"pictures in their own proportions, at most {GRID * GRID} patches of {size} px"


def own_tokenizer(recipe: Recipe) -> str:
    """A sentence on its tokenizer, where transformers takes it for another."""
    return _OWN_TOKENIZER if recipe.is_native else ""


def table(columns: Mapping[str, Figures]) -> str:
    """In Markdown: a row for each question and measure, a column for each name's figures."""
    first = next(iter(columns.values()))
    rows = [
        [question, measure, *(_cell(each[question][measure]) for each in columns.values())]
        for question, measures in first.items()
        for measure in measures
    ]
    heads = ["question", "measure", *columns]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def _cell(figure: Figure) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
