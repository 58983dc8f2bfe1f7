import json
import shlex
import time
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import OperationalError

from search.management import examples
from search.refusals import Refusal
from workers.encoders.load import load_encoder
from workers.training.recipes import RECIPES, TOWERS, Recipe

if TYPE_CHECKING:
    from workers.training.evaluation import Figures
    from workers.training.examples import Example
    from workers.training.trainer import Progress, Session

STUDIO, CATALOGUE = "studio", "catalogue"
LINE_SECONDS = 1.0

Measured = dict[str, "Figures"]  # By when, before and after, or by checkpoint.


class Command(BaseCommand):
    help = (
        "Train a small encoder by a recipe, or train one on with --from; or only measure some on"
        " the studio's held-out drawings."
    )
    requires_system_checks: list[str] = []  # Of the database only what is asked for needs it.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipe", choices=RECIPES, default="siglip2")
        parser.add_argument(
            "--from",
            dest="start",
            metavar="ENCODER_OR_CHECKPOINT",
            help="train this one on, by the loss of its own family, and leave it as it is",
        )
        parser.add_argument("--towers", choices=TOWERS, help="of --from: what may change")
        parser.add_argument(
            "--data",
            default=STUDIO,
            metavar="studio|catalogue|FOLDER",
            help="drawings, the library's pictures and words, or a folder with captions",
        )
        parser.add_argument("--steps", type=positive, help="how long to train")
        parser.add_argument("--seed", type=int, help="what everything is drawn and begun from")
        parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the checkpoint goes")
        parser.add_argument(
            "--resume", action="store_true", help="go on with what was stopped in that folder"
        )
        parser.add_argument(
            "--evaluate",
            nargs="*",
            metavar="CHECKPOINT",
            help="only measure these, or the one in ENCODER_CHECKPOINT",
        )
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")
        parser.add_argument("--progress", choices=["json"], help="print each second a line of it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["evaluate"] is None:
                self.train(options)
            else:
                self.measure(options["evaluate"], as_json=options["json"])
        except OperationalError as error:
            self.refuse(f"The database does not answer: {str(error).strip()}", options)
        except (Refusal, CommandError) as error:
            self.refuse(error, options)

    def refuse(self, why: object, options: dict[str, Any]) -> NoReturn:
        """End with a sentence for people, and for a program that listens with its code."""
        if options["progress"]:
            refusal = why if isinstance(why, Refusal) else Refusal("text", text=str(why))
            self.stdout.write(json.dumps(refusal.as_json()))
        raise CommandError(str(why)) from None

    def measure(self, checkpoints: list[str], *, as_json: bool) -> None:
        """A line of JSON for each as soon as it is measured; or a table of them all."""
        columns: Measured = {}
        for checkpoint in checkpoints or [settings.ENCODER_CHECKPOINT]:
            columns[checkpoint] = figures = measured(checkpoint)
            if as_json:
                self.report(checkpoint, {"": figures}, as_json=True)
        if not as_json:
            self.show("The studio's drawings that are held out from training", columns)

    def train(self, options: dict[str, Any]) -> None:
        from workers.training.resume import Stopped

        folder = writable(options["out"] or settings.VAR_DIR / "trained", resume=options["resume"])
        try:
            figures = self.trained(folder, options)
        except Stopped as stopped:
            raise CommandError(f"{stopped} The same with --resume goes on.") from None
        self.report(str(folder), figures, as_json=options["json"])

    def trained(self, folder: Path, options: dict[str, Any]) -> Measured:
        """A checkpoint trained as the options say into the folder, with its README."""
        from workers.training.trainer import Session

        session = Session(
            folder, options["resume"], listener=self.line if options["progress"] else None
        )
        given = {name: options[name] for name in ("steps", "seed") if options[name] is not None}
        if options["start"]:
            return trained_on(options["start"], options["data"], given, options["towers"], session)
        if options["towers"] not in (None, "all"):
            raise CommandError("--towers goes with --from: in a new encoder all is to be learned.")
        return trained_anew(replace(RECIPES[options["recipe"]], **given), options["data"], session)

    said_at = -LINE_SECONDS

    def line(self, progress: "Progress") -> bool:
        """Say for a program how far it is, about every second; never asks to stop."""
        now = time.monotonic()
        if now - self.said_at >= LINE_SECONDS or progress.step == progress.steps:
            self.said_at = now
            said = {name: round(value, 4) for name, value in asdict(progress).items()}
            self.stdout.write(json.dumps(said))
            self.stdout.flush()
        return True

    def report(self, checkpoint: str, figures: Measured, *, as_json: bool) -> None:
        from workers.training import evaluation

        if as_json:
            said = {when: evaluation.as_json(each) for when, each in figures.items()}
            # What was measured once stands by itself.
            self.stdout.write(json.dumps({"checkpoint": checkpoint, **said.pop("", {}), **said}))
        else:
            self.show(f"{checkpoint}, on what is held out from training", figures)

    def show(self, title: str, columns: Measured) -> None:
        from workers.training.card import table

        self.stdout.write(f"{title}; in brackets the 95 % interval.\n\n{table(columns)}")


def positive(value: str) -> int:
    """An argument that is a whole number above zero."""
    if not value.isdecimal() or int(value) == 0:
        raise ArgumentTypeError(f"{value} is no whole number above zero")
    return int(value)


def writable(folder: Path, *, resume: bool) -> Path:
    """The folder, made if need be; refused before the training, not after it."""
    from workers.training.resume import SavedState

    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise CommandError(f"{folder} cannot be written to: {error.strerror}.") from None
    kept = SavedState(folder).exists()
    if resume and (folder / "model.safetensors").exists() and not kept:
        raise CommandError(f"{folder} holds a training that has come to its end.")
    if used and not resume:
        how = "go on with what is in it with --resume, or " if kept else ""
        raise CommandError(f"{folder} is not empty: {how}name another folder with --out.")
    return folder


def trained_anew(recipe: Recipe, data: str, session: "Session") -> Measured:
    """New towers, trained on the studio's drawings or on people's examples."""
    from workers.training import card, finetuning, trainer

    command = f"manage.py train --recipe {recipe.family} {length_of(recipe)}"
    if data != STUDIO:
        found, command = examples_of(data), f"{command} --data {shlex.quote(data)}"
        return {"": finetuning.train_anew(recipe, found, session, command=command)}
    seconds = trainer.train(recipe, session)
    figures = measured(str(session.folder))
    run = card.Run(command, seconds / 60, trainer.device_name())
    card.write(session.folder, recipe, run, dimensions_of(session.folder), figures)
    return {"": figures}


def trained_on(
    start: str, data: str, given: dict[str, int], towers: str | None, session: "Session"
) -> Measured:
    """An encoder of the library or a checkpoint, trained on with people's examples."""
    from workers.training import finetuning

    if data == STUDIO:
        raise CommandError("--from needs --data: the catalogue, or a folder with captions.")
    checkpoint, revision = examples.checkpoint_of(start)
    recipe = finetuning.recipe_for(towers=towers or "all", **given)
    command = shlex.join(["--from", start, "--data", data, "--towers", recipe.towers])
    return finetuning.finetune(
        checkpoint,
        recipe,
        examples_of(data),
        session,
        command=f"manage.py train {command} {length_of(recipe)}",
        revision=revision,
    )


def length_of(recipe: Recipe) -> str:
    return f"--steps {recipe.steps} --seed {recipe.seed}"


def examples_of(data: str) -> "list[Example]":
    from workers.training.examples import folder_examples

    return examples.of_library() if data == CATALOGUE else folder_examples(Path(data))


def measured(checkpoint: str) -> "Figures":
    """What the checkpoint finds of the studio's held-out drawings."""
    from workers.training.evaluation import evaluate

    return evaluate(load_encoder(checkpoint))


def dimensions_of(folder: Path) -> int:
    return load_encoder(str(folder)).dimensions
