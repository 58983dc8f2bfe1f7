"""Versions: an asset's original is replaced by another one, and the earlier ones are kept.

Facts, renditions and vectors are those of the new original from one commit on. What is still to be
made of it is promised as of a fresh upload: until then the asset is found by its words alone, and
never by an old vector. Whatever points to the asset stays.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import Max
from django.db.models.functions import Now

from search.disk import DiskFull, is_full
from search.formats.derived import Derived
from search.formats.facts import Facts, inspect_and_derive
from search.formats.rules import RULES
from search.library import inputs, label_suggestions, near_duplicates
from search.library.ingest import display_name, refuse_too_many_bytes
from search.models import (
    Asset,
    AssetLabel,
    Embedding,
    Encoder,
    Rendition,
    TrashedEmbedding,
    User,
    Version,
)
from search.models.asset import original_name
from search.models.lease import UNTOUCHED
from search.refusals import Refusal
from workers.bell import ring

# What a version has of the facts of its original.
FACTS = ("width", "height", "format", "taken", "camera")


class NotReplaced(Refusal):
    """This file can't become the original of this asset."""


def replace(asset: Asset, upload: File, *, person: User, note: str = "") -> Version:
    """Make an upload the original of an asset; of an earlier version's bytes, that version again.

    Raises `UndecodableImage`, `DiskFull` and `NotReplaced`, and then nothing has changed.
    """
    refuse_too_many_bytes(upload)
    upload.seek(0)
    sha256 = hashlib.file_digest(upload, "sha256").hexdigest()
    if sha256 == asset.sha256:
        raise NotReplaced("version_is_current")
    if earlier := Version.objects.filter(asset=asset, sha256=sha256).first():
        return go_back(asset, earlier)
    facts, made = _inspect(upload)
    upload.seek(0)
    filename = display_name(upload.name or "")
    version = Version(
        asset=asset,
        filename=filename,
        sha256=sha256,
        bytes=upload.size,
        original=default_storage.save(original_name(asset, filename), upload),
        person=person,
        note=note,
        **{name: getattr(facts, name) for name in FACTS},
    )
    return _become(asset, version, facts, made)


def go_back(asset: Asset, version: Version) -> Version:
    """Make an earlier version the original again. Raises as `replace()` does."""
    if version.sha256 == asset.sha256:
        raise NotReplaced("version_is_current")
    try:
        with version.original.open() as original:
            facts, made = _inspect(original)
    except FileNotFoundError:
        raise NotReplaced("original_missing") from None
    return _become(asset, version, facts, made)


def _inspect(file: File) -> tuple[Facts, Derived | None]:
    return inspect_and_derive(file, Rendition.Spec.sides(), Encoder.objects.input_side())


def _become(asset: Asset, version: Version, facts: Facts, made: Derived | None) -> Version:
    """The version's original is the asset's from the commit on; files are there before."""
    renditions, is_new = _write(asset, version, made), version.pk is None
    try:
        with label_suggestions.exclusive_lock():
            near_duplicates.wait_for_turn()  # Before the asset is held: who compares waits for it.
            before = Asset.objects.select_for_update(of=("self",)).filter(pk=asset.pk).first()
            if before is None or before.sha256 != asset.sha256:
                raise NotReplaced("version_meanwhile")
            _keep(before)
            if is_new:
                _number(version)
            _change(before, version, facts)
            _make_anew(before, renditions)
            transaction.on_commit(ring, robust=True)
    except (NotReplaced, IntegrityError) as error:
        _remove(version if is_new else None, renditions)
        if isinstance(error, IntegrityError):  # Its owner has this file as another asset.
            raise NotReplaced("version_of_twin") from error
        raise
    except DatabaseError as error:
        # A server that goes away as it commits may have done so: the files stay then, and the
        # hourly cleaning removes those that no row names.
        if is_full(error) or not isinstance(error, OperationalError):
            _remove(version if is_new else None, renditions)
        if is_full(error):
            raise DiskFull("disk_full") from error
        raise
    return version


def _write(asset: Asset, version: Version, made: Derived | None) -> Mapping[str, Rendition]:
    """The renditions that are made already, by their specs; none where there is no room."""
    if not made:
        return {}
    if made.input and not inputs.is_full():
        inputs.keep(Asset(pk=asset.pk, sha256=version.sha256), made.input)
    renditions = [Rendition(asset=asset, spec=spec) for spec in Rendition.Spec]
    with suppress(DiskFull):
        for rendition in renditions:
            rendition.write(made.renditions[rendition.side])
    return {rendition.spec: rendition for rendition in renditions if rendition.file}


def _remove(version: Version | None, renditions: Mapping[str, Rendition]) -> None:
    """Remove the files that no row names, since nothing was stored."""
    if version:
        version.original.delete(save=False)
    for rendition in renditions.values():
        rendition.file.delete(save=False)


def _keep(asset: Asset) -> None:
    """The original of now as a version, with what it looks like: the rendition's file is its own
    from now on."""
    made = Rendition.objects.filter(asset=asset, spec=Rendition.Spec.THUMBNAIL).done().first()
    current, _ = Version.objects.get_or_create(
        asset=asset, number=asset.version, defaults=_first(asset)
    )
    if made and not current.thumbnail:
        Version.objects.filter(pk=current.pk).update(thumbnail=made.file.name)


def _first(asset: Asset) -> dict[str, Any]:
    same = ("filename", "sha256", "bytes", "original", *FACTS)
    fields = {name: getattr(asset, name) for name in same}
    return fields | {"since": asset.created, "person": asset.owner}


def _number(version: Version) -> None:
    """Store a version that is new, with the next number."""
    versions = Version.objects.filter(asset=version.asset)
    version.number = versions.aggregate(last=Max("number"))["last"] + 1
    version.save(force_insert=True)


def _change(asset: Asset, version: Version, facts: Facts) -> None:
    """All that is read from an original; a person's word of when it was taken stays."""
    fields = asdict(facts) | {"rules": RULES, "version": version.number, "cluster": None}
    fields |= {name: getattr(version, name) for name in ("filename", "sha256", "bytes")}
    if asset.taken_source == Asset.TakenSource.PERSON:
        del fields["taken"], fields["taken_source"]
    near_duplicates.leave([asset.pk])
    Asset.objects.filter(pk=asset.pk).update(
        original=version.original.name, updated=Now(), **fields
    )


def _make_anew(asset: Asset, renditions: Mapping[str, Rendition]) -> None:
    """No vector and no suggestion of before is left, and what was not made here is promised."""
    AssetLabel.objects.filter(asset=asset, source=AssetLabel.Source.ENCODER).delete()
    TrashedEmbedding.objects.filter(asset=asset).delete()
    Embedding.objects.filter(asset=asset).delete()
    Embedding.objects.promise(Asset.objects.get(pk=asset.pk))
    Embedding.objects.filter(asset=asset).update(next_try_at=Now())
    for rendition in Rendition.objects.filter(asset=asset):
        row = Rendition.objects.filter(pk=rendition.pk)
        row.reset()
        if new := renditions.get(rendition.spec):
            row.update(
                **UNTOUCHED | {"file": new.file.name, "sha256": new.sha256, "fulfilled": Now()}
            )


# What is said of them -----------------------------------------------------------------------------


def differences(version: Version, current: Version) -> Sequence[str]:
    """How an earlier version differs from that of now, in sentences."""
    pairs = [(_facts(version)[name], _facts(current)[name], name) for name in _facts(version)]
    different = [(was, now, name) for was, now, name in pairs if was != now]
    return [f"{name}: {was}, now {now}." for was, now, name in different] or [
        "Size, format, date and camera are those of now."
    ]


def _facts(version: Version) -> dict[str, str]:
    taken = f"{version.taken:%Y-%m-%d %H:%M}" if version.taken else "not known"
    camera = ", ".join(str(version.camera[n]) for n in ("model", "lens") if n in version.camera)
    return {
        "Pixels": f"{version.width:,} x {version.height:,}",
        "Size": _size(version.bytes),
        "Format": version.format,
        "Taken": taken,
        "Camera": camera or "not known",
    }


def _size(number: int) -> str:
    megabyte = 1_000_000
    return f"{number / megabyte:,.1f} MB" if number >= megabyte else f"{number / 1000:.1f} kB"
