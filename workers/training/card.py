"""The model card of a checkpoint that was trained on the studio's drawings."""

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

# Filled in by str.format.
_TEMPLATE = Path(__file__).with_suffix(".md")

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
    """What a card tells of a run beside its recipe: command line, minutes and device."""

    command: str
    minutes: float
    device: str


def write(folder: Path, recipe: Recipe, run: Run, dimensions: int, figures: Figures) -> None:
    """Write README.md beside the weights."""
    page = _TEMPLATE.read_text(encoding="utf-8").format(
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
        retrieval=table({"": {name: f for name, f in figures.items() if name not in WISHES}}),
        short_queries=table({"": {name: figures[name] for name in WISHES}}),
    )
    (folder / "README.md").write_text(page, encoding="utf-8")


def _sight(recipe: Recipe) -> str:
    """The size of its pictures, in words."""
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
