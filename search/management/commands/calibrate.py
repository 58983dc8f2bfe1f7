from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from search.management.library import LibraryCommand
from search.matches import calibrate
from search.models import Calibration, Encoder
from workers.encoder_cache import encoder_of
from workers.encoders.protocol import CheckpointError

KINDS = {Calibration.Kind.WORDS: "Words", Calibration.Kind.PICTURE: "A picture"}


class Command(LibraryCommand):
    help = "Fit the thresholds of matches now; workers do so by themselves as the library grows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--encoder", metavar="SLUG", help="this one, not the serving encoder")

    def handle(self, *args: Any, encoder: str | None, **options: Any) -> None:
        row = encoder_named(encoder)
        try:
            calibrations = calibrate.calibrate(row, encoder_of(row).encode_texts)
        except (calibrate.TooFew, CheckpointError) as error:
            raise CommandError(str(error)) from None
        for calibration in calibrations:
            self.stdout.write(text_of(calibration))


def encoder_named(slug: str | None) -> Encoder:
    if slug is None:
        if serving := Encoder.objects.serving():
            return serving
        raise CommandError("No encoder serves yet: run manage.py encoder serve.")
    if row := Encoder.objects.filter(slug=slug).first():
        return row
    raise CommandError(f"There is no encoder {slug}.")


def text_of(calibration: Calibration) -> str:
    """The thresholds for the median of the queries that they were fitted to."""
    fitted_to = f"{calibration.assets} assets"
    if calibration.judgements:
        fitted_to += f" and {calibration.judgements} judgements"
    kind = KINDS[Calibration.Kind(calibration.kind)]
    return (
        f"{kind}: possible from a score of {calibration.possible:.3f},"
        f" strong from {calibration.strong:.3f} for a middling query; fitted to {fitted_to}."
    )
