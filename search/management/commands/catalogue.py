from argparse import ArgumentParser
from tempfile import TemporaryFile
from typing import Any

from django.core.files import File
from django.utils.text import slugify
from PIL.Image import Image

from search.library.ingest import ingest
from search.management.commands.ingest import owner_named
from search.management.library import LibraryCommand
from search.models import Asset, AssetLabel, Collection, Label, User
from workers.studio.captions import labels, title
from workers.studio.draw import catalogue
from workers.studio.scenes import Scene

SEED = 2026
# By the kinds of things in them, and by settings.
COLLECTIONS = {
    "Around the house": {
        *("chair", "stool", "sofa", "table", "bed", "lamp", "clock", "candle", "book", "cushion"),
        *("basket", "cupboard", "radio", "telephone", "laptop"),
    },
    "In the kitchen": {"mug", "teapot", "bowl", "plate", "bottle", "pan", "kettle"},
    "Things to wear": {
        *("shoe", "boot", "hat", "cap", "shirt", "dress", "pair of trousers", "sock", "scarf"),
        *("mitten", "watch", "pair of glasses"),
    },
    "Travel": {"handbag", "backpack", "suitcase", "umbrella", "camera", "tent"},
    "Tools and garden": {"hammer", "saw", "watering can", "bucket", "bird house"},
    "Toys and music": {
        *("balloon", "kite", "ball", "drum", "guitar", "rocket", "skateboard", "teddy bear"),
        "robot",
    },
    "Vehicles": {"bicycle", "car", "bus", "boat", "tractor", "aeroplane"},
    "Food": {"apple", "banana", "cake"},
    "Animals": {"cat", "fish", "bird", "elephant", "tortoise"},
    "Plants": {"vase", "plant pot", "cactus", "tree"},
    "At the beach": {"on a beach"},
    "Evening light": {"at night", "at sunset"},
}


class Command(LibraryCommand):
    help = "Store the sample catalogue: pictures that the studio draws; what is there is skipped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pictures", type=int, default=500, metavar="N")
        parser.add_argument("--owner", metavar="NAME", help="the account that owns them")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = owner_named(options["owner"])
        for scene, picture in catalogue(options["pictures"], SEED):
            describe(stored(picture, title(scene), owner), scene)


def stored(picture: Image, title: str, owner: User) -> Asset:
    """The asset of a drawn picture, by the way that every upload takes."""
    with TemporaryFile() as data:
        picture.save(data, "JPEG", quality=90)
        data.seek(0)
        upload = File(data, name=f"{slugify(title)[:80]}.jpg")
        asset, _ = ingest(upload, owner=owner, title=title)
    return asset


def describe(asset: Asset, scene: Scene) -> None:
    """What a curator would say about it: its labels, and the collections it belongs to."""
    for name in labels(scene):
        label, _ = Label.objects.get_or_create(name=name)
        AssetLabel.objects.get_or_create(asset=asset, label=label, source=AssetLabel.Source.PERSON)
    shown = {scene.backdrop, *(thing.kind for thing in scene.things)}
    for name, wanted in COLLECTIONS.items():
        if shown & wanted:
            slug = slugify(name)
            collection, _ = Collection.objects.get_or_create(slug=slug, defaults={"name": name})
            collection.assets.add(asset)
