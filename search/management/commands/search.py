import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError

from search.images import UndecodableImage
from search.management.library import LibraryCommand
from search.models import Asset, User
from search.query import Answer, NoVector, Query, answer, remember_picture


class Command(LibraryCommand):
    help = "Find assets by words, by a picture, or by another asset: the order of the search page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", nargs="?", default="")
        parser.add_argument("--image", type=Path, metavar="PATH", help="a picture to go by")
        parser.add_argument("--asset", metavar="ID", help="an asset to go by")
        parser.add_argument("--limit", type=int, default=20, metavar="N")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["limit"] <= 10_000:
            raise CommandError("--limit takes a number from 1 to 10,000.")
        query = Query(
            text=options["text"],
            picture=token_of(options["image"]) if options["image"] else "",
            asset=asset_with(options["asset"]) if options["asset"] else None,
        )
        # Whoever may run commands here may read the whole library.
        found = answer(query, User(is_superuser=True), size=options["limit"])
        if found.sentence:
            self.stderr.write(found.sentence)
        self.stdout.write(as_json(found) if options["json"] else as_table(found))


def token_of(path: Path) -> str:
    try:
        with path.open("rb") as picture:
            return remember_picture(picture)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from None
    except (UndecodableImage, NoVector) as error:
        raise CommandError(f"{path}: {error}") from None


def asset_with(pk: str) -> Asset:
    try:
        return Asset.objects.get(pk=pk)
    except (Asset.DoesNotExist, ValidationError):
        raise CommandError(f"There is no asset {pk}.") from None


def as_json(found: Answer) -> str:
    hits = [
        {"id": str(hit.pk), "title": hit.title}
        | ({"distance": hit.distance, "score": hit.score} if found.ranked else {})
        for hit in found.hits
    ]
    encoder = found.encoder.slug if found.encoder else None
    return json.dumps({"encoder": encoder, "ranked": found.ranked, "hits": hits})


def as_table(found: Answer) -> str:
    scores = (f"{hit.score:.3f}" if found.ranked else "  -  " for hit in found.hits)
    rows = (f"{s}  {hit.pk}  {hit.title}" for s, hit in zip(scores, found.hits, strict=True))
    return "\n".join(rows) or "Nothing found."
