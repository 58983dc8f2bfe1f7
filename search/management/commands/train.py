import os
import signal
import threading
import time
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import OperationalError

from search.management import trainings
from search.management.trainings import STUDIO, Columns
from search.refusals import Refusal
from workers.training import report
from workers.training.recipes import RECIPES, TOWERS

if TYPE_CHECKING:
    from workers.training.report import Progress
    from workers.training.trainer import Session

LINE_SECONDS = 1.0  # Seconds between two lines of progress.
# Seconds for saving once whoever listens has gone.
SAVING_SECONDS = 60


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
        parser.add_argument("--parent", type=int, metavar="PID", help="end once it has ended")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent"]:
            threading.Thread(target=end_with, args=(options["parent"],), daemon=True).start()
        try:
            if options["evaluate"] is None:
                self.train(options)
            else:
                self.evaluate(options["evaluate"], as_json=options["json"])
        except OperationalError as error:
            text = f"The database does not answer: {str(error).strip()}"
            self.refuse(Refusal("text", text=text), options)
        except CommandError as error:  # Of another command, which makes the library ready.
            self.refuse(Refusal("text", text=str(error)), options)
        except Refusal as refusal:
            self.refuse(refusal, options)

    def refuse(self, refusal: Refusal, options: dict[str, Any]) -> NoReturn:
        """End with a sentence for people, and for a program that listens with its code."""
        if options["progress"]:
            self.stdout.write(report.refusal_line(refusal))
        raise CommandError(str(refusal)) from None

    def evaluate(self, checkpoints: list[str], *, as_json: bool) -> None:
        """A line of JSON for each as soon as it is measured; or a table of them all."""
        columns = {}
        for checkpoint in checkpoints or [settings.ENCODER_CHECKPOINT]:
            columns[checkpoint] = figures = trainings.evaluate(checkpoint)
            if as_json:
                self.stdout.write(report.result_line(checkpoint, {"": figures}))
        if not as_json:
            self.show("The studio's drawings that are held out from training", columns)

    def train(self, options: dict[str, Any]) -> None:
        from workers.training.resume import Stopped
        from workers.training.trainer import Session

        folder = trainings.output_folder(self.folder(options), resume=options["resume"])
        session = Session(folder, options["resume"])
        if options["progress"]:
            session = replace(session, listener=self.write_progress, measuring=self.write_measuring)
        try:
            columns = self.train_into(session, options)
        except Stopped as stopped:
            raise Refusal("text", text=f"{stopped} The same with --resume goes on.") from None
        if options["json"]:
            self.stdout.write(report.result_line(str(folder), columns))
        else:
            self.show(f"{folder}, on what is held out from training", columns)

    def folder(self, options: dict[str, Any]) -> Path:
        if options["out"]:
            return options["out"]
        if options["resume"]:
            return trainings.folder_to_resume()
        name = Path(options["start"]).name if options["start"] else options["recipe"]
        return trainings.fresh_folder(name)

    def train_into(self, session: "Session", options: dict[str, Any]) -> Columns:
        """A checkpoint trained as the options say, with its model card; its figures."""
        from workers.training.finetuning import recipe_for
        from workers.training.resume import TrainingError

        length = {name: options[name] for name in ("steps", "seed") if options[name] is not None}
        towers, data = options["towers"] or "all", options["data"]
        if options["start"]:
            if data == STUDIO:
                raise TrainingError("start_without_data")
            recipe = recipe_for(towers=towers, **length)
            return trainings.train_on(options["start"], data, recipe, session)
        if towers != "all":
            raise TrainingError("towers_without_start")
        return trainings.train_new(replace(RECIPES[options["recipe"]], **length), data, session)

    line_time = -LINE_SECONDS

    def write_progress(self, progress: "Progress") -> bool:
        """Write a line for a program about every second; never asks to stop."""
        now = time.monotonic()
        if now - self.line_time >= LINE_SECONDS or progress.step == progress.steps:
            self.line_time = now
            self.stdout.write(report.progress_line(progress))
            self.stdout.flush()
        return True

    def write_measuring(self, share: float) -> None:
        """Write a line for a program; a batch of pictures is measured for each."""
        self.stdout.write(report.measuring_line(share))
        self.stdout.flush()

    def show(self, title: str, columns: Columns) -> None:
        from workers.training.card import table

        self.stdout.write(f"{title}; in brackets the 95 % interval.\n\n{table(columns)}")


def end_with(parent: int) -> None:
    """Save and end once the parent with this id has ended: nobody would hear how it goes on."""
    while os.getppid() == parent:
        time.sleep(LINE_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SAVING_SECONDS)
    os._exit(1)


def positive(value: str) -> int:
    """An argument that is a whole number above zero."""
    if not value.isdecimal() or int(value) == 0:
        raise ArgumentTypeError(f"{value} is no whole number above zero")
    return int(value)
