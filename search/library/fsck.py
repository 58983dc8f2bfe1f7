"""The invariants of a library, and every breach of them as a sentence."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Protocol

from django.core.files.storage import default_storage
from django.db.models import Exists, F, FloatField, Func, IntegerField, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from search.library.storage import is_young, orphans
from search.models import Asset, Embedding, Encoder, Rendition

# Rows fetched at a time.
BATCH = 1000
# Maximum difference of a norm from 1: in half precision a unit vector of 768 numbers comes back
# within 0.001 of length 1.
NORM_TOLERANCE = 0.01
# Maximum age of what may still be under way; longer than any upload or batch takes.
UNDER_WAY = timedelta(hours=1)


class Track(Protocol):
    """Goes through the rows and shows how far it is, as tqdm does."""

    def __call__(self, rows: Iterable[Any], *, total: int, desc: str) -> Iterable[Any]: ...


def breaches(track: Track, *, strict: bool = False) -> Iterator[str]:
    """Every breach; without `strict` what may still be under way is let pass."""
    yield from serving()
    for encoder in Encoder.objects.live():
        yield from promised_embeddings(encoder, strict=strict)
        yield from vectors(encoder)
        yield from index(encoder)
    yield from promised_renditions()
    yield from lapsed_claims(timedelta() if strict else UNDER_WAY)
    yield from originals(track)
    yield from renditions(track)
    yield from files_without_row(strict=strict)


def serving() -> Iterator[str]:
    """One encoder serves."""
    if Encoder.objects.serving() is None:
        yield "No encoder serves."


def index(encoder: Encoder) -> Iterator[str]:
    """It has its index; one that is building may be getting it."""
    if encoder.state != Encoder.State.BUILDING and not encoder.has_index():
        yield f"The HNSW index of {encoder}, {encoder.index_name}, is missing or not valid."


def promised_embeddings(encoder: Encoder, *, strict: bool) -> Iterator[str]:
    """One promise of each asset for each live encoder, made from the bytes that are there."""
    promises = Embedding.objects.filter(encoder=encoder, asset=OuterRef("pk"))
    if encoder.promised or strict:
        for asset in _each(Asset.objects.filter(~Exists(promises)).only("title")):
            yield f"{_name(asset)} has no promise of {encoder}."
    for asset in _each(Asset.objects.filter(Exists(promises.exclude(sha256=OuterRef("sha256"))))):
        yield f"{_name(asset)} has an embedding of {encoder} that was made from other bytes."


def vectors(encoder: Encoder) -> Iterator[str]:
    """Each vector finite, of the right length and of norm 1."""
    embeddings = Embedding.objects.filter(encoder=encoder, vector__isnull=False).annotate(
        length=Func(F("vector"), function="vector_dims", output_field=IntegerField()),
        norm=Func(F("vector"), function="l2_norm", output_field=FloatField()),
    )
    # Not a number is beyond every range, so this finds it too.
    unit = Q(norm__range=(1 - NORM_TOLERANCE, 1 + NORM_TOLERANCE))
    wrong = embeddings.filter(~Q(length=encoder.dimensions) | ~unit).values_list(
        "asset", "asset__title", "length", "norm"
    )
    for pk, title, length, norm in wrong.iterator(BATCH):
        yield (
            f"{_name(Asset(pk=pk, title=title))} has a vector of {encoder} with {length} numbers"
            f" and norm {norm:.3f} instead of {encoder.dimensions} and 1."
        )


def promised_renditions() -> Iterator[str]:
    """One promise of each asset for each kind of rendition."""
    for spec in Rendition.Spec.values:
        promises = Rendition.objects.filter(spec=spec, asset=OuterRef("pk"))
        for asset in _each(Asset.objects.filter(~Exists(promises)).only("title")):
            yield f"{_name(asset)} has no promise of a {spec}."


def lapsed_claims(grace: timedelta) -> Iterator[str]:
    """No claim past its lease: someone should have claimed it again."""
    embeddings = Embedding.objects.filter(encoder__in=Encoder.objects.live()).defer("vector")
    for promises in (
        embeddings.select_related("asset", "encoder"),
        Rendition.objects.select_related("asset"),
    ):
        lapsed = promises.waiting().filter(leased_until__lt=Now() - grace)
        for promise in lapsed.iterator(BATCH):
            yield f"The claim on {promise} ran out at {promise.leased_until:%Y-%m-%d %H:%M:%S}."


def originals(track: Track) -> Iterator[str]:
    """Each asset's original is there, with its sha256."""
    assets = Asset.objects.only("title", "original", "sha256")
    for asset in track(assets.iterator(BATCH), total=assets.count(), desc="Originals"):
        sha256 = _sha256(asset.original.name)
        if sha256 != asset.sha256 and Asset.objects.filter(pk=asset.pk).exists():
            change = "has changed" if sha256 else "is missing"
            yield f"The original of {_name(asset)}, {asset.original.name}, {change}."


def renditions(track: Track) -> Iterator[str]:
    """The file of each finished rendition is there."""
    done = Rendition.objects.done().select_related("asset")
    for rendition in track(done.iterator(BATCH), total=done.count(), desc="Renditions"):
        name = rendition.file.name
        if not default_storage.exists(name) and Rendition.objects.filter(file=name).exists():
            yield f"The {rendition.spec} of {_name(rendition.asset)}, {name}, is missing."


def files_without_row(*, strict: bool) -> Iterator[str]:
    """Each stored file has its row."""
    for name in orphans():
        if strict or not is_young(name):
            yield f"The file {name} belongs to no asset."


def _sha256(name: str) -> str:
    try:
        with default_storage.open(name) as original:
            return hashlib.file_digest(original, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _each(assets: QuerySet[Asset]) -> Iterator[Asset]:
    return assets.iterator(BATCH)


def _name(asset: Asset) -> str:
    return f'Asset {asset.pk} "{asset.title}"'
