"""Plain functions that make what a test needs."""

import io
from uuid import uuid4

from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from search.formats.rules import RULES
from search.models import Asset, AssetLabel, Collection, Embedding, Encoder, Label, Rendition, User
from tests.support.fake_encoder import COLOURS, FakeEncoder, direction


def make_user(name: str = "owner", *, staff: bool = False) -> User:
    user, created = User.objects.get_or_create(username=name)
    if created:
        user.set_password("correct horse")
        user.is_staff = user.is_superuser = staff
        user.save()
    return user


def make_encoder(**fields) -> Encoder:
    """The encoder of the tests, serving unless told otherwise, with its HNSW index."""
    given = {
        "slug": "fake",
        "checkpoint": FakeEncoder.checkpoint,
        "revision": FakeEncoder.revision,
        "dimensions": FakeEncoder.dimensions,
        "state": Encoder.State.SERVING,
        "promised": timezone.now(),
    } | fields
    encoder, created = Encoder.objects.get_or_create(slug=given.pop("slug"), defaults=given)
    if created:
        with connection.cursor() as cursor:
            # No index is built in a transaction that still has to check foreign keys.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        encoder.build_index()
    return encoder


def picture(colour: str = "red", size: tuple[int, int] = (60, 40)) -> Image.Image:
    return Image.new("RGB", size, COLOURS[colour])


def make_asset(
    *,
    title: str = "barn",
    colour: str = "red",
    size: tuple[int, int] = (60, 40),
    owner: User | None = None,
    embedded: bool = False,
    thumbnail: bool = False,
    labels: tuple[str, ...] = (),
    collection: str = "",
    **fields,
) -> Asset:
    """An asset as ingest() leaves it; `embedded` and `thumbnail` do the workers' part too."""
    data = io.BytesIO()
    picture(colour, size).save(data, "PNG")
    asset = Asset(
        owner=owner or make_user(),
        filename=fields.pop("filename", f"{title}.png"),
        sha256=fields.pop("sha256", uuid4().hex * 2),
        width=size[0],
        height=size[1],
        format="PNG",
        bytes=data.tell(),
        colour="#{:02x}{:02x}{:02x}".format(*COLOURS[colour]),
        title=title,
        **{"rules": RULES} | fields,
    )
    asset.original.save(asset.filename, ContentFile(data.getvalue()), save=False)
    asset.save(force_insert=True)
    Rendition.objects.promise(asset)
    Embedding.objects.promise(asset)
    if embedded:
        embed(asset, colour)
    if thumbnail:
        make_renditions(asset)
    for name in labels:
        label, _ = Label.objects.get_or_create(name=name)
        AssetLabel.objects.create(asset=asset, label=label)
    if collection:
        made, _ = Collection.objects.get_or_create(slug=collection, defaults={"name": collection})
        made.assets.add(asset)
    return asset


def embed(asset: Asset, colour: str) -> None:
    Embedding.objects.get_or_create(
        asset=asset, encoder=make_encoder(), defaults={"sha256": asset.sha256}
    )
    for promise in Embedding.objects.filter(asset=asset, encoder__slug="fake"):
        assert promise.fulfil(vector=direction(COLOURS[colour]))


def make_renditions(asset: Asset) -> None:
    data = io.BytesIO()
    with asset.original.open() as original:
        Image.open(original).convert("RGB").save(data, "JPEG")
    for rendition in Rendition.objects.filter(asset=asset):
        assert rendition.store(data.getvalue())
