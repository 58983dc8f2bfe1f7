import json
from argparse import ArgumentParser
from typing import Any

from search.library import upgrade
from search.management.library import LibraryCommand
from workers.bell import ring


class Command(LibraryCommand):
    help = (
        "Have the pictures read anew that were read by rules that have changed since; renditions"
        " and vectors are made anew of those that look other than they did. In the background,"
        " behind fresh uploads: run it again to see how many are left."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="both numbers as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = upgrade.begin()
        ring()
        left = upgrade.outdated().count()
        if options["json"]:
            self.stdout.write(json.dumps({"begun": begun, "left": left}))
        elif left:
            self.stdout.write(f"Left to be read anew: {left:,}.")
        else:
            self.stdout.write("All pictures were read by today's rules.")
