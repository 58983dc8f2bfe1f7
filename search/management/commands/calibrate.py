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
    help = "Fit now what tells a match from the rest; workers do so by themselves as it grows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--encoder", metavar="SLUG", help="this one, not the serving encoder")

    def handle(self, *args: Any, encoder: str | None, **options: Any) -> None:
        row = encoder_named(encoder)
        try:
            found = calibrate.calibrate(row, encoder_of(row).encode_texts)
        except (calibrate.TooFew, CheckpointError) as error:
            raise CommandError(str(error)) from None
        for calibration in found:
            self.stdout.write(in_words(calibration))


def encoder_named(slug: str | None) -> Encoder:
    if slug is None:
        if serving := Encoder.objects.serving():
            return serving
        raise CommandError("No encoder serves yet: run manage.py encoder serve.")
    if found := Encoder.objects.filter(slug=slug).first():
        return found
    raise CommandError(f"There is no encoder {slug}.")


def in_words(found: Calibration) -> str:
    """What a calibration says, of the median of the queries that it was fitted to."""
    fitted_to = f"{found.assets} assets"
    if found.judgements:
        fitted_to += f" and {found.judgements} judgements"
    return (
        f"{KINDS[Calibration.Kind(found.kind)]}: possible from a score of {found.possible:.3f},"
        f" strong from {found.strong:.3f} for a middling query; fitted to {fitted_to}."
    )
