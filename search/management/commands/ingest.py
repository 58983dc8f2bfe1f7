import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management import CommandError
from django.utils.text import slugify

from search.formats.sniff import UndecodableImage
from search.library.ingest import InTrash, IsVersion, ingest
from search.management.library import LibraryCommand
from search.management.picture_files import files_under, is_sidecar
from search.models import Asset, Collection, Embedding, User
from search.models.names import called
from search.models.old_name import named
from workers.progress import Bar


class Command(LibraryCommand):
    help = "Store pictures, from files and folders; what is there already is skipped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--owner", metavar="NAME", help="the account that owns them")
        parser.add_argument("--collection", metavar="SLUG", help="a collection to put them in")
        parser.add_argument(
            "--exclude",
            action="append",
            default=[],
            metavar="PATTERN",
            help='pass over files and folders of this name, as "*.psd" or "drafts"; repeatable',
        )
        parser.add_argument(
            "--own-copies",
            action="store_true",
            help="store also what others have in the library already; it is skipped otherwise",
        )
        parser.add_argument("--wait", action="store_true", help="until all of them are searchable")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        self.outcome: dict[str, Any] = {"stored": [], "skipped": [], "refused": []}
        files = list(self.files_of(options["paths"], options["exclude"]))
        owner = owner_named(options["owner"])
        assets = self.ingest_all(files, owner, own_copy=options["own_copies"])
        if options["collection"]:
            collection_with(options["collection"]).assets.add(*assets)
        if options["wait"]:
            wait_for(assets)
        self.report(as_json=options["json"])

    def files_of(self, paths: list[Path], exclude: list[str]) -> Iterator[Path]:
        """The files at these paths, whatever they are, and the pictures in these folders."""
        sidecars = self.outcome["sidecars"] = []
        for path in paths:
            if not path.exists():
                raise CommandError(f"There is no file or folder {path}.")
            if path.is_file():
                yield path
                continue
            for file in files_under(path, exclude):
                if is_sidecar(file):
                    sidecars.append({"file": str(file)})
                else:
                    yield file

    def ingest_all(self, files: list[Path], owner: User, *, own_copy: bool) -> list[Asset]:
        assets = []
        for path in Bar(files, desc="Reading", unit="file"):
            try:
                with path.open("rb") as data:
                    file = File(data, name=path.name)
                    asset, is_new = ingest(file, owner=owner, own_copy=own_copy)
            except (UndecodableImage, InTrash, IsVersion, OSError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                self.outcome["refused"].append({"file": str(path), "reason": reason})
                continue
            assets.append(asset)
            row = {"file": str(path), "asset": str(asset.pk)}
            if asset.owner != owner:
                row["owner"] = asset.owner.get_username()
            self.outcome["stored" if is_new else "skipped"].append(row)
        return assets

    def report(self, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(self.outcome))
        else:
            counts = [(len(files), outcome) for outcome, files in self.outcome.items()]
            text = [f"{n} {outcome}" for n, outcome in counts if n or outcome != "sidecars"]
            self.stdout.write(", ".join(text))
        owners = [row["owner"] for row in self.outcome["skipped"] if "owner" in row]
        if owners:
            self.stderr.write(
                f"{len(owners)} of the skipped are in the library already, from "
                f"{', '.join(sorted(set(owners)))}; --own-copies stores them nevertheless."
            )
        for refusal in self.outcome["refused"]:
            self.stderr.write(f"{refusal['file']}: {refusal['reason']}")
        if self.outcome["refused"]:
            sys.exit(1)


def owner_named(name: str | None) -> User:
    if name:
        owner = named(User.objects.all(), name, "username")
        if owner is None:
            raise CommandError(f"There is no account named {name}.")
        return owner
    owner = User.objects.filter(is_superuser=True).order_by("pk").first()
    # An account nobody can sign in to, so that a library can be filled before anyone has one.
    return owner or User.objects.get_or_create(username="library", defaults={"password": "!"})[0]


def collection_with(slug: str) -> Collection:
    if slug != slugify(slug, allow_unicode=True):
        raise CommandError(f"{slug!r} is no slug: small letters, digits and hyphens, please.")
    name = slug.replace("-", " ").capitalize()
    # By an old slug too: what fills a collection each night goes on filling it under a new name.
    return named(Collection.objects.all(), slug, "slug") or collection_called(name)


def collection_called(name: str) -> Collection:
    """The collection of this name, made if there is none."""
    fields = {"name": name, "slug": slugify(name, allow_unicode=True)}
    return called(Collection.objects.all(), name).get_or_create(defaults=fields)[0]


def wait_for(assets: list[Asset]) -> None:
    """Return once none of these assets waits to be embedded."""
    waiting = Embedding.objects.filter(asset__in=assets).waiting()
    with Bar(total=len(assets), unit="asset", desc="Embedding") as bar:
        while left := waiting.count():
            bar.update(max(0, len(assets) - left - bar.n))
            time.sleep(0.5)
        bar.update(len(assets) - bar.n)
