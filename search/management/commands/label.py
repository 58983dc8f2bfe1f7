import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from search.library import label_suggestions
from search.management.library import LibraryCommand
from search.models import Encoder, Label
from workers.encoders.protocol import CheckpointError
from workers.progress import Bar
from workers.tasks.labels import settle

COLUMNS = ["name", "threshold", "lowest", "fitted_to", "suggestions", "confirmed"]


class Command(LibraryCommand):
    help = "Suggest the labels of the vocabulary for the assets that they fit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--again", action="store_true", help="from the stored vectors: no encoder runs"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, again: bool, **options: Any) -> None:
        encoder = Encoder.objects.serving()
        if encoder is None:
            raise CommandError("No encoder serves yet: run manage.py encoder serve.")
        labels = Label.objects.considered(encoder)
        for label in Bar(labels, "Labels", leave=False):
            self.suggest(label, encoder, again=again)
        if missing := sum(label.suggested and not label.is_encoded for label in labels.all()):
            self.stderr.write(f"Labels still to be encoded, by manage.py label: {missing}.")
        self.show(encoder, as_json=options["json"])

    def suggest(self, label: Label, encoder: Encoder, *, again: bool) -> None:
        if again:
            label_suggestions.suggest(label)
            return
        try:
            settle(label, encoder)
        except CheckpointError as error:
            raise CommandError(str(error)) from None

    def show(self, encoder: Encoder, *, as_json: bool) -> None:
        labels = Label.objects.filter(suggested=True).with_counts().order_by("name")
        rows = list(labels.values(*COLUMNS))
        if as_json:
            self.stdout.write(json.dumps({"encoder": encoder.slug, "labels": rows}, indent=2))
            return
        for row in rows:
            self.stdout.write(
                "{name}: suggested for {suggestions}, given by people to {confirmed}; ".format_map(
                    row
                )
                + label_suggestions.threshold_text(row["lowest"], row["fitted_to"])
            )
        if not rows:
            self.stdout.write("No label is suggested yet: mark some in the admin, under Labels.")
