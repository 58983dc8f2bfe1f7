"""Plain functions that make what a test needs."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from search.formats.rules import RULES
from search.models import Asset, AssetLabel, Collection, Embedding, Encoder, Label, Rendition, User
from tests.support.fake_encoder import COLOURS, FakeEncoder, direction


def make_user(name: str = "owner", *, staff: bool = False, role: str = "") -> User:
    """An account: a viewer, an administrator if `staff`, or of another role."""
    user, created = User.objects.get_or_create(username=name)
    if created:
        user.set_password("correct horse")
        user.role = role or (User.Role.ADMINISTRATOR if staff else User.Role.VIEWER)
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


@cache
def file_of(format: str, colour: str, size: tuple[int, int]) -> bytes:
    data = io.BytesIO()
    picture(colour, size).save(data, format)
    return data.getvalue()


def make_asset(*, embedded: bool = False, thumbnail: bool = False, **fields) -> Asset:
    """An asset as ingest() leaves it; `embedded` and `thumbnail` do the workers' part too."""
    return make_assets([fields], embedded=embedded, thumbnail=thumbnail)[0]


def make_assets(
    each: Sequence[dict[str, Any]], *, embedded: bool = False, thumbnail: bool = False
) -> list[Asset]:
    """The assets of which these are the fields, in five statements for all of them."""
    if embedded:
        make_encoder()
    assets = [_asset(**fields) for fields in each]
    Asset.objects.bulk_create(assets)
    Rendition.objects.bulk_create(r for a in assets for r in _renditions(a, thumbnail))
    encoders = list(Encoder.objects.live())
    Embedding.objects.bulk_create(e for a in assets for e in _embeddings(a, encoders, embedded))
    for asset, fields in zip(assets, each, strict=True):
        _file(asset, **fields)
    return assets


def _file(asset: Asset, labels: tuple[str, ...] = (), collection: str = "", **others) -> None:
    for name in labels:
        label, _ = Label.objects.get_or_create(name=name)
        AssetLabel.objects.create(asset=asset, label=label)
    if collection:
        made, _ = Collection.objects.get_or_create(slug=collection, defaults={"name": collection})
        made.assets.add(asset)


def _asset(
    *,
    title: str = "barn",
    colour: str = "red",
    size: tuple[int, int] = (60, 40),
    owner: User | None = None,
    labels: tuple[str, ...] = (),
    collection: str = "",
    **fields,
) -> Asset:
    data = file_of("PNG", colour, size)
    asset = Asset(
        owner=owner or make_user(),
        filename=fields.pop("filename", f"{title}.png"),
        sha256=fields.pop("sha256", uuid4().hex * 2),
        width=size[0],
        height=size[1],
        format="PNG",
        bytes=len(data),
        colour="#{:02x}{:02x}{:02x}".format(*COLOURS[colour]),
        title=title,
        **{"rules": RULES} | fields,
    )
    asset.original.save(asset.filename, ContentFile(data), save=False)
    return asset


def _renditions(asset: Asset, made: bool) -> Iterator[Rendition]:
    jpeg = file_of("JPEG", _name(asset.colour), (asset.width, asset.height)) if made else b""
    for spec in Rendition.Spec:
        rendition = Rendition(asset=asset, spec=spec)
        if made:
            rendition.file.save(spec, ContentFile(jpeg), save=False)
            rendition.sha256 = hashlib.sha256(jpeg).hexdigest()
            rendition.fulfilled = timezone.now()
        yield rendition


def _embeddings(asset: Asset, encoders: list[Encoder], made: bool) -> Iterator[Embedding]:
    for encoder in encoders:
        embedding = Embedding(asset=asset, encoder=encoder, sha256=asset.sha256)
        if made and encoder.slug == "fake":
            embedding.vector = direction(COLOURS[_name(asset.colour)])
            embedding.fulfilled = timezone.now()
        yield embedding


def _name(colour: str) -> str:
    return next(n for n, rgb in COLOURS.items() if colour == "#{:02x}{:02x}{:02x}".format(*rgb))


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
