"""Ingest: bytes to a stored asset with its promises."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files import File
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.formats import date_format

from search.disk import DiskFull, is_full
from search.formats.derived import Derived
from search.formats.facts import Facts, inspect_and_derive
from search.formats.limits import TooLarge
from search.formats.rules import RULES
from search.library import inputs, trash
from search.models import Asset, Embedding, Encoder, Rendition, User, Version
from search.refusals import Refusal
from workers.bell import ring


class InTrash(Refusal):
    """These bytes are those of an asset in the trash, which can be restored."""

    def __init__(self, asset: Asset) -> None:
        since = date_format(timezone.localtime(asset.trashed))
        super().__init__("in_trash", title=asset.title, since=since)
        self.asset = asset


class IsVersion(Refusal):
    """These bytes were those of an asset that has another original by now."""

    def __init__(self, version: Version) -> None:
        super().__init__("is_version", number=version.number, title=version.asset.title)
        self.version = version


def ingest(
    upload: File,
    *,
    owner: User,
    title: str = "",
    facts: Facts | None = None,
    own_copy: bool = False,
) -> tuple[Asset, bool]:
    """Store an upload once, with what is made of it here, and promise the rest: (asset, whether it
    is new).

    An original that the owner holds is returned as it is, and so is anybody's that the owner may
    see, unless an `own_copy` is asked for; of what they may not see nothing is ever given away.
    `facts` are only for a file that this program has made itself: they are looked for in the
    sandbox otherwise. Raises `UndecodableImage`, `DiskFull` and, unless an `own_copy` is asked for,
    `InTrash` and `IsVersion`, and then stores nothing.
    """
    refuse_too_many_bytes(upload)
    upload.seek(0)
    sha256 = hashlib.file_digest(upload, "sha256").hexdigest()
    existing = Asset.objects.of_file(sha256, sent_by=owner).first()
    if existing and (existing.owner_id == owner.pk or not own_copy):
        return existing, False
    if not own_copy:
        _refuse_what_is_in_trash(sha256, owner)
        _refuse_earlier_version(sha256, owner)
    made = None
    if facts is None:
        side = Encoder.objects.input_side()
        facts, made = inspect_and_derive(upload, Rendition.Spec.sides(), side)
    filename = display_name(upload.name or "")
    asset = Asset(
        owner=owner,
        filename=filename,
        sha256=sha256,
        bytes=upload.size,
        title=title[:200] or title_from(filename),
        rules=RULES,
        **asdict(facts),
    )
    return _store(asset, upload, made)


def _refuse_what_is_in_trash(sha256: str, sender: User) -> None:
    """Of what whoever sends it may restore: of others' trash nothing is given away."""
    if asset := trash.of(sender).filter(sha256=sha256).order_by("-trashed").first():
        raise InTrash(asset)


def _refuse_earlier_version(sha256: str, sender: User) -> None:
    """Of what whoever sends it may edit, likewise."""
    versions = Version.objects.filter(sha256=sha256).exclude(asset__sha256=sha256)
    theirs = versions.filter(asset__in=Asset.objects.editable_by(sender)).select_related("asset")
    if version := theirs.first():
        raise IsVersion(version)


def _store(asset: Asset, upload: File, made: Derived | None) -> tuple[Asset, bool]:
    upload.seek(0)
    asset.original.save(asset.filename, upload, save=False)
    if made and made.input and not inputs.is_full():
        inputs.keep(asset, made.input)  # Before whoever uses it hears of the asset.
    renditions = _renditions(asset, made)
    try:
        with transaction.atomic():
            asset.save(force_insert=True)
            Rendition.objects.bulk_create(renditions)
            Embedding.objects.promise(asset)
            transaction.on_commit(ring, robust=True)
    except IntegrityError:
        # Someone stored the same original a moment ago.
        _remove(asset, renditions)
        return Asset.objects.get(owner=asset.owner, sha256=asset.sha256), False
    except DatabaseError as error:
        # A server that goes away as it commits may have stored the row. The file stays then, and
        # the hourly cleaning removes it if there is none.
        if is_full(error) or not isinstance(error, OperationalError):
            _remove(asset, renditions)
        if is_full(error):
            raise DiskFull("disk_full") from error
        raise
    return asset, True


def _renditions(asset: Asset, made: Derived | None) -> list[Rendition]:
    """Those of a new asset: made, or promised where there is nothing to store or no room for it."""
    renditions = [Rendition(asset=asset, spec=spec) for spec in Rendition.Spec]
    if made:
        with suppress(DiskFull):
            for rendition in renditions:
                rendition.write(made.renditions[rendition.side])
    return renditions


def _remove(asset: Asset, renditions: Iterable[Rendition]) -> None:
    asset.original.delete(save=False)
    for rendition in renditions:
        rendition.file.delete(save=False)
    inputs.remove([asset.pk])


def refuse_too_many_bytes(upload: File) -> None:
    """Raises `TooLarge` for a file above `MAX_UPLOAD_MB`."""
    if upload.size > settings.MAX_UPLOAD_MB * 1_000_000:
        megabytes = upload.size / 1_000_000
        raise TooLarge("too_many_bytes", megabytes=megabytes, allowed=settings.MAX_UPLOAD_MB)


def display_name(name: str) -> str:
    """A file's name as a person may see it: one line, no folders or direction marks."""
    base = LINE_BREAKS.sub(" ", PurePosixPath(name.replace("\\", "/")).name)
    visible = "".join(c for c in base if unicodedata.category(c) not in HIDDEN)
    visible = DIRECTIONS.sub("", visible).strip()
    return visible[-255:] if visible.strip(".") else "untitled"


# Unicode categories: control, surrogate and private characters.
HIDDEN = {"Cc", "Cs", "Co"}
LINE_BREAKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
# Marks that turn the direction of what follows. Not all that has no width: joiners and the lack of
# them belong to families of emoji and to the spelling of Persian.
DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def title_from(filename: str) -> str:
    """A first title from a file's name: `red_mug-2.jpg` to `red mug 2`."""
    stem = re.sub(r"\.\w{1,5}$", "", filename)
    return (re.sub(r"[_\-\s]+", " ", stem).strip() or filename)[:200]
