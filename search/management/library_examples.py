"""The library as examples to train an encoder on: its pictures with people's words for them."""

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from search.formats import decode
from search.formats.sniff import UndecodableImage
from search.management.library import prepare
from search.models import Asset, AssetLabel

if TYPE_CHECKING:
    from PIL.Image import Image

    from workers.training.examples import Example

LARGEST = 512  # Pixels, of the longer side at least: no encoder that is trained here sees more.


def library_examples() -> "list[Example]":
    """Each asset, with its title, its description and people's labels as captions."""
    from workers.training.examples import Example

    if settings.EMBEDDED_DATABASE:
        prepare()
    labels = labels_by_asset()
    return [
        Example(str(asset.pk), partial(picture_of, asset), captions(asset, labels.get(asset.pk)))
        for asset in Asset.objects.order_by("pk")
    ]


def labels_by_asset() -> dict[UUID, list[str]]:
    """The names of the labels that people gave, by asset and in their order."""
    labels: dict[UUID, list[str]] = {}
    rows = AssetLabel.objects.filter(source=AssetLabel.Source.PERSON).order_by("label__name")
    for asset, name in rows.values_list("asset", "label__name"):
        labels.setdefault(asset, []).append(name)
    return labels


def captions(asset: Asset, labels: list[str] | None) -> list[str]:
    return [text for text in (asset.title, asset.description, ", ".join(labels or [])) if text]


def picture_of(asset: Asset) -> "Image":
    """The upright picture. Raises Unreadable."""
    from workers.training.examples import Unreadable

    try:
        with asset.original.open() as original:
            return decode.decode(original, at_least=LARGEST)
    except (OSError, UndecodableImage) as error:
        raise Unreadable("unreadable_picture", name=asset.title) from error
