import json
from argparse import ArgumentParser
from itertools import count
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils.text import slugify

from search.models import Embedding, Encoder
from workers.encoders.base import CheckpointError, load_encoder
from workers.encoders.base import Encoder as LoadedEncoder
from workers.tasks import ring_bell

COLUMNS = ["slug", "state", "dimensions", "searchable", "waiting", "failed"]
COLUMNS += ["checkpoint", "revision"]


class Command(BaseCommand):
    help = "List the encoders, or let the one that ENCODER_CHECKPOINT names answer the searches."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="the encoders and how far each is")
        listing.add_argument("--json", action="store_true")
        verbs.add_parser("serve", help="load the checkpoint and let it serve")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if verb == "serve":
            self.serve()
        else:
            self.show(as_json=options["json"])

    def show(self, *, as_json: bool) -> None:
        rows = list(Encoder.objects.with_counts().order_by("-created").values(*COLUMNS))
        if as_json:
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            self.stdout.write(
                "{slug}: {state}, {dimensions} dimensions; {searchable} searchable, {waiting}"
                " waiting, {failed} failed; {checkpoint} @ {revision}".format_map(row)
            )

    def serve(self) -> None:
        try:
            loaded = load_encoder(settings.ENCODER_CHECKPOINT, settings.ENCODER_REVISION)
        except CheckpointError as error:
            raise CommandError(str(error)) from None
        encoder = live_row(loaded)
        encoder.build_index()
        promised = Embedding.objects.promise_library(encoder)
        encoder.serve()
        ring_bell()
        self.stdout.write(f"{encoder} serves; assets newly promised a vector: {promised}.")


def live_row(loaded: LoadedEncoder) -> Encoder:
    """This encoder's row, live from now on: every upload after this promises its vector too.

    Known by its revision alone: a folder may have been moved, and its meaning stays.
    """
    encoder, _ = Encoder.objects.get_or_create(
        revision=loaded.revision,
        defaults={
            "checkpoint": loaded.checkpoint,
            "slug": free_slug(loaded.checkpoint),
            "dimensions": loaded.dimensions,
        },
    )
    encoder.checkpoint = loaded.checkpoint
    if encoder.state == Encoder.State.RETIRED:
        encoder.state = Encoder.State.BUILDING
    encoder.save(update_fields=["checkpoint", "state"])
    return encoder


def free_slug(checkpoint: str) -> str:
    """The checkpoint's own name, with a number behind it where that is taken."""
    name = slugify(PurePath(checkpoint).name)[:90] or "encoder"
    slugs = (f"{name}-{number}" if number > 1 else name for number in count(1))
    return next(slug for slug in slugs if not Encoder.objects.filter(slug=slug).exists())
