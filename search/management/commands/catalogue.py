from argparse import ArgumentParser
from tempfile import TemporaryFile
from typing import Any

from django.core.files import File
from django.utils.text import slugify
from PIL.Image import Image

from search.ingest import ingest
from search.management.commands.ingest import owner_named
from search.management.library import LibraryCommand
from search.models import Asset, AssetLabel, Collection, Label, User
from workers.training import studio
from workers.training.things import home, outdoors, worn

SEED = 2026
COLLECTIONS = {
    "Around the house": home.KINDS,
    "Things to wear": worn.KINDS,
    "Out of doors": outdoors.KINDS,
}


class Command(LibraryCommand):
    help = "Store the sample catalogue: pictures that the studio draws; what is there is skipped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pictures", type=int, default=300, metavar="N")
        parser.add_argument("--owner", metavar="NAME", help="the account that owns them")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = owner_named(options["owner"])
        for scene, picture in studio.catalogue(options["pictures"], SEED):
            describe(stored(picture, studio.title(scene), owner), scene)


def stored(picture: Image, title: str, owner: User) -> Asset:
    """The asset of a drawn picture, by the way that every upload takes."""
    with TemporaryFile() as data:
        picture.save(data, "JPEG", quality=90)
        data.seek(0)
        upload = File(data, name=f"{slugify(title)[:80]}.jpg")
        asset, _ = ingest(upload, owner=owner, title=title)
    return asset


def describe(asset: Asset, scene: studio.Scene) -> None:
    """What a curator would say about it: its labels, and the collections it belongs to."""
    for name in studio.labels(scene):
        label, _ = Label.objects.get_or_create(name=name)
        AssetLabel.objects.get_or_create(asset=asset, label=label, source=AssetLabel.Source.PERSON)
    for name, kinds in COLLECTIONS.items():
        if any(thing.kind in kinds for thing in scene.things):
            slug = slugify(name)
            collection, _ = Collection.objects.get_or_create(slug=slug, defaults={"name": name})
            collection.assets.add(asset)
