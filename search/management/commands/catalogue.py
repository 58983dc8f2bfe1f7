import time
from argparse import ArgumentParser
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

from django.core.files import File
from django.utils.text import slugify
from PIL.Image import Image

from search.formats.facts import inspect_own
from search.library.ingest import ingest
from search.management.commands.ingest import collection_called, owner_named
from search.management.library import LibraryCommand, serve_if_none_does
from search.models import Asset, AssetLabel, Label, Rendition, User
from workers.studio.captions import labels, title
from workers.studio.draw import catalogue_scenes, draw
from workers.studio.scenes import Scene

SEED = 2026
# Maximum number of renditions that may be waiting when another picture is drawn, two of each: who
# looks at the newest pictures meanwhile sees thumbnails, and not places for some.
MOST_AHEAD = 8
# Seconds that workers are waited for in all: where none run, it goes on without them.
PATIENCE_SECONDS = 60.0
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
        parser.add_argument(
            "--part",
            type=int,
            nargs=2,
            default=(0, 1),
            metavar=("K", "N"),
            help="every N-th picture only, from the K-th on: N processes share the work",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        serve_if_none_does()  # Where the library is new, it is being loaded: that is waited for.
        owner, (first, step) = owner_named(options["owner"]), options["part"]
        # By name and size: to draw a picture for its SHA-256 takes 0.11 s of CPU.
        assets = {
            (asset.filename, asset.width, asset.height): asset
            for asset in Asset.objects.filter(owner=owner)
        }
        scenes = catalogue_scenes(options["pictures"], SEED)
        patience = PATIENCE_SECONDS
        for scene, size in islice(scenes, first, None, step):
            patience -= await_workers(patience)
            name = f"{slugify(title(scene))[:80]}.jpg"
            asset = assets.get((name, *size)) or store(draw(scene, size), name, scene, owner)
            describe(asset, scene)


def await_workers(patience: float) -> float:
    """Let the workers catch up, for `patience` seconds at most; how many it took."""
    began = time.monotonic()
    waiting = Rendition.objects.waiting()
    while waiting.count() > MOST_AHEAD and time.monotonic() < began + patience:
        time.sleep(0.05)
    return time.monotonic() - began


def store(picture: Image, name: str, scene: Scene, owner: User) -> Asset:
    """The asset of a drawn picture, by the way that every upload takes; but for the sandbox."""
    with TemporaryFile() as data:
        picture.save(data, "JPEG", quality=90)
        facts = inspect_own(data)
        file = File(data, name=name)
        asset, _ = ingest(file, owner=owner, title=title(scene), facts=facts, own_copy=True)
        return asset


def describe(asset: Asset, scene: Scene) -> None:
    """What a curator would say about it: its labels, and the collections it belongs to."""
    for name in labels(scene):
        label = Label.objects.called(name)
        AssetLabel.objects.get_or_create(asset=asset, label=label, source=AssetLabel.Source.PERSON)
    contents = {scene.backdrop, *(thing.kind for thing in scene.things)}
    for name, kinds in COLLECTIONS.items():
        if contents & kinds:
            collection_called(name).assets.add(asset)
