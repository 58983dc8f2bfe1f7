import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.http import QueryDict

from search.formats.sniff import UndecodableImage
from search.forms import SearchForm
from search.management.library import LibraryCommand
from search.models import User
from search.query import Answer, Hit, NoVector, answer, remember_picture
from search.query.filters import FILTERS

# Whoever may run commands here may read the whole library.
RUNNER = User(is_superuser=True)
ONCE = ("balance", "sort")
SWITCHES = ("everything", "diversity", "duplicates")
SEVERAL = ("like", "unlike", *FILTERS)


class Command(LibraryCommand):
    help = (
        "Find assets: the query and the order of the search page. Each option is the parameter of"
        " the same name in the page's address."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", nargs="?", default="", help="what stands in the box")
        parser.add_argument("--image", type=Path, metavar="PATH", help="a picture to go by")
        for name in SEVERAL:
            parser.add_argument(f"--{name}", action="append", default=[])
        for name in ONCE:
            parser.add_argument(f"--{name}")
        for name in SWITCHES:
            parser.add_argument(f"--{name}", action="store_true")
        parser.add_argument("--limit", type=int, default=20, metavar="N")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["limit"] <= 10_000:
            raise CommandError("--limit takes a number from 1 to 10,000.")
        form = SearchForm(parameters(options), RUNNER)
        if not form.is_valid():
            raise CommandError(" ".join(form.sentences()))
        result = answer(form.query(), RUNNER, size=options["limit"])
        if result.sentence:
            self.stderr.write(result.sentence)
        self.stdout.write(as_json(result) if options["json"] else as_table(result))


def parameters(options: dict[str, Any]) -> QueryDict:
    """The options as they would stand in an address."""
    given = QueryDict(mutable=True)
    given["q"] = options["text"]
    for name in SEVERAL:
        given.setlist(name, options[name])
    if options["image"]:
        given.appendlist("like", token_of(options["image"]))
    for name in ONCE:
        given[name] = options[name] or ""
    for name in SWITCHES:
        given[name] = "1" if options[name] else ""
    return given


def token_of(path: Path) -> str:
    try:
        with path.open("rb") as picture:
            return remember_picture(picture, RUNNER)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from None
    except (UndecodableImage, NoVector) as error:
        raise CommandError(f"{path}: {error}") from None


def as_json(result: Answer) -> str:
    hits = [as_facts(hit, result) for hit in result.hits]
    encoder = result.encoder.slug if result.encoder else None
    return json.dumps(
        {
            "query": result.query.parameters(),
            "encoder": encoder,
            "ranked": result.ranked,
            "count": result.count,
            "hits": hits,
        }
    )


def as_facts(hit: Hit, result: Answer) -> dict[str, Any]:
    facts = {"id": str(hit.asset.pk), "title": hit.asset.title}
    if not result.ranked:
        return facts
    return facts | {name: getattr(hit, name) for name in ("distance", "score", "match", "why")}


def as_table(result: Answer) -> str:
    rows = (f"{score_of(hit, result)}  {hit.asset.pk}  {hit.asset.title}" for hit in result.hits)
    return "\n".join(rows) or "Nothing found."


def score_of(hit: Hit, result: Answer) -> str:
    return f"{hit.score:.3f}" if result.ranked and hit.score is not None else "  -  "
