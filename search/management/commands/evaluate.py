from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management import CommandError

from search.evaluation import captions, classes, judgements, library
from search.evaluation.dataset import Dataset, NoDataset
from search.evaluation.report import as_json, as_text
from search.evaluation.run import Run
from search.management.library import LibraryCommand
from search.models import Encoder
from search.models.label import TEMPLATES
from workers.encoder_cache import encoder_of
from workers.encoders.protocol import CheckpointError


class Command(LibraryCommand):
    help = (
        "Measure encoders side by side, and store what they do for the admin. Unless a set is"
        " given: on the library's own titles, people's labels, and their judgements."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--encoder",
            action="append",
            dest="encoders",
            default=[],
            metavar="SLUG",
            help="may be repeated; all that are ready or serve, unless given",
        )
        parser.add_argument(
            "--judgements",
            type=Path,
            metavar="FILE",
            help="CSV or JSON lines with query, asset (id or file name) and grade",
        )
        parser.add_argument(
            "--captions",
            type=Path,
            metavar="FOLDER",
            help="pictures and captions as COCO, Karpathy's Flickr30k or Crossmodal-3600 have them",
        )
        parser.add_argument(
            "--classes", type=Path, metavar="FOLDER", help="of class folders, for zero-shot"
        )
        parser.add_argument(
            "--template",
            action="append",
            dest="templates",
            default=[],
            metavar="PROMPT",
            help='of --classes; {} stands for the class, as in "a photo of {}"; may be repeated',
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = encoders_of(options["encoders"])
        try:
            run = self.measure(rows, options)
        except (NoDataset, CheckpointError) as error:
            raise CommandError(str(error)) from None
        run.store()
        self.stdout.write(as_json(run) if options["json"] else as_text(run))

    def measure(self, rows: Sequence[Encoder], options: dict[str, Any]) -> Run:
        datasets = self.of_options(rows, options)
        assets = library.embedded_assets(rows) if not datasets else []
        datasets = datasets or self.of_library(assets)
        for note in [note for dataset in datasets for note in dataset.notes]:
            self.stderr.write(note)
        run = Run(datasets)
        for row in rows:
            encoder = encoder_of(row)
            run.measure(row, encoder)
            if assets and row.has_index():
                run.measure_index(row, encoder, assets, datasets[0].texts)
        return run

    def of_options(self, rows: Sequence[Encoder], options: dict[str, Any]) -> list[Dataset]:
        """The datasets that the options name."""
        datasets = []
        if path := options["judgements"]:
            datasets.append(judgements.read(path, library.embedded_assets(rows)))
        if path := options["captions"]:
            datasets.append(captions.read(path))
        if path := options["classes"]:
            datasets.append(classes.read(path, options["templates"] or TEMPLATES))
        return datasets

    def of_library(self, assets: Sequence[UUID]) -> list[Dataset]:
        """The datasets of the library itself; titles it always has."""
        datasets = []
        for make in (library.titles, library.labels, library.judgements):
            try:
                datasets.append(make(assets))
            except NoDataset as refusal:
                self.stderr.write(str(refusal))
        return [dataset for dataset in datasets if dataset]


def encoders_of(slugs: Sequence[str]) -> list[Encoder]:
    """The encoders of these slugs, or all that have the whole library."""
    if not slugs:
        rows = list(Encoder.objects.complete().order_by("slug"))
        if not rows:
            raise CommandError("No encoder is ready or serves: add one with manage.py encoder add.")
        return rows
    return [encoder_named(slug) for slug in dict.fromkeys(slugs)]


def encoder_named(slug: str) -> Encoder:
    row = Encoder.objects.filter(slug=slug).first()
    if row is None:
        slugs = ", ".join(Encoder.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(f"There is no encoder {slug}; there are: {slugs or 'none yet'}.")
    return row
