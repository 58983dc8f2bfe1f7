"""Originals and other stored files: read while their row is there, removed with it."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete
from django.dispatch import receiver
from PIL.Image import Image

from search.formats import decode, derived
from search.formats.sniff import UndecodableImage
from search.library import inputs
from search.library.storage import FOLDERS
from search.models import Asset, Document, JudgedQuery, Rendition, SavedPicture, Version
from search.refusals import Refusal

logger = logging.getLogger(__name__)

# The fields of each model that name its files.
FIELDS: dict[type[Model], list[str]] = {}
for _model, _field in chain(*FOLDERS.values()):
    FIELDS.setdefault(_model, []).append(_field)


class StorageAway(Refusal):
    """The storage does not answer for now."""


def picture_of(asset: Asset, *, at_least: int = 0) -> Image:
    """The asset's upright picture, as of `decode()`. Raises as `readable()`."""
    with readable(asset) as original:
        return decode.decode(original, at_least=at_least)


def derived_from(asset: Asset, sides: Sequence[int], at_least: int) -> derived.Derived:
    """What is made of the asset's original, as of `derive()`. Raises as `readable()`."""
    with readable(asset) as original:
        return derived.derive(original, sides, at_least)


@contextmanager
def readable(asset: Asset) -> Iterator[File]:
    """The asset's original. Raises `UndecodableImage` for good, `StorageAway` for now."""
    try:
        with open_original(asset) as original:
            yield original
    except FileNotFoundError:
        raise UndecodableImage("original_missing") from None
    except OSError as error:
        logger.warning("Can't read the original of %s: %s", asset.pk, error)
        raise StorageAway("storage_away") from None


def open_original(asset: Asset) -> File:
    """The bytes as uploaded. Raises FileNotFoundError where they are gone for good, and another
    OSError where the storage is away: one that is not mounted looks like an empty folder.
    """
    try:
        return asset.original.open()
    except FileNotFoundError:
        if default_storage.exists("originals"):
            raise
        raise OSError("The storage has no folder of originals.") from None


@receiver(post_delete, sender=Asset)
@receiver(post_delete, sender=Rendition)
@receiver(post_delete, sender=JudgedQuery)
@receiver(post_delete, sender=SavedPicture)
@receiver(post_delete, sender=Version)
@receiver(post_delete, sender=Document)
def remove_file(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    """The one signal: a file is removed once the deletion of its row has committed."""
    files = [getattr(instance, field) for field in FIELDS[sender]]
    names = [str(file.name) for file in files if file]
    names += [inputs.name_of(instance.pk)] if sender is Asset else []
    for name in names:
        transaction.on_commit(partial(default_storage.delete, name))
