"""The invariants of a library, every breach of them as a sentence, and how it is mended.

What is made from originals is promised anew; an original itself comes back only where another
owner's asset has the same bytes.
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, FloatField, Func, IntegerField, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from search.formats.facts import inspect_own
from search.formats.sniff import UndecodableImage
from search.library.storage import is_young, orphans, remove_orphan
from search.models import Asset, Document, Embedding, Encoder, Rendition, TrashedEmbedding, Version
from search.models.promise import Promise
from workers.turns import turn

# Rows fetched at a time.
BATCH = 1000
# Maximum difference of a norm from 1: in half precision a unit vector of 768 numbers comes back
# within 0.001 of length 1.
NORM_TOLERANCE = 0.01
# Maximum age of what may still be under way; longer than any upload or batch takes.
UNDER_WAY = timedelta(hours=1)


class Breach(NamedTuple):
    """A sentence, and what mends it, if anything can.

    `mend` returns whether it did, and `remedy` then says how.
    """

    sentence: str
    mend: Callable[[], object] = bool
    remedy: str = ""


class Track(Protocol):
    """Goes through the rows and shows how far it is, as tqdm does."""

    def __call__(self, rows: Iterable[Any], *, total: int, desc: str) -> Iterable[Any]: ...


def breaches(track: Track, *, strict: bool = False) -> Iterator[Breach]:
    """Every breach; without `strict` what may still be under way is let pass.

    One that is mended may be mended before the next is looked for.
    """
    yield from serving()
    for encoder in Encoder.objects.live():
        yield from promised_embeddings(encoder, strict=strict)
        yield from vectors(encoder)
        yield from index(encoder)
    yield from embeddings_in_trash()
    yield from promised_renditions()
    yield from lapsed_claims(timedelta() if strict else UNDER_WAY)
    yield from originals(track)
    yield from versions(track)
    yield from renditions(track)
    yield from documents()
    yield from files_without_row(strict=strict)


def serving() -> Iterator[Breach]:
    """One encoder serves."""
    if Encoder.objects.serving() is None:
        yield Breach("No encoder serves.")


def index(encoder: Encoder) -> Iterator[Breach]:
    """It has its index; one that is building may be getting it."""
    if encoder.state != Encoder.State.BUILDING and not encoder.has_index():
        sentence = f"The HNSW index of {encoder}, {encoder.index_name}, is missing or not valid."
        yield Breach(sentence, partial(_build_index, encoder), "It is built.")


def promised_embeddings(encoder: Encoder, *, strict: bool) -> Iterator[Breach]:
    """One promise of each asset for each live encoder, made from the bytes that are there."""
    promises = Embedding.objects.filter(encoder=encoder, asset=OuterRef("pk"))
    coming_back = TrashedEmbedding.objects.due().filter(encoder=encoder, asset=OuterRef("pk"))
    if encoder.promised or strict:
        unpromised = Asset.objects.filter(~Exists(promises), ~Exists(coming_back))
        for asset in _each(unpromised.only("title", "sha256")):
            promise = Embedding(asset=asset, encoder=encoder, sha256=asset.sha256, backfill=True)
            sentence = f"{_name(asset)} has no promise of {encoder}."
            yield Breach(sentence, partial(_add, promise), PROMISED)
    for asset in _each(Asset.objects.filter(Exists(promises.exclude(sha256=OuterRef("sha256"))))):
        sentence = f"{_name(asset)} has an embedding of {encoder} that was made from other bytes."
        yield Breach(sentence, partial(_embed_anew, encoder, asset), PROMISED)


def vectors(encoder: Encoder) -> Iterator[Breach]:
    """Each vector finite, of the right length and of norm 1."""
    embeddings = Embedding.objects.filter(encoder=encoder, vector__isnull=False).annotate(
        length=Func(F("vector"), function="vector_dims", output_field=IntegerField()),
        norm=Func(F("vector"), function="l2_norm", output_field=FloatField()),
    )
    # Not a number is beyond every range, so this finds it too.
    unit = Q(norm__range=(1 - NORM_TOLERANCE, 1 + NORM_TOLERANCE))
    wrong = embeddings.filter(~Q(length=encoder.dimensions) | ~unit).values_list(
        "asset", "asset__title", "asset__sha256", "length", "norm"
    )
    for pk, title, sha256, length, norm in wrong.iterator(BATCH):
        asset = Asset(pk=pk, title=title, sha256=sha256)
        sentence = (
            f"{_name(asset)} has a vector of {encoder} with {length} numbers"
            f" and norm {norm:.3f} instead of {encoder.dimensions} and 1."
        )
        yield Breach(sentence, partial(_embed_anew, encoder, asset), PROMISED)


def embeddings_in_trash() -> Iterator[Breach]:
    """What lies in the trash has its embeddings there, and nothing else has."""
    for embedding in Embedding.objects.filter(asset__trashed__isnull=False).defer("vector"):
        sentence = f"{embedding} is searched, and its asset is in the trash."
        mend = partial(_take_to_trash, embedding)
        yield Breach(sentence, mend, "It is put there too.")
    left = TrashedEmbedding.objects.filter(asset__trashed=None, is_due=False).defer("vector")
    for trashed in left:
        stored = TrashedEmbedding.objects.filter(pk=trashed.pk)
        sentence = f"{trashed}, and its asset is not."
        yield Breach(sentence, partial(stored.update, is_due=True), "It comes back.")


def promised_renditions() -> Iterator[Breach]:
    """One promise of each asset for each kind of rendition, in the trash too."""
    for spec in Rendition.Spec.values:
        promises = Rendition.objects.filter(spec=spec, asset=OuterRef("pk"))
        for asset in _each(Asset.everything.filter(~Exists(promises)).only("title")):
            promise = Rendition(asset=asset, spec=spec)
            sentence = f"{_name(asset)} has no promise of a {spec}."
            yield Breach(sentence, partial(_add, promise), PROMISED)


def lapsed_claims(grace: timedelta) -> Iterator[Breach]:
    """No claim past its lease: someone should have claimed it again."""
    embeddings = Embedding.objects.filter(encoder__in=Encoder.objects.live()).defer("vector")
    for promises in (
        embeddings.select_related("asset", "encoder"),
        Rendition.objects.select_related("asset"),
    ):
        lapsed = promises.waiting().filter(leased_until__lt=Now() - grace)
        for promise in lapsed.iterator(BATCH):
            # A worker takes it up, where there is one.
            yield Breach(
                f"The claim on {promise} ran out at {promise.leased_until:%Y-%m-%d %H:%M:%S}."
            )


def originals(track: Track) -> Iterator[Breach]:
    """Each asset's original is there, with its sha256; of those in the trash too."""
    assets = Asset.everything.only("title", "original", "sha256", "filename")
    for asset in track(assets.iterator(BATCH), total=assets.count(), desc="Originals"):
        sha256 = _sha256(asset.original.name)
        if sha256 != asset.sha256 and Asset.everything.filter(pk=asset.pk).exists():
            change = "has changed" if sha256 else "is missing"
            sentence = f"The original of {_name(asset)}, {asset.original.name}, {change}."
            yield Breach(sentence, partial(_put_back, asset), PUT_BACK)


def versions(track: Track) -> Iterator[Breach]:
    """Each earlier original is there, with its sha256, and each asset's of now is the version that
    it says."""
    rows = Version.objects.select_related("asset")
    for version in track(rows.iterator(BATCH), total=rows.count(), desc="Versions"):
        if _sha256(str(version.original.name)) != version.sha256:
            sentence = f"The original of {version}, {version.original.name}, is missing or changed."
            yield Breach(sentence)
        is_of_now = version.number == version.asset.version
        if is_of_now and version.sha256 != version.asset.sha256:
            yield Breach(f"{_name(version.asset)} is not {version}, as it says.")


def renditions(track: Track) -> Iterator[Breach]:
    """The file of each finished rendition is there, as it was written."""
    done = Rendition.objects.done().select_related("asset")
    for rendition in track(done.iterator(BATCH), total=done.count(), desc="Renditions"):
        name = rendition.file.name
        stored = Rendition.objects.filter(file=name)
        if (change := _change(rendition)) and stored.exists():
            sentence = f"The {rendition.spec} of {_name(rendition.asset)}, {name}, {change}."
            yield Breach(sentence, stored.reset, PROMISED)


def documents() -> Iterator[Breach]:
    """The document of each term is there, as it was stored."""
    for document in Document.objects.iterator(BATCH):
        sha256 = _sha256(str(document.file.name))
        if sha256 != document.sha256 and Document.objects.filter(pk=document.pk).exists():
            change = "has changed" if sha256 else "is missing"
            yield Breach(f"The document {document}, {document.file.name}, {change}.")


def files_without_row(*, strict: bool) -> Iterator[Breach]:
    """Each stored file has its row."""
    for name in orphans():
        if strict or not is_young(name):
            sentence = f"The file {name} belongs to no asset."
            yield Breach(sentence, partial(remove_orphan, name), "It is removed.")


# How they are mended -----------------------------------------------------------------------------

PROMISED = "It is promised anew."
PUT_BACK = "It is put back from another owner's asset of the same bytes."


def _build_index(encoder: Encoder) -> bool:
    # Not beside a worker that builds it: each would take what the other builds for half-built.
    with turn("upkeep") as taken:
        if taken:
            encoder.build_index()
        return taken


def _add(promise: Promise) -> bool:
    with suppress(IntegrityError), transaction.atomic():  # It was promised, or its asset deleted.
        promise.save(force_insert=True)
    return True


def _embed_anew(encoder: Encoder, asset: Asset) -> int:
    embedding = Embedding.objects.filter(encoder=encoder, asset=asset)
    embedding.update(sha256=asset.sha256)
    return embedding.reset()


def _put_back(asset: Asset) -> int:
    """Give an asset the bytes of another one that are its own; 0 where there are none."""
    for twin in Asset.everything.filter(sha256=asset.sha256).exclude(pk=asset.pk):
        if _sha256(str(twin.original.name)) == asset.sha256:
            with twin.original.open() as file:
                asset.original.save(asset.filename, File(file), save=False)
            return Asset.everything.filter(pk=asset.pk).update(original=asset.original.name)
    return 0


def _take_to_trash(embedding: Embedding) -> bool:
    TrashedEmbedding.objects.take([embedding.asset_id])
    return True


def _change(rendition: Rendition) -> str:
    """What has become of a rendition's file; empty where it is as it was written."""
    try:
        with default_storage.open(str(rendition.file.name)) as file:
            data = file.read()
    except FileNotFoundError:
        return "is missing"
    return "" if _is_as_written(rendition, data) else "has changed"


def _is_as_written(rendition: Rendition, data: bytes) -> bool:
    if rendition.sha256:
        return hashlib.sha256(data).hexdigest() == rendition.sha256
    try:  # It is older than these sums.
        inspect_own(io.BytesIO(data))
    except UndecodableImage:
        return False
    return True


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
