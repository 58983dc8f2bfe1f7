import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from search.formats import decode
from search.formats.facts import inspect
from search.formats.sniff import UndecodableImage
from search.management.commands.search import RUNNER, token_of
from search.management.library import LibraryCommand
from search.models import Encoder
from search.query import Example, NoVector, Query, encode
from search.query.words import Part, Words
from workers.encoders.load import load_encoder
from workers.encoders.protocol import CheckpointError, LoadedEncoder


class Command(LibraryCommand):
    help = "Print the unit vectors of texts and pictures as JSON, in the order they were given."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--text", action="append", default=[], metavar="T")
        parser.add_argument("--image", action="append", default=[], type=Path, metavar="PATH")
        parser.add_argument(
            "--checkpoint", metavar="PATH", help="this one, not the serving encoder"
        )
        parser.add_argument("--json", action="store_true", help="the only form there is")

    def handle(self, *args: Any, **options: Any) -> None:
        texts, paths = options["text"], options["image"]
        if not texts and not paths:
            raise CommandError("Give at least one --text or --image.")
        checkpoint = options["checkpoint"]
        vectors = by_checkpoint(checkpoint, texts, paths) if checkpoint else by_server(texts, paths)
        self.stdout.write(json.dumps(vectors))


def by_server(texts: list[str], paths: list[Path]) -> dict[str, Any]:
    """As a search would get them: by the serving encoder, through the query worker."""
    encoder = Encoder.objects.serving()
    if encoder is None:
        raise CommandError("No encoder serves yet: run manage.py encoder serve.")
    try:
        queries = [Query(words=Words((Part(text, quoted=True),))) for text in texts]
        queries += [Query(like=(Example(picture=token_of(path)),)) for path in paths]
        vectors = [encode(query, encoder, RUNNER).vector for query in queries]
    except NoVector as error:
        raise CommandError(str(error)) from None
    return as_json(encoder, vectors[: len(texts)], vectors[len(texts) :])


def by_checkpoint(checkpoint: str, texts: list[str], paths: list[Path]) -> dict[str, Any]:
    """By any checkpoint, loaded in this process."""
    try:
        encoder = load_encoder(checkpoint)
    except CheckpointError as error:
        raise CommandError(str(error)) from None
    pictures = [decoded(path) for path in paths]
    images = encoder.encode_images(pictures).tolist()
    return as_json(encoder, encoder.encode_texts(texts).tolist(), images)


def as_json(
    encoder: Encoder | LoadedEncoder, texts: list[list[float]], images: list[list[float]]
) -> dict[str, Any]:
    """The vectors, in the order of the arguments, and by which encoder."""
    names = ("checkpoint", "revision", "dimensions")
    return {name: getattr(encoder, name) for name in names} | {"texts": texts, "images": images}


def decoded(path: Path) -> Any:
    try:
        with path.open("rb") as picture:
            inspect(picture)  # Refuses what an upload would refuse.
            return decode.decode(picture)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from None
    except UndecodableImage as error:
        raise CommandError(f"{path}: {error}") from None
