"""The trainings that `manage.py train` can do: from nothing, or on from an encoder."""

import shlex
from collections.abc import Callable, Mapping
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.text import slugify

from search.management.library import prepare
from search.management.library_examples import library_examples
from search.models import Encoder
from workers.encoders.load import load_encoder
from workers.training.recipes import Recipe

if TYPE_CHECKING:
    from workers.training.evaluation import Figures
    from workers.training.examples import Example
    from workers.training.trainer import Session

# Values of --data beside a folder.
STUDIO, CATALOGUE = "studio", "catalogue"

Columns = Mapping[str, "Figures"]  # By when, before and after, or by checkpoint.


def output_folder(folder: Path, *, resume: bool) -> Path:
    """The folder, made if need be. Raises TrainingError before the training, not after it."""
    from workers.training.resume import SavedState, TrainingError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise TrainingError(
            "folder_not_writable", folder=str(folder), reason=error.strerror
        ) from None
    can_resume = SavedState(folder).exists()
    if resume and (folder / "model.safetensors").exists() and not can_resume:
        raise TrainingError("training_finished", folder=str(folder))
    if used and not resume:
        code = "folder_to_resume" if can_resume else "folder_not_empty"
        raise TrainingError(code, folder=str(folder))
    return folder


def fresh_folder(name: str) -> Path:
    """A folder of the data folder that is not there yet, named by what is trained and when."""
    first = results() / f"{slugify(name)}-{timezone.localtime():%Y-%m-%d-%H%M%S}"
    numbered = (first.with_name(f"{first.name}-{number}") for number in count(2))
    return next(folder for folder in chain([first], numbered) if not folder.exists())


def folder_to_resume() -> Path:
    """The folder whose training was stopped last, but for those of the admin, which have numbers.

    Raises TrainingError.
    """
    from workers.training.resume import STATE, SavedState, TrainingError

    folders = [results(), *results().glob("[!0-9]*/")]
    resumable = [folder for folder in folders if SavedState(folder).exists()]
    if not resumable:
        raise TrainingError("nothing_to_resume", folder=str(results()))
    return max(resumable, key=lambda folder: (folder / STATE).stat().st_mtime)


def results() -> Path:
    return settings.VAR_DIR / "trained"


def train_new(recipe: Recipe, data: str, session: "Session") -> Columns:
    """New towers, trained on the studio's drawings or on people's examples, with a model card.

    Raises CheckpointError, TrainingError and Stopped.
    """
    from workers.training import card, finetuning, trainer

    command = f"manage.py train --recipe {recipe.family} {length_of(recipe)}"
    if data != STUDIO:
        examples, command = examples_of(data), f"{command} --data {shlex.quote(data)}"
        return {"": finetuning.train_anew(recipe, examples, session, command=command)}
    seconds = trainer.train(recipe, session)
    figures = evaluate(str(session.folder), session.measuring)
    run = card.Run(command, seconds / 60, trainer.device_name())
    dimensions = load_encoder(str(session.folder)).dimensions
    card.write(session.folder, recipe, run, dimensions, figures)
    return {"": figures}


def train_on(start: str, data: str, recipe: Recipe, session: "Session") -> Columns:
    """An encoder of the library or a checkpoint, trained on with people's examples.

    Raises CheckpointError, TrainingError and Stopped.
    """
    from workers.training import finetuning

    checkpoint, revision = checkpoint_of(start)
    options = shlex.join(["--from", start, "--data", data, "--towers", recipe.towers])
    return finetuning.finetune(
        checkpoint,
        recipe,
        examples_of(data),
        session,
        command=f"manage.py train {options} {length_of(recipe)}",
        revision=revision,
    )


def evaluate(checkpoint: str, listener: Callable[[float], object] = bool) -> "Figures":
    """The figures of a checkpoint on the studio's held-out drawings. Raises CheckpointError."""
    from workers.training import evaluation

    return evaluation.evaluate(load_encoder(checkpoint), listener=listener)


def length_of(recipe: Recipe) -> str:
    """The options of a command line that repeats the recipe."""
    return f"--steps {recipe.steps} --seed {recipe.seed}"


def examples_of(data: str) -> "list[Example]":
    """The library's examples, or those of a folder. Raises TrainingError."""
    from workers.training.examples import folder_examples

    return library_examples() if data == CATALOGUE else folder_examples(Path(data))


def checkpoint_of(name: str) -> tuple[str, str]:
    """The checkpoint and revision of the encoder with this slug, or of one named as it is."""
    if "/" in name:
        return name, ""
    if settings.EMBEDDED_DATABASE:
        prepare()
    encoder = Encoder.objects.filter(slug=name).first()
    return (encoder.checkpoint, encoder.revision) if encoder else (name, "")
