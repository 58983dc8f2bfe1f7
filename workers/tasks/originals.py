"""What workers make of originals: upright pictures, or a note of why there is none."""

from collections.abc import Sequence

from PIL import Image

from search.formats.sniff import UndecodableImage
from search.library.originals import StorageAway, picture_of
from search.models import Embedding, Rendition


def picture_or_failure(
    promises: Sequence[Embedding | Rendition], *, at_least: int | None
) -> Image.Image | None:
    """The upright picture of these promises' asset, or None after recording why there is none."""
    try:
        return picture_of(promises[0].asset, at_least=at_least)
    except UndecodableImage as error:
        for promise in promises:
            promise.fail(error)
    except StorageAway as error:
        for promise in promises:
            promise.release(error)
    return None
