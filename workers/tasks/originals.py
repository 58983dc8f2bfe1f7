"""What workers make of originals: upright pictures, or a note of why there is none."""

from collections.abc import Sequence

from PIL import Image

from search.formats.sniff import UndecodableImage
from search.library.originals import StorageAway, picture_of
from search.models import Embedding, Rendition


def picture_or_failure(
    promises: Sequence[Embedding | Rendition], *, side: int = 0, at_least: int = 0
) -> Image.Image | None:
    """The upright picture of these promises' asset, or None after noting why there is none."""
    try:
        return picture_of(promises[0].asset, side=side, at_least=at_least)
    except UndecodableImage as error:
        for promise in promises:
            promise.fail(error)
    except StorageAway:  # Which no picture answers for.
        for promise in promises:
            promise.put_back()
    return None
