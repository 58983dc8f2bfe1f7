import json
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management import BaseCommand, CommandError

from search.library.fsck import breaches
from workers.bell import ring
from workers.progress import Bar


class Command(BaseCommand):
    help = (
        "Check that the library is whole: rows, files, promises, vectors. Changes nothing unless"
        " told to mend."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--strict", action="store_true", help="nothing is under way: let nothing pass for that"
        )
        parser.add_argument(
            "--mend",
            action="store_true",
            help="promise anew what is made from originals, and name what can't be mended",
        )
        parser.add_argument("--json", action="store_true", help="the breaches as a JSON array")

    def handle(self, *args: Any, strict: bool, mend: bool, **options: Any) -> None:
        track = partial(Bar, leave=False)
        sentences, left = [], 0
        for breach in breaches(track, strict=strict):
            is_mended = mend and bool(breach.mend())
            left += not is_mended
            sentences.append(f"{breach.sentence} {breach.remedy}" if is_mended else breach.sentence)
            if not options["json"]:
                self.stdout.write(sentences[-1])
        if options["json"]:
            self.stdout.write(json.dumps(sentences, indent=2))
        self.conclude(len(sentences) - left, left, quiet=options["json"])

    def conclude(self, mended: int, left: int, *, quiet: bool) -> None:
        """Say how many breaches are mended and left; fails for those that are left."""
        if mended:
            ring()
        if left:
            raise CommandError(f"Breaches found: {left}.")
        if not quiet:
            self.stdout.write(f"Mended: {mended}." if mended else "The library is whole.")
