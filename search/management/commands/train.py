import json
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from workers.encoders.base import CheckpointError, load_encoder

if TYPE_CHECKING:
    from workers.training.evaluation import Figures


class Command(BaseCommand):
    help = "Train a small encoder on the studio's drawings, or measure one on those held out."
    requires_system_checks: list[str] = []  # It needs no database.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--steps", type=positive, help="how long to train")
        parser.add_argument("--seed", type=int, help="what everything is drawn and begun from")
        parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the checkpoint goes")
        parser.add_argument(
            "--evaluate",
            nargs="?",
            const=settings.ENCODER_CHECKPOINT,
            metavar="CHECKPOINT",
            help="only measure this one, or the one in ENCODER_CHECKPOINT",
        )
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        checkpoint = options["evaluate"]
        try:
            if checkpoint is None:
                checkpoint, figures = trained(options)
            else:
                figures = measured(checkpoint)
        except CheckpointError as error:
            raise CommandError(str(error)) from None
        self.report(checkpoint, figures, as_json=options["json"])

    def report(self, checkpoint: str, figures: "Figures", *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"checkpoint": checkpoint, **figures}))
            return
        self.stdout.write(f"{checkpoint}, over scenes that no training run has drawn:")
        for direction, recalls in figures.items():
            shares = "  ".join(f"{name} {share:.3f}" for name, share in recalls.items())
            self.stdout.write(f"  {direction}: {shares}")


def positive(value: str) -> int:
    """An argument that is a whole number above zero."""
    if not value.isdecimal() or int(value) == 0:
        raise ArgumentTypeError(f"{value} is no whole number above zero")
    return int(value)


def trained(options: dict[str, Any]) -> "tuple[str, Figures]":
    """A checkpoint trained as the options say, its README written, and its figures."""
    from workers.training import readme
    from workers.training.trainer import Recipe, train

    folder = empty(options["out"] or settings.VAR_DIR / "trained")
    given = {name: options[name] for name in ("steps", "seed") if options[name] is not None}
    recipe = Recipe(**given)
    train(recipe, folder)
    figures = measured(str(folder))
    readme.write(folder, recipe, load_encoder(str(folder)).dimensions, figures)
    return str(folder), figures


def empty(folder: Path) -> Path:
    """The folder, made if need be; refused before the training, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise CommandError(f"{folder} cannot be written to: {error.strerror}.") from None
    if occupied:
        raise CommandError(f"{folder} is not empty: name another folder with --out.")
    return folder


def measured(checkpoint: str) -> "Figures":
    """The checkpoint's recall over the held-out scenes."""
    from workers.training.evaluation import evaluate

    return evaluate(load_encoder(checkpoint))
