import json
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management import BaseCommand, CommandError

from search.library.fsck import breaches
from workers.progress import Bar


class Command(BaseCommand):
    help = "Check that the library is whole: rows, files, promises, vectors. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--strict", action="store_true", help="nothing is under way: let nothing pass for that"
        )
        parser.add_argument("--json", action="store_true", help="the breaches as a JSON array")

    def handle(self, *args: Any, strict: bool, **options: Any) -> None:
        track = partial(Bar, leave=False)
        sentences = []
        for breach in breaches(track, strict=strict):
            sentences.append(breach)
            if not options["json"]:
                self.stdout.write(breach)
        if options["json"]:
            self.stdout.write(json.dumps(sentences, indent=2))
        if sentences:
            raise CommandError(f"Breaches found: {len(sentences)}.")
        if not options["json"]:
            self.stdout.write("The library is whole.")
