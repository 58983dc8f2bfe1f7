"""The vectors of a dataset by an encoder: of assets from the database, of the rest encoded here."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np
from PIL.Image import Image

from search.evaluation.dataset import Dataset, NoDataset, PictureFile
from search.formats import decode
from search.formats.sniff import UndecodableImage
from search.models import Embedding, Encoder
from workers.encoders.protocol import LoadedEncoder, Vectors
from workers.progress import Bar

# Maximum assets whose vectors are fetched by one statement.
ASSETS_AT_ONCE = 5000


def text_vectors(dataset: Dataset, encoder: LoadedEncoder) -> Vectors:
    """Of each text; of several prompts the mean, as a unit vector again."""
    vectors = in_batches(encoder.encode_texts, dataset.texts, encoder, "Encoding texts")
    if dataset.prompts == 1:
        return vectors
    return units(vectors.reshape(-1, dataset.prompts, encoder.dimensions).mean(axis=1))


def picture_vectors(dataset: Dataset, row: Encoder, encoder: LoadedEncoder) -> Vectors:
    """Of each picture, by the encoder and its row. Raises NoDataset."""
    vectors = np.empty((len(dataset.pictures), row.dimensions), np.float32)
    places: dict[bool, list[int]] = {True: [], False: []}
    for place, picture in enumerate(dataset.pictures):
        places[isinstance(picture, UUID)].append(place)
    assets, files = ([dataset.pictures[place] for place in places[kind]] for kind in (True, False))
    vectors[places[True]] = stored_vectors(row, assets)
    vectors[places[False]] = in_batches(
        lambda some: encoder.encode_images([open_picture(file) for file in some]),
        files,
        encoder,
        "Encoding pictures",
    )
    return vectors


def in_batches(
    encode: Callable[[Sequence[Any]], Vectors],
    what: Sequence[Any],
    encoder: LoadedEncoder,
    title: str,
) -> Vectors:
    """The vectors of all; it shows how far it is."""
    vectors = np.empty((len(what), encoder.dimensions), np.float32)
    with Bar(total=len(what), desc=title, disable=not len(what)) as bar:
        for start in range(0, len(what), encoder.batch_size):
            batch = what[start : start + encoder.batch_size]
            vectors[start : start + len(batch)] = encode(batch)
            bar.update(len(batch))
    return vectors


def stored_vectors(row: Encoder, assets: Sequence[Any]) -> Vectors:
    """Those of the assets, in their order, from half to single precision."""
    by_asset: dict[UUID, Vectors] = {}
    for some in chunks(assets, ASSETS_AT_ONCE):
        embeddings = Embedding.objects.filter(encoder=row, asset__in=some).done()
        vectors = embeddings.values_list("asset", "vector").iterator()
        by_asset.update((asset, np.array(vector, np.float32)) for asset, vector in vectors)
    if missing := set(assets) - set(by_asset):
        raise NoDataset("assets_gone", count=len(missing))
    in_order = [by_asset[asset] for asset in assets]
    return units(np.array(in_order, np.float32).reshape(-1, row.dimensions))


def chunks(things: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some


def units(vectors: Vectors) -> Vectors:
    """Of length 1 again: half precision and means have changed that."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def open_picture(file: PictureFile) -> Image:
    """The upright picture of a file, decoded in full. Raises NoDataset."""
    try:
        with file.open() as data:
            return decode.decode(data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise NoDataset("file_unreadable", name=file.name, reason=reason) from None
    except UndecodableImage as error:
        raise NoDataset("file_refused", name=file.name, sentence=str(error)) from None
